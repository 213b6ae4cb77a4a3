"""The checked columns of a table."""

from __future__ import annotations

from typing import Any

import numpy as np

# float64 has every whole number up to here; 2^53 may have been 2^53 + 1.
LAST_WHOLE = 2**53 - 1
_INT64 = np.iinfo(np.int64)


NOT_GIVEN = np.empty(0)


def default_column() -> np.ndarray:
    """The default of a column that may be left out; known by its identity."""
    return NOT_GIVEN


def is_column_given(column: np.ndarray | None) -> bool:
    """Whether a caller gave a column that may be left out."""
    return column is not None and column is not NOT_GIVEN


def as_column(
    value: Any, rows: int, dtype: type, name: str, table: str, unit: str = 'boxes'
) -> np.ndarray:
    """A column as an array of one kind of number.

    Args:
        value: (R,) or (R, 1) numbers.
        rows: R.
        dtype: ``np.int64``, which wants whole numbers, or ``np.float64``.
        name: The column's name, for errors.
        table: The table's name, for errors.
        unit: What R counts, for errors.

    Raises:
        ValueError: The length is another, or a value is no number, is not finite, or
            (of int64) is not whole or does not fit into 64 bits.
    """
    column = _array(value, f'{table}: {name}').reshape(-1)
    if len(column) != rows:
        raise ValueError(f'{table}: {rows} {unit} but {len(column)} {name}')
    if column.dtype == dtype and dtype is np.int64:
        return column
    if column.dtype.kind not in 'biuf' and len(column):
        raise ValueError(
            f'{table}: {name} must be numbers of up to 64 bits, got {column[0]!r:.40} '
            f'({column.dtype})'
        )
    if column.dtype.kind == 'f' and not np.isfinite(column).all():
        raise ValueError(f'{table}: {name} holds a value that is not finite')
    if dtype is np.int64 and len(column):
        _require_whole(column, f'{table}: {name}')
    return column.astype(dtype, copy=False)


def _array(value: Any, full_name: str) -> np.ndarray:
    try:
        return np.asarray(value)
    except ValueError as error:  # lists of different lengths
        raise ValueError(f'{full_name} must be one number a row: {error}') from error


def _require_whole(column: np.ndarray, full_name: str) -> None:
    if column.dtype.kind == 'f':
        bad = (np.floor(column) != column) | (np.abs(column) > LAST_WHOLE)
    else:
        bad = column > _INT64.max  # only of uint64
    if bad.any():
        raise ValueError(
            f'{full_name} must be whole numbers that keep every digit, got '
            f'{column[bad][0].item()}'
        )
