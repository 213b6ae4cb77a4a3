"""Ranges of the numbers that a part is built with."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class NumberRange:
    """The finite numbers from ``low`` to ``high``, both included.

    Attributes:
        low: The least number.
        high: The greatest.
        integer: Integers only; ``True`` and ``False`` are no numbers.
        above_low: ``low`` itself is not in the range.
        optional: ``None`` is allowed too.
    """

    low: float = -math.inf
    high: float = math.inf
    integer: bool = False
    above_low: bool = False
    optional: bool = False

    def __contains__(self, value: Any) -> bool:
        if value is None:
            return self.optional
        kind = numbers.Integral if self.integer else numbers.Real
        if isinstance(value, bool) or not isinstance(value, kind):
            return False
        if not self.integer and not _is_finite(value):
            return False
        over = value > self.low if self.above_low else value >= self.low
        return bool(over and value <= self.high)

    def __str__(self) -> str:
        noun = 'a whole number' if self.integer else 'a finite number'
        low, high = _digits(self.low), _digits(self.high)
        has_low, has_high = math.isfinite(self.low), math.isfinite(self.high)
        if self.above_low:
            noun += f' above {low} and at most {high}' if has_high else f' above {low}'
        elif has_low and has_high:
            noun += f' from {low} to {high}'
        elif has_low:
            noun += f' of {low} or more'
        elif has_high:
            noun += f' of {high} or less'
        return f'{noun}, or None' if self.optional else noun

    @property
    def or_none(self) -> NumberRange:
        """The same, and ``None``."""
        return replace(self, optional=True)


def _digits(value: float) -> str:
    """All digits of a whole number: a seed ends at 4294967295, not at 4.29497e+09."""
    return str(value) if isinstance(value, int) else f'{value:g}'


def _is_finite(value: numbers.Real) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer that no float can hold
        return False


FINITE = NumberRange()
NON_NEGATIVE = NumberRange(0)
POSITIVE = NumberRange(0, above_low=True)
FRACTION = NumberRange(0, 1)
NON_NEGATIVE_INT = NumberRange(0, integer=True)
COUNT = NumberRange(1, integer=True)
# Beyond any camera: 10 days between two frames, a million frames a second, the sides that
# image formats and OpenCV can state.
FRAME_RATE = NumberRange(1e-6, 1e6)  # frames per second
IMAGE_SIDE = NumberRange(1, 10**6, integer=True)  # pixels


def require_numbers(owner: str, allowed: NumberRange, /, **values: Any) -> None:
    """Refuse arguments that are out of range, NaN, infinite or no number.

    Args:
        owner: The part that is built, for the message.
        allowed: Such as :data:`COUNT` or ``FRACTION.or_none``.
        values: The arguments by their names.

    Raises:
        ValueError: Names the part, the argument, the range and what came.

    >>> require_numbers('SORT', NON_NEGATIVE_INT, max_age=30, min_hits=3)
    """
    for name, value in values.items():
        if value not in allowed:
            raise ValueError(f'{owner}: {name} must be {allowed}, got {value!r}')


def require_choice(owner: str, allowed: Iterable[Any], /, **values: Any) -> None:
    """Refuse arguments that are none of a few; as :func:`require_numbers`.

    >>> require_choice('GaussianSmoothing', ('windows', 'whole'), method='windows')
    """
    allowed = [*allowed]
    for name, value in values.items():
        if not any(type(value) is type(item) and value == item for item in allowed):
            choices = ', '.join(map(repr, allowed))
            raise ValueError(f'{owner}: {name} must be one of {choices}, got {value!r}')
