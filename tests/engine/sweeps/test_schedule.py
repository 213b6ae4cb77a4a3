"""In which order cells run, and what a failed one keeps from running."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmsmot.engine.launchers.local_launcher import LocalLauncher, free_local_memory
from mmsmot.engine.sweeps.axis import AxisSetting
from mmsmot.engine.sweeps.cell import Cell
from mmsmot.engine.sweeps.cell_record import (
    BLOCKED,
    FAILED,
    FINISHED,
    RUNNING,
    CellRecord,
    read_record,
    write_record,
)
from mmsmot.engine.sweeps.schedule import run_cells
from mmsmot.engine.sweeps.stage import Stage
from mmsmot.engine.sweeps.sweep_run import KEEP, RERUN, run_sweep, sweep_state
from mmsmot.utils.full_disk import explain_full_disk


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
        jobs=settings.pop('jobs', 1), memory=settings.pop('memory', 99), gpus=()
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


def test_a_failed_cell_blocks_what_needs_it(tmp_path: Path) -> None:
    needs = {'f': (), 'a': (), 'b': ('a',), 'c': ('b',), 'd': (), 'e': ('f', 'b', 'd')}
    cells = cells_of(needs, tmp_path)
    # Of an earlier run, whose files a training may go on with.
    write_record(CellRecord(RUNNING, 'another', ['x'], {}), tmp_path / 'c')
    runner = Runner(failing={'a', 'f'})
    records = run(cells, runner)
    assert runner.order == ['f', 'a', 'd']
    assert records['d'].status == FINISHED
    for id, causes in dict(b=['a'], c=['a'], e=['f']).items():  # e at once
        assert records[id].status == BLOCKED
        assert records[id].blocked_by == causes
        assert records[id].error == f'not run: {", ".join(causes)} failed'
        assert read_record(tmp_path / id).blocked_by == causes
    assert read_record(tmp_path / 'b') == records['b']
    assert read_record(tmp_path / 'c').fingerprint == 'another'
    # The next time all of them run.
    state = sweep_state(cells)
    assert state.finished == frozenset()
    assert {r.status for r in run(cells, Runner()).values()} == {FINISHED}


def test_finished_cells_do_not_run_again() -> None:
    runner = Runner()
    run(cells_of({'a': (), 'b': ('a',)}), runner, finished=['a'])
    assert runner.order == ['b']


def test_a_job_that_raises_is_a_failed_cell() -> None:
    def broken(cell: Cell) -> CellRecord:
        raise OSError(30, 'Read-only file system')

    records = run(cells_of({'a': ()}), broken)
    assert 'Read-only' in records['a'].error


def test_a_full_disk_ends_the_sweep(tmp_path: Path) -> None:
    """Else each cell would fail in turn; what is finished stands."""

    def work(cell: Cell) -> CellRecord:
        if cell.id == 'b':
            raise OSError(28, 'No space left on device', 'log.txt')
        record = CellRecord(FINISHED, cell.fingerprint, [], {})
        write_record(record, cell.folder)
        return record

    cells = cells_of({'a': (), 'b': (), 'c': ()}, tmp_path)
    launcher = LocalLauncher(jobs=1, memory=99, gpus=())
    with pytest.raises(OSError, match='No space left'):
        run_sweep(cells, launcher, run=work)
    assert sweep_state(cells).finished == {'a'}
    assert not (tmp_path / 'c').exists()


@pytest.mark.parametrize(
    'text',
    [
        'OSError: [Errno 28] No space left on device (exit code 1, log.txt)',
        'RuntimeError: [enforce fail] Disk quota exceeded (exit code 1, log.txt)',
        'OSError: [Errno 28] the disk of / is full. Make room (exit code 1, log.txt)',
    ],
)
def test_a_tool_that_finds_the_disk_full_ends_the_sweep(
    tmp_path: Path, text: str
) -> None:
    """It ends in a process of its own, and a record has the last line that it wrote."""

    def work(cell: Cell) -> CellRecord:
        status = FAILED if cell.id == 'a' else FINISHED
        record = CellRecord(status, cell.fingerprint, [], {}, error=text)
        write_record(record, cell.folder)
        return record

    cells = cells_of({'a': (), 'b': ('a',), 'c': ()}, tmp_path)
    launcher = LocalLauncher(jobs=1, memory=99, gpus=())
    with (
        pytest.raises(OSError, match='the disk of .* is full') as error,
        explain_full_disk(tmp_path),
    ):
        run_sweep(cells, launcher, run=work)
    assert text in str(error.value)
    assert [*sweep_state(cells).records] == ['a']


def test_a_full_disk_at_a_blocked_cell_waits_for_what_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(folder: Path, record: CellRecord) -> None:
        raise OSError(28, 'No space left on device', str(folder))

    monkeypatch.setattr('mmsmot.engine.sweeps.schedule.record_blocked', no_room)
    failed, order = threading.Event(), []

    def work(cell: Cell) -> CellRecord:
        if cell.id == 'long':
            failed.wait(5)
        order.append(cell.id)
        status = FAILED if cell.id == 'a' else FINISHED
        return CellRecord(status, cell.fingerprint, [], {})

    def ended(cell: Cell, record: CellRecord) -> None:
        ended_ids.append(cell.id)
        if cell.id == 'b':
            failed.set()

    ended_ids: list[str] = []
    cells = cells_of({'long': (), 'a': (), 'b': ('a',), 'c': ()}, tmp_path)
    launcher = LocalLauncher(jobs=2, memory=99, gpus=())
    with pytest.raises(OSError, match='No space left'):
        run_cells(cells, (), launcher, work, lambda cell: None, ended)
    assert order == ['a', 'long']  # c is not begun
    assert ended_ids == ['a', 'b', 'long']


def test_each_job_gets_the_gpus_with_the_fewest_jobs() -> None:
    """Two processes want two; a fourth one shares the first."""
    barrier, gpus_of = threading.Barrier(3, timeout=5), {}

    def work(cell: Cell, environment: dict[str, str]) -> CellRecord:
        gpus_of[cell.id] = environment['CUDA_VISIBLE_DEVICES']
        barrier.wait()
        return CellRecord(FINISHED, '', [], {})

    cells = cells_of({'one': (), 'two': (), 'three': ()})
    pair = Stage('two', processes=2)
    cells['two'] = replace(cells['two'], stage=pair)
    launcher = LocalLauncher(jobs=3, memory=99, gpus=('4', '6', '7'))
    ignore = lambda *args: None  # noqa: E731
    run_cells(cells, (), launcher, work, ignore, ignore)
    assert gpus_of == dict(one='4', two='6,7', three='4')
    # What a job had is free again, and tools that need no GPU get none.
    arguments_of: dict[str, dict] = {}

    def note(cell: Cell, **arguments: Any) -> CellRecord:
        arguments_of[cell.id] = arguments
        return CellRecord(FINISHED, '', [], {})

    cells = cells_of({'a': (), 'b': (), 'data': ()})
    tool = Stage('data', run='dataset_converters/make_synsmot.py')
    cells['data'] = replace(cells['data'], stage=tool)
    launcher = LocalLauncher(jobs=1, memory=99, gpus=('4', '6', '7'))
    run_cells(cells, (), launcher, note, ignore, ignore)
    first = dict(environment={'CUDA_VISIBLE_DEVICES': '4'})
    assert arguments_of == dict(a=first, b=first, data={})


@pytest.mark.parametrize(
    ('names', 'count', 'gpus'),
    [(None, 2, ['0', '1']), ('3, 5', 2, ['3', '5']), ('', 0, []), (None, 0, [])],
)
def test_gpus_are_those_that_this_process_sees(
    monkeypatch: pytest.MonkeyPatch, names: str | None, count: int, gpus: list[str]
) -> None:
    monkeypatch.setattr('torch.cuda.device_count', lambda: count)
    monkeypatch.delenv('CUDA_VISIBLE_DEVICES', raising=False)
    if names is not None:
        monkeypatch.setenv('CUDA_VISIBLE_DEVICES', names)
    assert LocalLauncher().gpus == gpus


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
    launcher = LocalLauncher(jobs=1, memory=99, gpus=())
    needs = []
    submit = launcher.submit

    def spy(
        key: str, function: Any, *args: Any, memory: float, cpus: int, gpus: int
    ) -> None:
        needs.append(memory)
        submit(key, function, *args, memory=memory, cpus=cpus, gpus=gpus)

    launcher.submit = spy
    cells = {cell.id: cell for cell in cells.values()}
    ignore = lambda *args: None  # noqa: E731
    run_cells(cells, (), launcher, Runner(peak=0.7), ignore, ignore)
    assert needs == [2.0, 0.7, 0.7]


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
    launcher = LocalLauncher(jobs=1, memory=99, gpus=())
    with pytest.raises(ValueError, match=r'1 finished cells .*: b\. --stale rerun'):
        run_sweep(cells, launcher, run=runner)
    assert run_sweep(cells, launcher, KEEP, runner).keys() == {'a', 'b'}
    assert runner.order == []
    run_sweep(cells, launcher, RERUN, runner)
    assert runner.order == ['b']
    assert read_record(tmp_path / 'b.old1').fingerprint == 'another'
