"""In which order cells run, and what a failed one keeps from running."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmsmot.engine.launchers.local_launcher import LocalLauncher, free_local_memory
from mmsmot.engine.sweeps.axis import AxisSetting
from mmsmot.engine.sweeps.cell import Cell
from mmsmot.engine.sweeps.cell_record import (
    FAILED,
    FINISHED,
    CellRecord,
    read_record,
    write_record,
)
from mmsmot.engine.sweeps.schedule import run_cells
from mmsmot.engine.sweeps.stage import Stage
from mmsmot.engine.sweeps.sweep_run import KEEP, RERUN, run_sweep, sweep_state


def cells_of(
    needs: dict[str, tuple[str, ...]], folder: Path = Path()
) -> dict[str, Cell]:
    return {
        name: Cell(
            Stage(name), {}, AxisSetting(), folder / name, {}, names, None, f'f{name}'
        )
        for name, names in needs.items()
    }


class Runner:
    """Runs cells at once and notes their order; some fail."""

    def __init__(self, failing: set[str] = frozenset(), peak: float = 1.0) -> None:
        self.order: list[str] = []
        self.failing, self.peak = failing, peak

    def __call__(self, cell: Cell) -> CellRecord:
        self.order.append(cell.id)
        status = FAILED if cell.id in self.failing else FINISHED
        return CellRecord(
            status, cell.fingerprint, [], {}, seconds=1.0, peak_memory=self.peak
        )


def run(
    cells: dict[str, Cell], runner: Runner, **settings: Any
) -> dict[str, CellRecord]:
    launcher = LocalLauncher(
        jobs=settings.pop('jobs', 1), memory=settings.pop('memory', 99)
    )
    return run_cells(
        cells,
        settings.pop('finished', ()),
        launcher,
        runner,
        lambda cell: None,
        lambda cell, record: None,
        **settings,
    )


@settings(max_examples=50)
@given(st.data())
def test_every_cell_runs_once_after_what_it_needs(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 8))
    names = [f'c{n}' for n in range(count)]
    needs = {
        name: tuple(data.draw(st.lists(st.sampled_from(names[:n]), unique=True)))
        if n
        else ()
        for n, name in enumerate(names)
    }
    runner = Runner()
    records = run(cells_of(needs), runner, jobs=data.draw(st.integers(1, 3)))
    assert sorted(runner.order) == names
    assert {r.status for r in records.values()} == {FINISHED}
    place = {name: runner.order.index(name) for name in names}
    assert all(place[n] < place[name] for name in names for n in needs[name])


def test_a_failed_cell_stops_only_what_needs_it() -> None:
    cells = cells_of({'a': (), 'b': ('a',), 'c': ('b',), 'd': ()})
    runner = Runner(failing={'a'})
    records = run(cells, runner)
    assert runner.order == ['a', 'd']
    assert records['b'].error == 'not run: a failed'
    assert records['c'].error == 'not run: b failed'
    assert records['d'].status == FINISHED


def test_finished_cells_do_not_run_again() -> None:
    runner = Runner()
    run(cells_of({'a': (), 'b': ('a',)}), runner, finished=['a'])
    assert runner.order == ['b']


def test_a_job_that_raises_is_a_failed_cell() -> None:
    def broken(cell: Cell) -> CellRecord:
        raise OSError(28, 'No space left on device')

    records = run(cells_of({'a': ()}), broken)
    assert 'No space left' in records['a'].error


@pytest.mark.parametrize(
    ('jobs', 'memory', 'most'), [(3, 99, 3), (3, 4.5, 2), (3, 0.5, 1), (1, 99, 1)]
)
def test_as_many_at_a_time_as_jobs_and_memory_allow(
    jobs: int, memory: float, most: int
) -> None:
    """A stage that is not known yet counts 2 GiB; one cell always runs."""
    lock, together, counts = threading.Lock(), [0], []
    gate = threading.Event()

    def work(cell: Cell) -> CellRecord:
        with lock:
            together[0] += 1
            counts.append(together[0])
            if together[0] == most:
                gate.set()
        gate.wait(5)
        with lock:
            together[0] -= 1
        return CellRecord(FINISHED, '', [], {})

    run(cells_of({f'c{n}': () for n in range(5)}), work, jobs=jobs, memory=memory)
    assert max(counts) == most


def test_measured_memory_replaces_the_guess() -> None:
    cells = {
        f'test/{n}': Cell(
            Stage('test', axes=('n',)),
            {'n': str(n)},
            AxisSetting(),
            Path(),
            {},
            (),
            None,
            '',
        )
        for n in range(3)
    }
    launcher = LocalLauncher(jobs=1, memory=99)
    asked = []
    submit = launcher.submit

    def spy(key: str, function: Any, *args: Any, memory: float, cpus: int) -> None:
        asked.append(memory)
        submit(key, function, *args, memory=memory, cpus=cpus)

    launcher.submit = spy
    cells = {cell.id: cell for cell in cells.values()}
    ignore = lambda *args: None  # noqa: E731
    run_cells(cells, (), launcher, Runner(peak=0.7), ignore, ignore)
    assert asked == [2.0, 0.7, 0.7]


def test_free_memory_is_some_of_the_machines() -> None:
    memory = free_local_memory()
    assert memory is None or 0 < memory < 10_000


def test_stale_cells_are_named_rerun_or_kept(tmp_path: Path) -> None:
    cells = cells_of({'a': (), 'b': ()}, tmp_path)
    for id, fingerprint in (('a', 'fa'), ('b', 'another')):
        write_record(CellRecord(FINISHED, fingerprint, [], {}), cells[id].folder)
    state = sweep_state(cells)
    assert state.stale == {'b'}
    runner = Runner()
    launcher = LocalLauncher(jobs=1, memory=99)
    with pytest.raises(ValueError, match=r'1 finished cells .*: b\. --stale rerun'):
        run_sweep(cells, launcher, run=runner)
    assert run_sweep(cells, launcher, KEEP, runner).keys() == {'a', 'b'}
    assert runner.order == []
    run_sweep(cells, launcher, RERUN, runner)
    assert runner.order == ['b']
    assert read_record(tmp_path / 'b.old1').fingerprint == 'another'
