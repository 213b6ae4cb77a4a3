"""A sweep's table as a figure: points beside names, or a line over numbers."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...utils.atomic import atomic_path
from .axis import short_axis_names
from .score_table import ScoreTable, TableScore
from .table_files import table_file_columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS_PER_ROW = 3
WIDE_PANELS_PER_ROW = 4  # of more than two rows of metrics
PANEL_WIDTH = 2.7  # inches of one metric, without the names beside it
LINE_HEIGHT = 2.6
ROW_HEIGHT = 0.3  # of a name and its points
MAX_NAME = 24  # characters in a line of a name
MAX_TICKS = 8  # at the places of a line's points
DPI = 120
# Okabe and Ito's colours, which people with any colour vision can tell apart.
COLOURS = ('#0072B2', '#E69F00', '#009E73', '#CC79A7', '#56B4E9', '#D55E00', '#F0E442')


def write_plot(table: ScoreTable, path: Path) -> Path:
    """Draw a panel for each metric: its mean for each row, a series for each column.

    Where the only row axis has numbers, they are the x axis of a line; else the rows stand
    one below the other, each with its point: points need no axis that begins at 0.
    Error bars are the standard deviation over seeds, and small rings the seeds. A dotted
    line is the baseline, a star what the selection split has chosen.

    Returns:
        ``path``.
    """
    # Not pyplot, which would choose a backend for the whole process.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    numbers = _numbers(table.row_labels)
    count = len(table.metrics)
    is_wide = count > 2 * PANELS_PER_ROW
    columns = min(count, WIDE_PANELS_PER_ROW if is_wide else PANELS_PER_ROW)
    rows = math.ceil(count / columns)
    height = 1.0 + ROW_HEIGHT * len(table.row_labels) * len(table.column_labels) ** 0.5
    size = (PANEL_WIDTH, LINE_HEIGHT if numbers else height)
    names_width = 0.0 if numbers else 0.08 * MAX_NAME
    figure = Figure(
        (size[0] * columns + names_width, size[1] * rows + 0.4), layout='constrained'
    )
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, columns, squeeze=False, sharey=not numbers).ravel()
    for panel, metric in zip(panels, table.metrics, strict=False):
        if numbers:
            _draw_line(panel, table, metric, np.array(numbers))
        else:
            _draw_points(panel, table, metric)
        panel.set_title(metric, fontsize=10)
        panel.tick_params(labelsize=8)
        panel.grid(alpha=0.3)
    for panel in panels[count:]:
        panel.remove()
    _explain(figure, panels[0], table)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=DPI)
    return path


def _draw_line(panel: Axes, table: ScoreTable, metric: str, places: np.ndarray) -> None:
    for column in table.column_labels:
        _draw_series(panel, table, metric, column, places)
    if len(places) <= MAX_TICKS:
        panel.set_xticks(places, [row[0] for row in table.row_labels])
    panel.set_xlabel(short_axis_names(table.rows)[table.rows[0]], fontsize=9)


def _draw_points(panel: Axes, table: ScoreTable, metric: str) -> None:
    width = 0.8 / len(table.column_labels)
    rows = np.arange(len(table.row_labels))
    for number, column in enumerate(table.column_labels):
        shift = (number - (len(table.column_labels) - 1) / 2) * width
        _draw_series(panel, table, metric, column, rows + shift, is_line=False)
    base = [row for row in table.row_labels if _is_baseline(table, row, metric)]
    if len(base) == len(table.column_labels) == 1:
        mean = table.scores[base[0], table.column_labels[0], metric].mean
        panel.axvline(mean, color='grey', linestyle=':', linewidth=1, zorder=0)
    names = [_row_name(table, row) for row in table.row_labels]
    panel.set_yticks(rows, [textwrap.fill(name, MAX_NAME) for name in names])
    panel.set_ylim(len(names) - 0.5, -0.5)  # the first row on top
    panel.margins(x=0.1)


def _draw_series(
    panel: Axes,
    table: ScoreTable,
    metric: str,
    column: tuple[str, ...],
    places: np.ndarray,
    is_line: bool = True,
) -> None:
    """A column's scores: over ``places`` as a line, else beside ``places`` as points.

    Args:
        places: Of the rows: on the x axis of a line, on the y axis of points.
    """

    def as_xy(along: np.ndarray, across: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return (along, across) if is_line else (across, along)

    colour = COLOURS[table.column_labels.index(column) % len(COLOURS)]
    scores = [table.scores[row, column, metric] for row in table.row_labels]
    means = np.array([score.mean for score in scores])
    for place, score in zip(places, scores, strict=True):
        seeds = score.values[~np.isnan(score.values)]
        if len(seeds) > 1:
            rings = as_xy(np.full(len(seeds), place), seeds)
            panel.plot(*rings, 'o', ms=3, mfc='none', color=colour, alpha=0.6)
    order = np.argsort(places)
    deviations = _deviations(scores)[order]
    panel.errorbar(
        *as_xy(places[order], means[order]),
        xerr=None if is_line else deviations,
        yerr=deviations if is_line else None,
        fmt='o-' if is_line else 'o',
        ms=6 if is_line else 5,
        capsize=3,
        label=_series_name(table, column),
        color=colour,
    )
    if table.selected is not None and table.selected[1] == column:
        row = [table.row_labels.index(table.selected[0])]
        panel.plot(*as_xy(places[row], means[row]), '*', color='black', ms=12, zorder=4)


def _deviations(scores: Sequence[TableScore]) -> np.ndarray:
    return np.nan_to_num([score.deviation for score in scores])


def _is_baseline(table: ScoreTable, row: tuple[str, ...], metric: str) -> bool:
    if not table.sweep.baseline:
        return False
    scores = [table.scores[row, column, metric] for column in table.column_labels]
    return all(s.difference is None and not math.isnan(s.mean) for s in scores)


def _series_name(table: ScoreTable, column: tuple[str, ...]) -> str:
    return ' '.join(table_file_columns(table, column)) or table.stage


def _explain(figure: Figure, panel: Axes, table: ScoreTable) -> None:
    """What the marks mean, below the panels, and the series beside it."""
    num_runs = max(len(score.values) for score in table.scores.values())
    notes = []
    if num_runs > 1:
        notes.append(f'points: mean ± standard deviation of {num_runs} seeds (rings)')
    if table.sweep.baseline and not _numbers(table.row_labels):
        notes.append(f'dotted: {", ".join(table.sweep.baseline.values())}')
    if table.selected is not None:
        notes.append(f'star: chosen on {table.sweep.select_on}')
    if notes:
        figure.supxlabel('; '.join(notes), fontsize=8)
    if len(table.column_labels) > 1:
        handles, labels = panel.get_legend_handles_labels()
        figure.legend(handles, labels, loc='outside upper center', ncols=4, fontsize=8)


def _row_name(table: ScoreTable, row: tuple[str, ...]) -> str:
    """Its labels; a number with the name of its axis."""
    axes = short_axis_names(table.rows).values()
    words = [
        f'{axis} {label}' if label.replace('.', '', 1).isdecimal() else label
        for axis, label in zip(axes, row, strict=True)
    ]
    return ', '.join(words) or table.stage


def _numbers(row_labels: Sequence[tuple[str, ...]]) -> list[float]:
    """The rows as numbers; empty where one is none, or there is only one."""
    try:
        numbers = [float(label) for (label,) in row_labels]
    except ValueError:  # no number, or not one label a row
        return []
    return numbers if len(numbers) > 1 else []
