"""Captions and interactions of a video, as text and tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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


def requested_ids(
    buffer_ids: Sequence[int],
    ids: Iterable[int] | None = None,
    caption_ids: Iterable[int] | None = None,
) -> tuple[list[int], list[int]]:
    """The trajectories of a buffer to describe, and those of them to caption.

    Args:
        buffer_ids: What the buffer holds; their order is that of the result.
        ids: Those that are asked for; what the buffer lacks is left out. ``None`` for all.
        caption_ids: Those to caption; ``None`` for all of ``ids``.

    >>> requested_ids([1, 2, 5], ids=[5, 1, 9], caption_ids=[5, 2])
    ([1, 5], [5])
    """
    described = _members(buffer_ids, ids)
    return described, _members(described, caption_ids)


def _members(track_ids: Sequence[int], members: Iterable[int] | None) -> list[int]:
    """Those ids that are among some, in their order; ``None`` for all."""
    member_ids = set(track_ids if members is None else members)
    return [i for i in track_ids if i in member_ids]


def unordered_pair(first_id: int, second_id: int) -> Pair:
    """The unordered pair of two ids."""
    return (first_id, second_id) if first_id < second_id else (second_id, first_id)
