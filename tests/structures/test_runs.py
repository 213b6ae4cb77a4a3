"""Places of rows in their runs."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.structures.runs import equal_runs, positions_in_runs, run_slices


@pytest.mark.parametrize(
    ('counts', 'places'),
    [([], []), ([0, 0], []), ([2, 0, 3], [0, 1, 0, 1, 2])],
)
def test_places_begin_again_in_each_run(counts: list[int], places: list[int]) -> None:
    assert positions_in_runs(np.array(counts, np.int64)).tolist() == places


def test_a_run_ends_where_any_column_changes() -> None:
    labels, positions = np.array([1, 1, 1, 2, 2]), np.array([0, 0, 7, 7, 7])
    assert equal_runs(labels) == [(0, 3), (3, 5)]
    assert equal_runs(labels, positions) == [(0, 2), (2, 3), (3, 5)]
    assert equal_runs(labels[:1]) == [(0, 1)] and equal_runs(labels[:0]) == []
    assert run_slices(labels) == [slice(0, 3), slice(3, 5)]
    assert run_slices(labels[:0]) == []
