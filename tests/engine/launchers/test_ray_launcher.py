"""Jobs on a cluster of two workers on this machine, one of which is killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip('ray', reason='needs ray')

from mmsmot.engine.launchers.ray_launcher import MAX_STARTS, RayLauncher
from mmsmot.engine.sweeps.axis import AxisSetting
from mmsmot.engine.sweeps.cell import Cell
from mmsmot.engine.sweeps.cell_record import FAILED, FINISHED, CellRecord
from mmsmot.engine.sweeps.schedule import run_cells
from mmsmot.engine.sweeps.stage import Stage


@pytest.fixture(scope='module')
def launcher() -> Iterator[RayLauncher]:
    launcher = RayLauncher(jobs=2)
    yield launcher
    launcher.close()


def run(cell: Cell) -> CellRecord:
    """Note the start; ``dies`` kills its worker once, ``hopeless`` always."""
    starts = cell.folder.with_suffix('.starts')
    with open(starts, 'a') as stream:
        stream.write('x')
    count = len(starts.read_text())
    name = cell.stage.name
    if name == 'hopeless' or (name == 'dies' and count == 1):
        os.kill(os.getpid(), signal.SIGKILL)
    if name == 'raises':
        raise ValueError('gt.txt:3: no number')
    time.sleep(0.2)
    return CellRecord(FINISHED, '', [], {}, scores={'pid': float(os.getpid())})


def cells_of(folder: Path, *names: str) -> dict[str, Cell]:
    return {
        name: Cell(Stage(name), {}, AxisSetting(), folder / name, {}, (), None, '')
        for name in names
    }


def test_a_killed_worker_costs_no_cell(launcher: RayLauncher, tmp_path: Path) -> None:
    cells = cells_of(tmp_path, 'a', 'dies', 'b', 'raises', 'hopeless', 'c')
    # Two gibibytes each are more than a small machine has for all at a time: they wait.
    records = run_cells(
        cells, (), launcher, run, lambda cell: None, lambda cell, record: None
    )
    statuses = {name: record.status for name, record in records.items()}
    failed = {'raises', 'hopeless'}
    assert statuses == {n: FAILED if n in failed else FINISHED for n in cells}
    assert records['raises'].error == 'ValueError: gt.txt:3: no number'
    assert records['hopeless'].error.startswith('WorkerCrashedError')
    starts = {n: len((tmp_path / f'{n}.starts').read_text()) for n in cells}
    assert starts == dict(a=1, dies=2, b=1, raises=1, hopeless=MAX_STARTS, c=1)


def test_a_job_larger_than_any_machine_runs_alone(
    launcher: RayLauncher, tmp_path: Path
) -> None:
    (cell,) = cells_of(tmp_path, 'a').values()
    launcher.submit('a', run, cell, memory=1e6, cpus=999)
    key, record = launcher.wait()
    assert (key, record.status) == ('a', FINISHED)
    assert record.scores['pid'] != os.getpid()
