"""Semantics for tests: captions of whoever is tracked, without a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmsmot.models.semantics.description import Description
from mmsmot.structures import Interactions


class IdBuffer:
    """The ids that were reported and are not forgotten."""

    def __init__(self) -> None:
        self._ids: set[int] = set()

    @property
    def ids(self) -> list[int]:
        return sorted(self._ids)

    def add(self, ids: Sequence[int]) -> None:
        self._ids.update(ids)

    def forget(self, ids: Sequence[int]) -> None:
        self._ids.difference_update(ids)

    def rename(self, names: dict[int, int]) -> None:
        self._ids = {names.get(i, i) for i in self._ids}


class Words:
    """Stands for ``semantics``: everybody walks, and 1 follows 2.

    Args:
        score: Of the interaction.
    """

    needs: frozenset[str] = frozenset()

    def __init__(self, score: float = 0.9) -> None:
        self.score = score

    def begin(self) -> IdBuffer:
        return IdBuffer()

    def update(self, buffer: IdBuffer, features: Any, frames: Any, tracks: Any) -> None:
        for reported in tracks:
            buffer.add(reported.ids.tolist())

    def generate(
        self,
        buffer: IdBuffer,
        ids: Sequence[int] | None = None,
        *,
        caption_ids: Sequence[int] | None = None,
        pairs: Any = None,
        video_caption: bool = True,
        summarize: bool = False,
    ) -> Description:
        ids = buffer.ids if ids is None else ids
        follow = Interactions([1], [2], ['follow.v.01'], scores=[self.score])
        captions = {
            i: f'Person {i} walks along the street.'
            for i in ids
            if caption_ids is None or i in caption_ids
        }
        return Description(captions, follow, 'A street.' if video_caption else '')
