"""Running the cells of a sweep in the order of what they need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..launchers import Launcher
from .cell import Cell
from .cell_record import FAILED, FINISHED, CellRecord

DEFAULT_MEMORY = 2.0  # GiB of a stage of which nothing is known yet


def run_cells(
    cells: Mapping[str, Cell],
    finished: Iterable[str],
    launcher: Launcher,
    run: Callable[[Cell], CellRecord],
    started: Callable[[Cell], None],
    ended: Callable[[Cell, CellRecord], None],
    peak_memory: Mapping[str, float] | None = None,
) -> dict[str, CellRecord]:
    """Run the cells that are not finished, each as soon as what it needs is.

    A cell that fails keeps those that need it from running; all others go on.

    Args:
        cells: By id, each after those it needs.
        finished: Ids of the cells that need not be run.
        launcher: Where they run.
        run: Runs a cell.
        started: Called when a cell starts.
        ended: Called when a cell has ended.
        peak_memory: GiB of a stage's cells, of earlier runs.

    Returns:
        The records of the cells that ran, by id; cells that were kept from running are
        failed ones without a command.
    """
    memory = dict(peak_memory or {})
    done = {*finished}
    pending = [id for id in cells if id not in done]
    running: set[str] = set()
    records: dict[str, CellRecord] = {}
    while pending or running:
        for cell in _blocked(cells, pending, records):
            pending.remove(cell.id)
            records[cell.id] = _blocked_record(cell, records)
            ended(cell, records[cell.id])
        for id in [id for id in pending if {*cells[id].needs} <= done]:
            need = cells[id].stage.memory or memory.get(
                cells[id].stage.name, DEFAULT_MEMORY
            )
            if running and not launcher.has_room(need):
                break
            pending.remove(id)
            running.add(id)
            started(cells[id])
            cpus = cells[id].stage.processes * (cells[id].stage.threads or 1)
            launcher.submit(id, run, cells[id], memory=need, cpus=cpus)
        if not running:
            continue
        id, outcome = launcher.wait()
        running.remove(id)
        record = _record(cells[id], outcome)
        records[id] = record
        if record.status == FINISHED:
            done.add(id)
        if record.peak_memory is not None:
            name = cells[id].stage.name
            memory[name] = max(memory.get(name, 0.0), record.peak_memory)
        ended(cells[id], record)
    return records


def _blocked(
    cells: Mapping[str, Cell], pending: Sequence[str], records: Mapping[str, CellRecord]
) -> list[Cell]:
    failed = {id for id, record in records.items() if record.status == FAILED}
    blocked = []
    for id in pending:
        if failed & {*cells[id].needs}:
            failed.add(id)
            blocked.append(cells[id])
    return blocked


def _blocked_record(cell: Cell, records: Mapping[str, CellRecord]) -> CellRecord:
    causes = [
        id for id in cell.needs if records.get(id) and records[id].status == FAILED
    ]
    return CellRecord(
        FAILED,
        cell.fingerprint,
        [],
        cell.labels,
        error=f'not run: {", ".join(causes) or "a cell it needs"} failed',
    )


def _record(cell: Cell, outcome: Any) -> CellRecord:
    """The record that a job returned, or one of what it raised."""
    if isinstance(outcome, CellRecord):
        return outcome
    if isinstance(outcome, Exception):
        error = f'{type(outcome).__name__}: {outcome}'
        return CellRecord(FAILED, cell.fingerprint, [], cell.labels, error=error)
    raise outcome  # Ctrl-C
