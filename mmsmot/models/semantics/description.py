"""Captions and interactions of a video, as text and tables."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...structures import Interactions

Pair = tuple[int, int]  # ids of two trajectories, the smaller one first


@dataclass
class Description:
    """What is said about a video.

    Attributes:
        captions: A text by trajectory id.
        interactions: Who does what to whom.
        video_caption: A text for the whole video.
    """

    captions: dict[int, str] = field(default_factory=dict)
    interactions: Interactions = field(default_factory=Interactions.empty)
    video_caption: str = ''


def pair_of(one: int, other: int) -> Pair:
    """The unordered pair of two ids."""
    return (one, other) if one < other else (other, one)
