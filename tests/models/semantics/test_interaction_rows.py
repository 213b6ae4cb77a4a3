"""Interactions that are described bit by bit."""

from __future__ import annotations

import numpy as np

from mmsmot.models.semantics.interaction_rows import InteractionRows
from mmsmot.structures import Interactions


def interactions(*rows: tuple[int, int, str, int, int]) -> Interactions:
    return Interactions(*map(np.array, zip(*rows, strict=True)))


def rows_of(table: Interactions) -> list[tuple[int, int, str, int, int]]:
    names = ('subject_ids', 'object_ids', 'verbs', 'start_frames', 'end_frames')
    return [*zip(*(getattr(table, name).tolist() for name in names), strict=True)]


def test_newer_rows_of_a_verb_replace_all_of_those_before() -> None:
    collected = InteractionRows()
    assert len(collected.updated_table(Interactions.empty())) == 0
    collected.update(
        interactions((1, 2, 'hug', 1, 3), (1, 2, 'hug', 7, 9), (2, 1, 'hug', 1, 3))
    )
    newer = interactions((1, 2, 'hug', 5, 6), (1, 2, 'push', 5, 6))
    expected = [(1, 2, 'hug', 5, 6), (2, 1, 'hug', 1, 3), (1, 2, 'push', 5, 6)]
    assert rows_of(collected.updated_table(newer)) == expected
    assert len(collected.updated_table(Interactions.empty())) == 3  # nothing changed
    collected.update(newer)
    assert rows_of(collected.updated_table(Interactions.empty())) == expected
