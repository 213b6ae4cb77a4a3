"""Scores as text and as JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..utils.atomic import atomic_write
from ..utils.printable import printable


def format_table(rows: dict[str, dict[str, float]], corner: str = 'sequence') -> str:
    """An aligned table: a row a name, floats with two decimals, counts as they are.

    Args:
        rows: The cells of each row by column; all rows have the same columns.
        corner: What the names are names of.

    Raises:
        ValueError: There is no row.
    """
    if not rows:
        raise ValueError('no row to make a table of')
    columns = list(next(iter(rows.values())))
    cells = [[corner, *columns]]
    for name, row in rows.items():
        cells.append([printable(name), *(_number(row[column]) for column in columns)])
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = []
    for line in cells:
        name = line[0].ljust(widths[0])
        numbers = (c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))
        lines.append('  '.join([name, *numbers]))
    return '\n'.join(lines)


def write_json(data: Any, path: str | os.PathLike) -> None:
    """Write JSON atomically; NumPy numbers and arrays become plain ones.

    What holds no dictionary stands on one line, however long an array it is.
    """
    with atomic_write(path) as stream:
        stream.writelines(_pieces(data))
        stream.write('\n')


def _pieces(value: Any, margin: str = '\n') -> Iterator[str]:
    inner = margin + '  '
    if isinstance(value, dict) and value:
        begin = '{'
        for key, item in value.items():
            name = key if isinstance(key, str) else _line(key)
            yield f'{begin}{inner}{_line(name)}: '
            yield from _pieces(item, inner)
            begin = ','
        yield margin + '}'
    elif isinstance(value, list | tuple) and any(isinstance(i, dict) for i in value):
        begin = '['
        for item in value:
            yield begin + inner
            yield from _pieces(item, inner)
            begin = ','
        yield margin + ']'
    else:
        yield _line(value)


def _line(value: Any) -> str:
    return json.dumps(value, default=_plain, allow_nan=False)


def _number(value: float) -> str:
    return f'{value:.2f}' if isinstance(value, float) else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f'{type(value).__name__} cannot be written as JSON')
