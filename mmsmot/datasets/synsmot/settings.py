"""The sizes the synthetic world comes in."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

# Of the bytes: raised with every change of what is written. 3: a val split, whose
# combinations train no longer shows; test is version 2's, byte for byte.
VERSION = 3


@dataclass(frozen=True)
class ClipSettings:
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
class SizeSettings:
    """How many clips of which settings."""

    train: int
    val: int
    test: int
    settings: ClipSettings


SIZES = {
    'mini': SizeSettings(train=8, val=4, test=4, settings=ClipSettings()),
    'small': SizeSettings(train=400, val=60, test=100, settings=ClipSettings()),
    # More of small's clips to train on, the same val and test splits.
    'medium': SizeSettings(train=1600, val=60, test=100, settings=ClipSettings()),
    'large': SizeSettings(train=3200, val=60, test=100, settings=ClipSettings()),
    # BenSMOT's number of sequences, which has no val.
    'full': SizeSettings(
        train=2284, val=300, test=1008, settings=ClipSettings(640, 384)
    ),
}
