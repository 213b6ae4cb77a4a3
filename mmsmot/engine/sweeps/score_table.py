"""The scores of a sweep's cells, averaged over seeds, in the places of a table."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .cell import Cell
from .cell_record import FAILED, FINISHED, CellRecord
from .sweep_file import Sweep


@dataclass(frozen=True)
class TableScore:
    """A number of a table.

    Attributes:
        values: One for each seed, NaN where a cell has none.
        difference: Mean over seeds of the paired difference to the baseline; ``None``:
            there is no baseline, or this is it.
        difference_error: Its standard error; NaN with fewer than two pairs.
    """

    values: np.ndarray
    difference: float | None = None
    difference_error: float = math.nan

    @property
    def mean(self) -> float:
        values = self.values[~np.isnan(self.values)]
        return float(values.mean()) if len(values) else math.nan

    @property
    def deviation(self) -> float:
        """Standard deviation over seeds (n - 1); NaN with fewer than two."""
        values = self.values[~np.isnan(self.values)]
        return float(values.std(ddof=1)) if len(values) > 1 else math.nan


@dataclass(frozen=True)
class ScoreTable:
    """The scores of a stage.

    Attributes:
        sweep: What was run.
        stage: The name of the test stage.
        rows: The axes of the rows.
        columns: The axes of the columns.
        row_labels: The values of the row axes, a tuple a row.
        column_labels: The values of the column axes, a tuple a column; ``[()]`` without.
        metrics: The labels of the metrics.
        scores: By row, column and metric.
        selected: The row and column that the selection split chose; ``None``: nothing.
        selection: The selection split's scores of ``select_by`` by row and column.
        missing: Ids of cells without scores, those of the selection split among them, to
            why: ``'failed'``, ``'A failed'`` of the one that blocks it, or nothing.
        stale: Ids of cells with scores that the sweep file would make otherwise today.
    """

    sweep: Sweep
    stage: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    row_labels: list[tuple[str, ...]]
    column_labels: list[tuple[str, ...]]
    metrics: list[str]
    scores: dict[tuple, TableScore]
    selected: tuple | None
    selection: dict[tuple, float]
    missing: dict[str, str]
    stale: list[str]


def score_table(
    sweep: Sweep,
    report: str,
    cells: Mapping[str, Cell],
    records: Mapping[str, CellRecord],
) -> ScoreTable:
    """Put the scores of a test stage into its table.

    Raises:
        KeyError: A metric that the tests do not give, or that is several of theirs.
    """
    stage = sweep.stages[report]
    layout = _Layout(
        tuple(axis for axis in sweep.rows if axis in stage.axes),
        tuple(axis for axis in sweep.columns if axis in stage.axes),
    )
    of_report = [cell for cell in cells.values() if cell.stage == stage]
    twin = sweep.selection_stage(report)
    twins = [cell for cell in cells.values() if cell.stage.name == twin]
    names = _metric_names(sweep, [*of_report, *twins], records)
    rows, columns = _labels(sweep, layout.rows), _labels(sweep, layout.columns)
    places = [*itertools.product(rows, columns)]
    values = {
        (place, metric): _values(of_report, records, layout, place, name)
        for place in places
        for metric, name in names.items()
    }
    scores = {}
    for (place, metric), array in values.items():
        base = layout.base_of(place, sweep.baseline)
        base_values = None if base == place else values[base, metric]
        scores[(*place, metric)] = _score(array, base_values)
    selection = {}
    if twin is not None and sweep.select_by is not None:
        metric = names[sweep.select_by]
        selection = {
            place: TableScore(_values(twins, records, layout, place, metric)).mean
            for place in places
        }
    scored = {p: mean for p, mean in selection.items() if not math.isnan(mean)}
    return ScoreTable(
        sweep=sweep,
        stage=report,
        rows=layout.rows,
        columns=layout.columns,
        row_labels=rows,
        column_labels=columns,
        metrics=[*names],
        scores=scores,
        selected=max(scored, key=scored.__getitem__) if scored else None,
        selection=selection,
        missing=_missing([*of_report, *twins], records),
        stale=_stale([*of_report, *twins], records),
    )


def matching_metrics(names: Iterable[str], metric: str) -> list[str]:
    """The names of scores that a sweep file means by a name, or by the end of one.

    >>> matching_metrics(['smot/track/HOTA', 'smot/track/MOTA'], 'HOTA')
    ['smot/track/HOTA']
    """
    return [name for name in names if name == metric or name.endswith(f'/{metric}')]


@dataclass(frozen=True)
class _Layout:
    """The axes of a table."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]

    def base_of(self, place: tuple, baseline: Mapping[str, str]) -> tuple:
        """The place that differences are taken to: other axes are those of the place."""
        row, column = place
        labels = dict(zip(self.rows + self.columns, row + column, strict=True))
        return self.place({**labels, **baseline})

    def place(self, labels: Mapping[str, str]) -> tuple:
        """Where a cell's scores stand."""
        row = tuple(labels[axis] for axis in self.rows)
        return row, tuple(labels[axis] for axis in self.columns)


def _labels(sweep: Sweep, axes: Sequence[str]) -> list[tuple[str, ...]]:
    return [*itertools.product(*(sweep.axes[name].settings for name in axes))]


def _scores_of(
    cell: Cell, records: Mapping[str, CellRecord]
) -> dict[str, float] | None:
    record = records.get(cell.id)
    return record.scores if record is not None and record.status == FINISHED else None


def _missing(
    cells: Sequence[Cell], records: Mapping[str, CellRecord]
) -> dict[str, str]:
    """Ids of the cells without scores, to why."""
    return {
        cell.id: _reason(cell, records)
        for cell in cells
        if _scores_of(cell, records) is None
    }


def _stale(cells: Sequence[Cell], records: Mapping[str, CellRecord]) -> list[str]:
    """Ids of the cells with scores that the sweep file would make otherwise today."""
    return [
        cell.id
        for cell in cells
        if _scores_of(cell, records) is not None
        and records[cell.id].fingerprint != cell.fingerprint
    ]


def _reason(cell: Cell, records: Mapping[str, CellRecord]) -> str:
    """Why a cell has no scores; nothing where it was not begun, or runs."""
    record = records.get(cell.id)
    if record is None or record.status == FINISHED:
        return ''
    if record.status == FAILED:
        return 'failed'
    causes = [
        id
        for id in record.blocked_by
        if id not in records or records[id].status != FINISHED  # mended since
    ]
    return f'{", ".join(causes)} failed' if causes else ''


def _values(
    cells: Sequence[Cell],
    records: Mapping[str, CellRecord],
    layout: _Layout,
    place: tuple,
    name: str,
) -> np.ndarray:
    """(seeds,) of a place in the table, in the order of the seed axis."""
    values = [
        (_scores_of(cell, records) or {}).get(name, math.nan)
        for cell in cells
        if layout.place(cell.labels) == place
    ]
    return np.array(values, dtype=float)


def _score(values: np.ndarray, base: np.ndarray | None) -> TableScore:
    if base is None:
        return TableScore(values)
    differences = values - base
    differences = differences[~np.isnan(differences)]
    if not len(differences):
        return TableScore(values)
    error = math.nan
    if len(differences) > 1:
        error = float(differences.std(ddof=1) / math.sqrt(len(differences)))
    return TableScore(values, float(differences.mean()), error)


def _metric_names(
    sweep: Sweep, cells: Sequence[Cell], records: Mapping[str, CellRecord]
) -> dict[str, str]:
    """Label to the whole name of each metric; all that there are where none is asked."""
    metric_names = dict.fromkeys(
        name for cell in cells for name in _scores_of(cell, records) or {}
    )
    if not sweep.metrics:
        return {name: name for name in metric_names}
    names = {}
    for label, metric in sweep.metrics.items():
        matches = matching_metrics(metric_names, metric)
        if len(matches) > 1 or (metric_names and not matches):
            problem = 'is several of' if matches else 'is none of'
            raise KeyError(
                f'{sweep.path}: the metric {metric!r} {problem} those that the tests '
                f'gave: {", ".join(matches or metric_names)}'
            )
        names[label] = matches[0] if matches else metric
    return names
