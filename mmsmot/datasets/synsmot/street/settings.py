"""The sizes that the street comes in."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

# Of the street's labels and images; clips of two versions are not mixed.
STREET_VERSION = 2


@dataclass(frozen=True)
class StreetSettings:
    """What every clip of a street dataset shares.

    Attributes:
        width, height: Pixels.
        fps: Frames a second.
        num_frames: Shortest and longest clip.
        jpeg_quality: 0 to 100.
        num_expressions: At most so many of each clip.
        traffic: Vehicles a minute that enter from each side.
        num_people: Fewest and most on foot.
    """

    width: int = 480
    height: int = 288
    fps: float = 8.0
    num_frames: tuple[int, int] = (24, 48)
    jpeg_quality: int = 90
    num_expressions: int = 8
    traffic: float = 12.0
    num_people: tuple[int, int] = (2, 5)

    def facts(self) -> dict[str, Any]:
        """As JSON values."""
        content = asdict(self)
        for name in ('num_frames', 'num_people'):
            content[name] = list(content[name])
        return content


@dataclass(frozen=True)
class StreetSize:
    """How many clips of which settings."""

    train: int
    val: int
    test: int
    settings: StreetSettings


# Refer-UE-City (MLS-Track, Table 1): 14 videos, 6,207 frames, 714 prompts, 10.3 instances
# a prompt; 10 videos to train and 2 to test on, which leaves 2 to validate.
_FULL = StreetSettings(
    width=960,
    height=576,
    fps=10.0,
    num_frames=(430, 457),
    num_expressions=51,
    traffic=16.0,
    num_people=(8, 14),
)
STREET_SIZES = {
    'mini': StreetSize(train=8, val=4, test=4, settings=StreetSettings()),
    'small': StreetSize(train=400, val=60, test=100, settings=StreetSettings()),
    'medium': StreetSize(train=1600, val=60, test=100, settings=StreetSettings()),
    'large': StreetSize(train=3200, val=60, test=100, settings=StreetSettings()),
    'full': StreetSize(train=10, val=2, test=2, settings=_FULL),
}
