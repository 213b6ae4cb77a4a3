"""A sweep's table as a figure: bars for names, a line for numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...utils.atomic import atomic_path
from .score_table import ScoreTable
from .table_files import table_file_columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PANEL_SIZE = (3.6, 2.8)  # inches of one metric
PANELS_PER_ROW = 3
DPI = 120
# Okabe and Ito's colours, which people with any colour vision can tell apart.
COLOURS = ('#0072B2', '#E69F00', '#009E73', '#CC79A7', '#56B4E9', '#D55E00', '#F0E442')


def write_plot(table: ScoreTable, path: Path) -> Path:
    """Draw a panel for each metric: its mean for each row, a series for each column.

    Error bars are the standard deviation over seeds. Where the only row axis has numbers,
    they are the x axis; else each row is a group of bars.

    Returns:
        ``path``.
    """
    # Not pyplot, which would choose a backend for the whole process.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    count = len(table.metrics)
    columns = min(count, PANELS_PER_ROW)
    rows = math.ceil(count / columns)
    figure = Figure(
        (PANEL_SIZE[0] * columns, PANEL_SIZE[1] * rows), layout='constrained'
    )
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for panel, metric in zip(panels, table.metrics, strict=False):
        _draw(panel, table, metric)
    for panel in panels[count:]:
        panel.remove()
    if len(table.column_labels) > 1:
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc='outside lower center', ncols=4, fontsize=8)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=DPI)
    return path


def _draw(panel: Axes, table: ScoreTable, metric: str) -> None:
    numbers = _numbers([row[0] for row in table.row_labels if len(row) == 1])
    is_line = len(numbers) == len(table.row_labels) > 1
    places = np.array(numbers) if is_line else np.arange(len(table.row_labels))
    width = 0.8 / len(table.column_labels)
    for number, column in enumerate(table.column_labels):
        scores = [table.scores[row, column, metric] for row in table.row_labels]
        means = [score.mean for score in scores]
        errors = np.nan_to_num([score.deviation for score in scores])
        colour = COLOURS[number % len(COLOURS)]
        label = ' '.join(table_file_columns(table, column)) or table.stage
        if is_line:
            order = np.argsort(places)
            panel.errorbar(
                places[order],
                np.array(means)[order],
                errors[order],
                marker='o',
                capsize=3,
                label=label,
                color=colour,
            )
        else:
            shift = (number - (len(table.column_labels) - 1) / 2) * width
            bars = errors if errors.any() else None
            panel.bar(
                places + shift,
                means,
                width,
                yerr=bars,
                capsize=3,
                label=label,
                color=colour,
            )
    panel.set_title(metric, fontsize=10)
    panel.tick_params(labelsize=8)
    if is_line:
        panel.set_xlabel(table.rows[0].rsplit('.', 1)[-1], fontsize=9)
    else:
        names = [' '.join(row) or table.stage for row in table.row_labels]
        panel.set_xticks(places, names, rotation=30, ha='right')
        _zoom(panel, table, metric)
    panel.grid(axis='y', alpha=0.3)


def _zoom(panel: Axes, table: ScoreTable, metric: str) -> None:
    """Start the y axis near the least bar, where all are alike; a title says so."""
    means = np.array(
        [score.mean for (_, _, name), score in table.scores.items() if name == metric]
    )
    means = means[~np.isnan(means)]
    if len(means) and 0 < means.max() - means.min() < means.min() / 4:
        margin = means.max() - means.min()
        panel.set_ylim(means.min() - margin, means.max() + margin / 2)
        panel.set_title(f'{metric} (axis cut)', fontsize=10)


def _numbers(labels: Sequence[str]) -> list[float]:
    """The labels as numbers; empty where one is none."""
    try:
        return [float(label) for label in labels]
    except ValueError:
        return []
