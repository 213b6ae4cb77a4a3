"""The sizes the synthetic world comes in."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

VERSION = 2  # of the bytes: raised with every change of what is written


@dataclass(frozen=True)
class Settings:
    """What every clip of a dataset shares.

    Attributes:
        width, height: Pixels; the aspect should be near 5:3.
        fps: Frames a second.
        num_frames: Shortest and longest clip.
        jpeg_quality: 0 to 100.
    """

    width: int = 320
    height: int = 192
    fps: float = 8.0
    num_frames: tuple[int, int] = (24, 48)
    jpeg_quality: int = 90

    def facts(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), 'num_frames': list(self.num_frames)}


@dataclass(frozen=True)
class Size:
    """How many clips of which settings."""

    train: int
    test: int
    settings: Settings


SIZES = {
    'mini': Size(8, 4, Settings()),
    'small': Size(400, 100, Settings()),
    'medium': Size(1600, 100, Settings()),  # more of small's clips, the same test split
    'large': Size(3200, 100, Settings()),  # likewise
    # BenSMOT's number of sequences
    'full': Size(2284, 1008, Settings(width=640, height=384)),
}
