"""Running the cells of a sweep in the order of what they need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from ...utils.full_disk import is_disk_full
from ...version import __version__
from ..launchers import Launcher
from .cell import Cell
from .cell_record import BLOCKED, FAILED, FINISHED, CellRecord, record_blocked
from .stage import TOOLS, Stage

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
        The records by id of the cells that ran, and of those that a failed one blocks,
        which lie in their folders too.

    Raises:
        OSError: The disk is full. Cells that run are waited for, and no other is begun.
    """
    memory = dict(peak_memory or {})
    done = {*finished}
    pending = [id for id in cells if id not in done]
    running: set[str] = set()
    records: dict[str, CellRecord] = {}
    disk_full: OSError | None = None
    while pending or running:
        for id, record in _blocked(cells, pending, records).items():
            pending.remove(id)
            records[id] = record
            ended(cells[id], record)
        for id in [id for id in pending if {*cells[id].needs} <= done]:
            need = cells[id].stage.memory or memory.get(
                cells[id].stage.name, DEFAULT_MEMORY
            )
            if running and not launcher.has_room(need):
                break
            pending.remove(id)
            running.add(id)
            started(cells[id])
            processors = _processors(cells[id].stage)
            launcher.submit(id, run, cells[id], memory=need, **processors)
        if not running:
            continue
        id, outcome = launcher.wait()
        running.remove(id)
        if isinstance(outcome, OSError) and is_disk_full(outcome):
            disk_full, pending = outcome, []  # the next ones would fail as well
        record = _record(cells[id], outcome)
        records[id] = record
        if record.status == FINISHED:
            done.add(id)
        if record.peak_memory is not None:
            name = cells[id].stage.name
            memory[name] = max(memory.get(name, 0.0), record.peak_memory)
        ended(cells[id], record)
    if disk_full is not None:
        raise disk_full
    return records


def _processors(stage: Stage) -> dict[str, int]:
    """Processors and GPUs of a stage; tools that neither train nor test use no GPU."""
    return {
        'cpus': stage.processes * (stage.threads or 1),
        'gpus': stage.processes if stage.run in TOOLS else 0,
    }


def blocked_record(cell: Cell, records: Mapping[str, CellRecord]) -> CellRecord | None:
    """The record of a cell that failed ones keep from running; ``None``: none does.

    Args:
        cell: Of which nothing runs.
        records: Of the cells that it needs.
    """
    causes: dict[str, None] = {}
    for id in cell.needs:
        record = records.get(id)
        if record is not None and record.status == FAILED:
            causes[id] = None
        elif record is not None and record.status == BLOCKED:
            causes |= dict.fromkeys(record.blocked_by)
    if not causes:
        return None
    return CellRecord(
        BLOCKED,
        cell.fingerprint,
        [],
        cell.labels,
        error=f'not run: {", ".join(causes)} failed',
        blocked_by=[*causes],
        version=__version__,
    )


def _blocked(
    cells: Mapping[str, Cell], pending: Sequence[str], records: Mapping[str, CellRecord]
) -> dict[str, CellRecord]:
    """The records of pending cells that cannot run any more, written into their folders."""
    blocked: dict[str, CellRecord] = {}
    for id in pending:
        record = blocked_record(cells[id], {**records, **blocked})
        if record is not None:
            with suppress(BlockingIOError):  # of whoever runs it by its id just now
                record_blocked(cells[id].folder, record)
            blocked[id] = record
    return blocked


def _record(cell: Cell, outcome: Any) -> CellRecord:
    """The record that a job returned, or one of what it raised."""
    if isinstance(outcome, CellRecord):
        return outcome
    if isinstance(outcome, Exception):
        error = f'{type(outcome).__name__}: {outcome}'
        return CellRecord(FAILED, cell.fingerprint, [], cell.labels, error=error)
    raise outcome  # Ctrl-C
