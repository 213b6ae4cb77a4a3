"""Writing a sweep's table as Markdown, CSV and LaTeX, with the commands that made it."""

from __future__ import annotations

import csv
import io
import math
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ...utils.atomic import atomic_write
from .axis import short_axis_names
from .cell_record import CellRecord
from .score_table import ScoreTable, TableScore


def write_tables(
    tables: Sequence[ScoreTable],
    records: Mapping[str, CellRecord],
    out_dir: Path,
    command: str,
) -> list[Path]:
    """Write ``table.md``, ``.csv``, ``.tex`` and ``commands.md``; their paths.

    Args:
        tables: The scores; of several tables the files are ``table_<stage>.md``, ....
        records: Of the cells, for their commands.
        out_dir: The folder.
        command: The command that makes them again.
    """
    texts = {'commands.md': _commands(records)}
    for table in tables:
        stem = 'table' if len(tables) == 1 else f'table_{table.stage}'
        texts[f'{stem}.md'] = (
            f'{markdown_table_file(table)}\n\nMade by `{command}`; each cell by the command in '
            '[commands.md](commands.md).\n'
        )
        texts[f'{stem}.csv'] = csv_table_file(table)
        texts[f'{stem}.tex'] = latex_table_file(table, command)
    for name, text in texts.items():
        with atomic_write(out_dir / name) as stream:
            stream.write(text)
    return [out_dir / name for name in texts]


def markdown_table_file(table: ScoreTable) -> str:
    """The table in Markdown: mean ± standard deviation over seeds, difference ± error."""
    header, lines = _grid(table, pm='±')
    rule = ['---'] * len(table.rows) + ['---:'] * (len(header) - len(table.rows))
    text = [_row(header), _row(rule), *(_row(line) for line in lines)]
    if table.sweep.caption:
        text = [table.sweep.caption, '', *text]
    notes = _notes(table)
    return '\n'.join([*text, *([''] if notes else []), *notes])


def csv_table_file(table: ScoreTable) -> str:
    """All numbers, a row for each place, metric and seed."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator='\n')
    fields = ('metric', 'run', 'value', 'mean', 'deviation', 'difference', 'error')
    writer.writerow([*table.rows, *table.columns, *fields])
    for (row, column, metric), score in table.scores.items():
        difference = '' if score.difference is None else repr(score.difference)
        summary = (repr(score.mean), repr(score.deviation), difference)
        for number, value in enumerate(score.values.tolist()):
            cells = (
                metric,
                number,
                repr(value),
                *summary,
                repr(score.difference_error),
            )
            writer.writerow([*row, *column, *cells])
    return stream.getvalue()


def latex_table_file(table: ScoreTable, command: str) -> str:
    """The table in LaTeX, with ``booktabs``."""
    header, lines = _grid(table, pm=r'$\pm$')
    count = max(len(table.rows), 1)
    columns = 'l' * count + 'r' * (len(header) - count)
    body = [_latex_row(line) for line in lines]
    caption = _latex_text(table.sweep.caption or table.sweep.name)
    return '\n'.join(
        [
            f'% {command}',
            r'\begin{table}',
            rf'\caption{{{caption}}}',
            rf'\begin{{tabular}}{{{columns}}}',
            r'\toprule',
            _latex_row(header),
            r'\midrule',
            *body,
            r'\bottomrule',
            r'\end{tabular}',
            r'\end{table}',
            '',
        ]
    )


def _grid(table: ScoreTable, pm: str) -> tuple[list[str], list[list[str]]]:
    """The header and the rows, as texts."""
    sweep = table.sweep
    header = [_names(table)[axis] for axis in table.rows] or ['']
    places = [
        (column, metric) for column in table.column_labels for metric in table.metrics
    ]
    for column, metric in places:
        header.append(' '.join([*table_file_columns(table, column), metric]))
    if table.selection:
        header += [
            ' '.join(
                [
                    *table_file_columns(table, column),
                    f'{sweep.select_on} {sweep.select_by}',
                ]
            )
            for column in table.column_labels
        ]
    lines = []
    for row in table.row_labels:
        line = [*row] or [table.stage]
        for column, metric in places:
            text = table_file_score(table.scores[row, column, metric], metric, pm)
            line.append(text)
        for column in table.column_labels if table.selection else []:
            value = table_file_number(
                table.selection[row, column], sweep.select_by or ''
            )
            mark = ' *' if table.selected == (row, column) else ''
            line.append(value + mark)
        lines.append(line)
    return header, lines


def _names(table: ScoreTable) -> dict[str, str]:
    return short_axis_names([*table.rows, *table.columns])


def table_file_columns(table: ScoreTable, labels: Sequence[str]) -> list[str]:
    """A column's values; a bare number with the name of its axis."""
    texts = []
    for axis, label in zip(table.columns, labels, strict=True):
        is_number = re.fullmatch(r'[-+.\deE]+', label)
        texts.append(f'{_names(table)[axis]}={label}' if is_number else label)
    return texts


def table_file_score(score: TableScore, metric: str, pm: str) -> str:
    """``76.7 ± 0.3 (+1.2 ± 0.4)``: what is not known is left out."""
    if math.isnan(score.mean):
        return '-'
    text = table_file_number(score.mean, metric)
    if not math.isnan(score.deviation):
        text += f' {pm} {table_file_number(score.deviation, metric)}'
    if score.difference is not None:
        inner = table_file_number(score.difference, metric, sign='+')
        if not math.isnan(score.difference_error):
            inner += f' {pm} {table_file_number(score.difference_error, metric)}'
        text += f' ({inner})'
    return text


# Tracking is in percent, errors are counts; captions and interactions are fractions.
PERCENT = (
    'HOTA',
    'AssA',
    'DetA',
    'LocA',
    'MOTA',
    'IDF1',
    'IDP',
    'IDR',
    'AssRe',
    'AssPr',
)
COUNTS = ('FN', 'FP', 'IDs', 'IDSW', 'Frag')


def table_file_number(value: float, metric: str, sign: str = '') -> str:
    """A score with the digits that its metric is printed with."""
    if math.isnan(value):
        return '-'
    name = metric.rsplit('/', 1)[-1]
    digits = 1 if name in PERCENT else 2
    if name in COUNTS:
        digits = 0 if float(value).is_integer() else 1
    return f'{value:{sign}.{digits}f}'


def _notes(table: ScoreTable) -> list[str]:
    sweep = table.sweep
    notes = []
    counts = {int((~np.isnan(score.values)).sum()) for score in table.scores.values()}
    if max(counts, default=1) > 1:
        runs = f'{max(counts)} runs' + ('' if len(counts) == 1 else ' or fewer')
        notes.append(f'Mean ± standard deviation over {runs}.')
    if any(score.difference is not None for score in table.scores.values()):
        name = ', '.join(sweep.baseline.values())
        notes.append(
            f'In brackets the paired difference to {name}, mean ± standard error.'
        )
    if table.selected is not None:
        notes.append(f'\\* chosen on {sweep.select_on}, by {sweep.select_by}.')
    if table.missing:
        names = [
            f'{id} ({reason})' if reason else id for id, reason in table.missing.items()
        ]
        notes.append(f'Without scores: {", ".join(names)}.')
    if table.stale:
        notes.append(
            'Of another sweep file, config or weights than those of today: '
            f'{", ".join(table.stale)}.'
        )
    return notes


def _row(cells: Sequence[str]) -> str:
    return '| ' + ' | '.join(cell.replace('|', r'\|') for cell in cells) + ' |'


def _latex_row(cells: Sequence[str]) -> str:
    return ' & '.join(_latex_text(cell) for cell in cells) + r' \\'


def _latex_text(text: str) -> str:
    pieces = text.split(r'$\pm$')
    escaped = []
    for piece in pieces:
        for character in '&%#_${}':
            piece = piece.replace(character, rf'\{character}')
        escaped.append(piece)
    return r'$\pm$'.join(escaped)


def _commands(records: Mapping[str, CellRecord]) -> str:
    lines = ['# Commands', '']
    for id, record in records.items():
        if record.command:
            words = ['python', *record.command[1:]]
            lines += [f'`{id}` ({record.seconds:.0f} s)', '']
            lines += ['```bash', shlex.join(words), '```', '']
    return '\n'.join(lines)
