"""Places of rows in their runs."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.structures.runs import positions_in_runs


@pytest.mark.parametrize(
    ('counts', 'places'),
    [([], []), ([0, 0], []), ([2, 0, 3], [0, 1, 0, 1, 2])],
)
def test_places_begin_again_in_each_run(counts: list[int], places: list[int]) -> None:
    assert positions_in_runs(np.array(counts, np.int64)).tolist() == places
