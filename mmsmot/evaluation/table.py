"""Scores as an aligned table of text."""

from __future__ import annotations

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


def _number(value: float) -> str:
    return f'{value:.2f}' if isinstance(value, float) else str(value)
