"""Tables in Markdown, and the files that hold them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from mmsmot.utils.atomic import atomic_write

COLUMNS = (
    *('MOTA', 'IDF1', 'IDP', 'IDR', 'transfers', 'F1', 'precision', 'recall'),
    *('switches', 'tracks'),
)
ERRORS = ('MOTA error', 'IDF1 error', 'transfers error')
DIFFERENCES = tuple(
    f'{name} diff{suffix}'
    for name in ('MOTA', 'IDF1', 'transfers')
    for suffix in ('', ' error')
)


def table_cells(
    scores: dict[str, dict[str, float]], columns: Iterable[str]
) -> dict[str, dict[str, float]]:
    """The columns of each row, and its differences from another row where it has any."""
    has_differences = all(set(DIFFERENCES) <= row.keys() for row in scores.values())
    names = (*columns, *(DIFFERENCES if has_differences else ()))
    return {label: {c: row[c] for c in names} for label, row in scores.items()}


def markdown(rows: dict[str, dict[str, float]], corner: str) -> str:
    """A table in Markdown: a row a name, one decimal, counts as they are."""
    columns = list(next(iter(rows.values())))
    lines = [f'| {corner} | {" | ".join(columns)} |']
    lines.append('|---|' + '---:|' * len(columns))
    for name, row in rows.items():
        cells = (f'{v:.1f}' if isinstance(v, float) else str(v) for v in row.values())
        lines.append(f'| {name} | {" | ".join(cells)} |')
    return '\n'.join(lines)


def write_tables(
    names: Iterable[str], table_text: Callable[[str], str], folder: Path
) -> None:
    """Make tables one after the other, print each and write it to ``table_NAME.md``.

    Args:
        names: Of the tables.
        table_text: Gives a table in Markdown by its name.
        folder: Of the files.
    """
    for name in names:
        text = table_text(name)
        with atomic_write(folder / f'table_{name}.md') as stream:
            stream.write(text + '\n')
        print(f'\n{text}', flush=True)
    print(f'\ntables: {folder}')
