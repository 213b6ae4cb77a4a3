"""Running the cells of a sweep in the order of what they need."""

from __future__ import annotations

import errno
from collections.abc import Callable, Container, Iterable, Mapping
from contextlib import suppress
from typing import Any

from ...utils.full_disk import EXPLAINED, is_disk_full, tells_full_disk
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
        OSError: The disk is full, as a job raises or a cell's tool wrote at its end, or
            no record can be written into a folder. Cells that run are waited for, and no
            other is begun.
    """
    plan = _Plan(cells, finished, peak_memory or {})
    while plan.pending or plan.running:
        for id, record in plan.block().items():
            ended(cells[id], record)
        for id in plan.ready():
            memory = plan.memory_of(cells[id].stage)
            if plan.running and not launcher.has_room(memory):
                break
            plan.begin(id)
            started(cells[id])
            processors = _processors(cells[id].stage)
            launcher.submit(id, run, cells[id], memory=memory, **processors)
        if plan.running:
            id, outcome = launcher.wait()
            ended(cells[id], plan.end(id, outcome))
    if plan.error is not None:
        raise plan.error
    return plan.records


class _Plan:
    """The cells that wait, run and have ended.

    Attributes:
        cells: By id, each after those it needs.
        pending: Ids of cells that wait.
        running: Ids of cells that run.
        records: By id, of those that ended or are blocked.
        error: Why no other cell is begun; ``None``: nothing is in the way.
    """

    def __init__(
        self,
        cells: Mapping[str, Cell],
        finished: Iterable[str],
        peak_memory: Mapping[str, float],
    ) -> None:
        self.cells = cells
        self._finished = {*finished}
        self.pending = [id for id in cells if id not in self._finished]
        self.running: set[str] = set()
        self.records: dict[str, CellRecord] = {}
        self.error: OSError | None = None
        self._peak_memory = dict(peak_memory)

    def block(self) -> dict[str, CellRecord]:
        """The records of pending cells that cannot run any more, in their folders too."""
        blocked: dict[str, CellRecord] = {}
        for id in self.pending:
            cell = self.cells[id]
            record = blocked_record(cell, self.records)
            if record is None:
                continue
            self.records[id] = blocked[id] = record
            try:
                with suppress(BlockingIOError):  # of whoever runs it by its id just now
                    record_blocked(cell.folder, record)
            except OSError as error:
                self._stop(error)
                break
        self.pending = [id for id in self.pending if id not in blocked]
        return blocked

    def ready(self) -> list[str]:
        """Ids of the pending cells that have all they need."""
        return [id for id in self.pending if {*self.cells[id].needs} <= self._finished]

    def memory_of(self, stage: Stage) -> float:
        """GiB that a cell of the stage is expected to take."""
        return stage.memory or self._peak_memory.get(stage.name, DEFAULT_MEMORY)

    def begin(self, id: str) -> None:
        """Note that a cell runs."""
        self.pending.remove(id)
        self.running.add(id)

    def end(self, id: str, outcome: Any) -> CellRecord:
        """Note how a cell ended; its record."""
        self.running.remove(id)
        record = _record(self.cells[id], outcome)
        self.records[id] = record
        if isinstance(outcome, OSError) and is_disk_full(outcome):
            self._stop(outcome)
        elif record.status == FAILED and tells_full_disk(record.error or ''):
            self._stop(_disk_full_error(id, record.error or ''))
        if record.status == FINISHED:
            self._finished.add(id)
        if record.peak_memory is not None:
            name = self.cells[id].stage.name
            known_peak = self._peak_memory.get(name, 0.0)
            self._peak_memory[name] = max(known_peak, record.peak_memory)
        return record

    def _stop(self, error: OSError) -> None:
        """Begin no other cell: it would fail as well."""
        self.error, self.pending = self.error or error, []


def _disk_full_error(id: str, text: str) -> OSError:
    """What ends the sweep where a cell's tool found a disk full, with its last error."""
    if EXPLAINED in text:
        return OSError(errno.ENOSPC, f'{id}: {text}')
    return OSError(errno.ENOSPC, f'{EXPLAINED} what {id} writes is full: {text}')


def _processors(stage: Stage) -> dict[str, int]:
    """Processors and GPUs of a stage; tools that neither train nor test use no GPU."""
    return {
        'cpus': stage.processes * (stage.threads or 1),
        'gpus': stage.processes if stage.run in TOOLS else 0,
    }


def blocked_record(
    cell: Cell, records: Mapping[str, CellRecord], finished: Container[str] = ()
) -> CellRecord | None:
    """The record of a cell that failed ones keep from running; ``None``: none does.

    Args:
        cell: Of which nothing runs.
        records: Of the cells that it needs.
        finished: Ids of cells that block nothing any more, as one that failed and was
            mended.
    """
    causes: dict[str, None] = {}
    for id in cell.needs:
        record = records.get(id)
        if record is not None and record.status == FAILED:
            causes[id] = None
        elif record is not None and record.status == BLOCKED:
            causes |= dict.fromkeys(record.blocked_by)
    causes = {id: None for id in causes if id not in finished}
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


def _record(cell: Cell, outcome: Any) -> CellRecord:
    """The record that a job returned, or one of what it raised."""
    if isinstance(outcome, CellRecord):
        return outcome
    if isinstance(outcome, Exception):
        error = f'{type(outcome).__name__}: {outcome}'
        return CellRecord(FAILED, cell.fingerprint, [], cell.labels, error=error)
    raise outcome  # Ctrl-C
