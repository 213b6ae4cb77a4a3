"""Tables built of what is no table."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.structures import Detections, Interactions, Trajectories
from mmsmot.structures.columns import as_column

BOX = np.array([[0.0, 0, 5, 5]])
NO_WHOLE_NUMBER = [
    ([10**30], 'up to 64 bits'),
    (['7'], 'up to 64 bits'),
    ([None], 'up to 64 bits'),
    ([1 + 2j], 'up to 64 bits'),
    ([np.datetime64('2026-01-01')], 'up to 64 bits'),
    ([1.7], 'whole numbers .* got 1.7'),
    ([float(2**53)], 'whole numbers'),
    ([1e300], 'whole numbers'),
    (np.array([2**63], np.uint64), 'whole numbers .* got 9223372036854775808'),
    ([np.nan], 'not finite'),
    ([[1], [2, 3]], 'one number a row'),
    ([1, 2], 'but 2 '),
]


@pytest.mark.parametrize(('value', 'message'), NO_WHOLE_NUMBER)
def test_every_table_refuses_what_is_no_whole_number(value, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Trajectories([1], value, BOX)
    with pytest.raises(ValueError, match=message):
        Trajectories(value, [1], BOX)
    with pytest.raises(ValueError, match=message):
        Interactions([1], value, ['look.v.01'])
    with pytest.raises(ValueError, match=message):
        Detections(BOX, [0.5], value)


@pytest.mark.parametrize('value', [['a'], [10**400], [None], [np.inf], [0.5, 0.5]])
def test_every_table_refuses_scores_that_are_none(value) -> None:
    for build in (
        lambda: Trajectories([1], [1], BOX, scores=value),
        lambda: Interactions([1], [2], ['look.v.01'], scores=value),
        lambda: Detections(BOX, value),
    ):
        with pytest.raises(ValueError, match='scores'):
            build()


@pytest.mark.parametrize(
    'boxes', [[['a', 0, 1, 1]], [[10**400, 0, 1, 1]], [[0, 0, 5, 5], [1]], [[None] * 4]]
)
def test_boxes_that_are_none(boxes) -> None:
    with pytest.raises(ValueError, match='Trajectories: '):
        Trajectories([1], [1], boxes)


@pytest.mark.parametrize(
    ('value', 'expected'),
    [
        ([3.0, 2.0**53 - 1], [3, 2**53 - 1]),
        ([True, False], [1, 0]),
        (np.array([5, 6], np.uint8), [5, 6]),
        (np.array([[5], [2**62]]), [5, 2**62]),
        (np.array([5, 2**63 - 1], np.uint64), [5, 2**63 - 1]),
    ],
)
def test_whole_numbers_of_any_type_become_int64(value, expected: list[int]) -> None:
    column = as_column(value, 2, np.int64, 'ids', 'Trajectories')
    assert column.dtype == np.int64
    assert column.tolist() == expected
