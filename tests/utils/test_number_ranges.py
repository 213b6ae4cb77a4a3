"""What the numbers that a part is built with may be."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.utils.number_ranges import (
    COUNT,
    FINITE,
    FRACTION,
    NON_NEGATIVE,
    NON_NEGATIVE_INT,
    POSITIVE,
    NumberRange,
    require_choice,
    require_numbers,
)

NAN, INF = float('nan'), float('inf')


@pytest.mark.parametrize(
    ('allowed', 'good', 'bad'),
    [
        (
            NON_NEGATIVE_INT,
            [0, 7, np.int64(3), 10**30],
            [-1, 1.0, NAN, INF, True, '3', None],
        ),
        (COUNT, [1, 7], [0, -5, 1.5]),
        (FRACTION, [0, 1, 0.5, np.float32(0.25)], [-1e-9, 1.0001, 7, NAN, False]),
        (POSITIVE, [1e-300, 5], [0, 0.0, -1, INF, NAN]),
        (NON_NEGATIVE, [0, 1e308], [-1e-300, INF, -INF, 10**400]),
        (FINITE, [-1e308, 0], [INF, -INF, NAN, 1j, [1], '1', np.zeros(2)]),
        (FRACTION.or_none, [None, 0.5], [7, NAN]),
        (NumberRange(0, 1, above_low=True), [0.1, 1], [0, 2]),
    ],
    ids=str,
)
def test_what_is_in_range(allowed: NumberRange, good: list, bad: list) -> None:
    for value in good:
        require_numbers('Part', allowed, number=value)
    for value in bad:
        with pytest.raises(ValueError, match=r'^Part: number must be '):
            require_numbers('Part', allowed, number=value)


@pytest.mark.parametrize(
    ('allowed', 'text'),
    [
        (NON_NEGATIVE_INT, 'a whole number of 0 or more'),
        (COUNT.or_none, 'a whole number of 1 or more, or None'),
        (FRACTION, 'a finite number from 0 to 1'),
        (POSITIVE, 'a finite number above 0'),
        (FINITE, 'a finite number'),
        (NumberRange(0, 1, above_low=True), 'a finite number above 0 and at most 1'),
        (NumberRange(high=3), 'a finite number of 3 or less'),
    ],
    ids=str,
)
def test_a_range_says_what_it_is(allowed: NumberRange, text: str) -> None:
    assert str(allowed) == text


def test_the_error_names_the_first_bad_argument() -> None:
    with pytest.raises(ValueError, match='SORT: max_age must be .*or more, got -5'):
        require_numbers('SORT', NON_NEGATIVE_INT, min_hits=3, max_age=-5)


def test_choices() -> None:
    require_choice('Part', ('sum', 'mean'), reduction='sum')
    with pytest.raises(
        ValueError, match="Part: reduction must be one of 'sum', 'mean', got 'max'"
    ):
        require_choice('Part', ('sum', 'mean'), reduction='max')
    with pytest.raises(ValueError, match='got 1'):
        require_choice('Part', (True, False), flag=1)


def test_a_message_shows_all_digits_of_a_whole_number() -> None:
    seed = NumberRange(0, 2**32 - 1, integer=True)
    assert str(seed) == 'a whole number from 0 to 4294967295'
    assert str(NumberRange(0.5, 1e20)) == 'a finite number from 0.5 to 1e+20'
