"""A whole sweep: which cells are to be run, running them, and the table at the end."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)

from ..launchers import Launcher
from .cell import Cell
from .cell_record import BLOCKED, FAILED, FINISHED, RUNNING, CellRecord, read_record
from .cell_run import move_cell_run_aside, run_cell
from .schedule import run_cells

MAX_NAMES = 2  # of cells that run, beside the progress bar
REFUSE, RERUN, KEEP = 'refuse', 'rerun', 'keep'  # what is done with stale cells


@dataclass(frozen=True)
class SweepState:
    """The cells of a sweep by what is known of them.

    Attributes:
        records: Of the cells that were begun, by id.
        finished: Ids of those whose results stand.
        stale: Ids of finished ones that the sweep file would make otherwise today.
    """

    records: dict[str, CellRecord]
    finished: frozenset[str]
    stale: frozenset[str]

    @property
    def peak_memory(self) -> dict[str, float]:
        """GiB of the largest finished cell of each stage."""
        peaks: dict[str, float] = {}
        for id in self.finished:
            name, peak = id.split('/')[0], self.records[id].peak_memory
            if peak is not None:
                peaks[name] = max(peaks.get(name, 0.0), peak)
        return peaks


def sweep_state(cells: Mapping[str, Cell]) -> SweepState:
    """What lies in the folders of the cells."""
    records = {
        id: record
        for id, cell in cells.items()
        if (record := read_record(cell.folder)) is not None
    }
    done = {id for id, record in records.items() if record.status == FINISHED}
    stale = {id for id in done if records[id].fingerprint != cells[id].fingerprint}
    return SweepState(records, frozenset(done), frozenset(stale))


def require_fresh_sweep(
    cells: Mapping[str, Cell], state: SweepState, stale: str
) -> set[str]:
    """The finished cells that stand; stale ones are put aside or kept as asked.

    Args:
        cells: By id.
        state: What lies in their folders.
        stale: ``'refuse'``, ``'rerun'`` or ``'keep'``.

    Raises:
        ValueError: Cells are stale, and that is refused; names them.
    """
    if not state.stale or stale == KEEP:
        return {*state.finished}
    if stale == RERUN:
        for id in state.stale:
            aside = move_cell_run_aside(cells[id])
            print(f'{id}: put aside as {aside}')
        return {*state.finished - state.stale}
    names = ', '.join(sorted(state.stale))
    raise ValueError(
        f'{len(state.stale)} finished cells were made by another sweep file, config or '
        f"weights than today's: {names}. --stale rerun runs them again (their results "
        'are put aside), --stale keep takes them as they are'
    )


def run_sweep(
    cells: Mapping[str, Cell],
    launcher: Launcher,
    stale: str = REFUSE,
    run: Callable[[Cell], CellRecord] = run_cell,
) -> dict[str, CellRecord]:
    """Run what is not finished, with a progress bar.

    Args:
        cells: By id, each after those it needs.
        launcher: Where they run.
        stale: See :func:`require_fresh_sweep`.
        run: Runs a cell.

    Returns:
        The records of all cells by id, as far as they have one.

    Raises:
        ValueError: See :func:`require_fresh_sweep`.
    """
    state = sweep_state(cells)
    finished = require_fresh_sweep(cells, state, stale)
    for line in _begun_before(cells, state, finished):
        print(line)
    seconds = _SecondsOfStages(state, finished)
    with _bar() as bar:
        task = bar.add_task('', total=len(cells), completed=len(finished))
        running: dict[str, Cell] = {}
        open_ids = [id for id in cells if id not in finished]

        def show() -> None:
            remaining_time = seconds.left(cells[id] for id in open_ids)
            names = ', '.join([*running][:MAX_NAMES])
            if (num_hidden := len(running) - MAX_NAMES) > 0:
                names += f' and {num_hidden} more'
            description = f'running: {names}; {remaining_time}' if names else 'done'
            bar.update(task, description=description)

        def started(cell: Cell) -> None:
            running[cell.id] = cell
            show()

        def ended(cell: Cell, record: CellRecord) -> None:
            running.pop(cell.id, None)
            open_ids.remove(cell.id)
            seconds.add(cell, record)
            bar.advance(task)
            line = _line(cell, record)
            bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
            show()

        try:
            records = run_cells(
                cells, finished, launcher, run, started, ended, state.peak_memory
            )
        finally:
            launcher.close()
    records = {id: state.records[id] for id in finished} | records
    return {id: records[id] for id in cells if id in records}


def _begun_before(
    cells: Mapping[str, Cell], state: SweepState, finished: Container[str]
) -> list[str]:
    """Lines on what an earlier run of the sweep left."""
    lines = []
    if num_finished := sum(id in finished for id in cells):
        lines.append(f'{num_finished} of {len(cells)} cells are finished')
    for id, record in state.records.items():
        if record.status == RUNNING:
            begin = 'goes on' if cells[id].stage.resume else 'starts from its beginning'
            lines.append(f'{id}: was interrupted, {begin}')
    return lines


def sweep_failures(records: Mapping[str, CellRecord]) -> list[str]:
    """A line for each cell that failed or is blocked."""
    return [
        f'{id}: {record.error}'
        for id, record in records.items()
        if record.status in (FAILED, BLOCKED)
    ]


class _SecondsOfStages:
    """How long the cells of each stage take on average, for the estimate."""

    def __init__(self, state: SweepState, finished: Iterable[str]) -> None:
        self._seconds: dict[str, list[float]] = {}
        for id in finished:
            self._append(id.split('/')[0], state.records[id].seconds)

    def add(self, cell: Cell, record: CellRecord) -> None:
        if record.status == FINISHED:
            self._append(cell.stage.name, record.seconds)

    def left(self, cells: Iterable[Cell]) -> str:
        """The processor time of cells that are open, in words."""
        total, unknown = 0.0, 0
        for cell in cells:
            seconds = self._seconds.get(cell.stage.name)
            if seconds is None:
                unknown += 1
            else:
                total += sum(seconds) / len(seconds)
        text = f'about {_duration(total)} of work left' if total else ''
        if unknown:
            text += f'{" and " if text else ""}{unknown} cells of unknown length'
        return text or 'the last one'

    def _append(self, name: str, seconds: float) -> None:
        self._seconds.setdefault(name, []).append(seconds)


def _line(cell: Cell, record: CellRecord) -> str:
    if record.status != FINISHED:
        return f'{cell.id}: {record.status}: {record.error}'
    return f'{cell.id}: finished in {_duration(record.seconds)}'


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f'{seconds:.0f} s'
    minutes = seconds / 60
    return f'{minutes:.0f} min' if minutes < 90 else f'{minutes / 60:.1f} h'


def _bar() -> Progress:
    return Progress(
        TextColumn('{task.description}', markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
