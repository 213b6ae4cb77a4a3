"""Captions and interactions of a video, as text and tables."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...structures import Interactions, MotionSpan

Pair = tuple[int, int]  # ids of two trajectories, the smaller one first


@dataclass
class Description:
    """The semantic output of a video.

    Attributes:
        captions: Instance caption by trajectory id.
        interactions: Directed interactions between trajectories.
        video_caption: Caption of the whole video.
        motions: What each trajectory does from when to when, by id; ``None`` where the
            semantics do not tell it.
    """

    captions: dict[int, str] = field(default_factory=dict)
    interactions: Interactions = field(default_factory=Interactions.empty)
    video_caption: str = ''
    motions: dict[int, list[MotionSpan]] | None = None


def unordered_pair(first_id: int, second_id: int) -> Pair:
    """The unordered pair of two ids."""
    return (first_id, second_id) if first_id < second_id else (second_id, first_id)
