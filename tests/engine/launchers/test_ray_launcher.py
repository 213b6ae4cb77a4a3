"""Jobs on a cluster of two workers on this machine, one of which is killed."""

from __future__ import annotations

import itertools
import json
import os
import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip('ray', reason='needs ray')

from mmsmot.apis.batch import SUMMARY, infer_batch
from mmsmot.engine.launchers.ray_launcher import GIB, MAX_STARTS, RayLauncher
from mmsmot.engine.sweeps.cell import Cell
from mmsmot.engine.sweeps.cell_record import FAILED, FINISHED, CellRecord
from mmsmot.engine.sweeps.schedule import run_cells
from tests.demo_scene import make_demo_scene
from tests.engine.sweeps.sweep_files import SORT
from tests.engine.sweeps.test_schedule import cells_of


@pytest.fixture(scope='module')
def launcher() -> Iterator[RayLauncher]:
    launcher = RayLauncher(jobs=2, memory=3.0)
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
    begin = time.time()
    time.sleep(0.2)
    scores = {'pid': float(os.getpid()), 'begin': begin, 'end': time.time()}
    return CellRecord(FINISHED, '', [], {}, scores=scores)


def test_a_killed_worker_costs_no_cell(launcher: RayLauncher, tmp_path: Path) -> None:
    names = ('a', 'dies', 'b', 'raises', 'hopeless', 'c')
    cells = cells_of(dict.fromkeys(names, ()), tmp_path)
    # Two gibibytes each, of three: they run one after the other.
    ignore = lambda *args: None  # noqa: E731
    # As tools/sweep.py gives it, with the folder that it stands in.
    records = run_cells(cells, (), launcher, partial(run), ignore, ignore)
    statuses = {name: record.status for name, record in records.items()}
    failed = {'raises', 'hopeless'}
    assert statuses == {n: FAILED if n in failed else FINISHED for n in cells}
    assert records['raises'].error == 'ValueError: gt.txt:3: no number'
    assert records['hopeless'].error.startswith('WorkerCrashedError')
    spans = sorted(
        (r.scores['begin'], r.scores['end']) for r in records.values() if r.scores
    )
    assert len(spans) == 4
    assert all(end <= begin for (_, end), (begin, _) in itertools.pairwise(spans))
    starts = {n: len((tmp_path / f'{n}.starts').read_text()) for n in cells}
    assert starts == dict(a=1, dies=2, b=1, raises=1, hopeless=MAX_STARTS, c=1)


def test_as_many_jobs_at_a_time_as_processors(
    launcher: RayLauncher, tmp_path: Path
) -> None:
    for cell in cells_of({'a': (), 'b': ()}, tmp_path).values():
        assert launcher.has_room(1.0)
        launcher.submit(cell.id, run, cell, memory=1.0)
    assert not launcher.has_room(1.0)
    assert {launcher.wait()[0], launcher.wait()[0]} == {'a', 'b'}
    assert launcher.has_room(1.0)


def test_a_job_larger_than_any_machine_runs_alone(
    launcher: RayLauncher, tmp_path: Path
) -> None:
    (cell,) = cells_of({'a': ()}, tmp_path).values()
    launcher.submit('a', run, cell, memory=1e6, cpus=999)
    key, record = launcher.wait()
    assert (key, record.status) == ('a', FINISHED)
    assert record.scores['pid'] != os.getpid()


def test_videos_on_a_cluster_and_one_summary(
    launcher: RayLauncher, tmp_path: Path
) -> None:
    for seed in range(2):
        make_demo_scene(tmp_path / 'videos' / f's{seed}', seed=seed, num_frames=4)
    call = dict(draw=False)
    inferencer = dict(config=SORT)
    folder, out = str(tmp_path / 'videos'), tmp_path / 'out'
    summaries = infer_batch(launcher, folder, out, inferencer, call)
    assert [summary.error for summary in summaries] == [None, None]
    assert [summary.num_frames for summary in summaries] == [4, 4]
    written = json.loads((out / SUMMARY).read_text())
    assert [Path(line['video']).name for line in written] == ['s0', 's1']
    # Again: what is finished is not done a second time.
    times = [(out / name / 'result.json').stat().st_mtime_ns for name in ('s0', 's1')]
    assert infer_batch(launcher, folder, out, inferencer, call) == summaries
    assert times == [
        (out / name / 'result.json').stat().st_mtime_ns for name in ('s0', 's1')
    ]


def test_memory_is_not_for_a_running_cluster() -> None:
    with pytest.raises(ValueError, match='ray start --memory=BYTES'):
        RayLauncher(memory=3.0, address='10.0.0.1:6379')


def test_jobs_on_gpus_share_them_where_there_are_more_jobs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What Ray is asked for; its workers see no GPU here."""
    shares: list[float] = []

    def start(self: RayLauncher, key: str) -> None:
        shares.append(self._jobs[key].gpus)

    monkeypatch.setattr(RayLauncher, '_start', start)
    for num_gpus, jobs in ((0, 4), (2, 4), (2, 3), (2, 1), (2, None)):
        launcher = object.__new__(RayLauncher)
        resources = {'CPU': 8.0, 'GPU': float(num_gpus)}
        launcher._ray = ray_of(resources)
        launcher._jobs, launcher._own_jobs = {}, jobs
        for gpus in (0, 1, 4):
            launcher.submit(f'{gpus}', run, memory=1.0, gpus=gpus)
    assert shares == [0, 0, 0, 0, 0.5, 2, 0, 0.5, 2, 0, 1, 2, 0, 1, 2]


def test_a_job_asks_for_no_more_than_one_machine_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two machines of two GPUs have four, but a job runs on one of them."""
    monkeypatch.setattr(RayLauncher, '_start', lambda self, key: None)
    launcher = object.__new__(RayLauncher)
    machine = {'CPU': 4.0, 'GPU': 2.0, 'memory': 3.0 * GIB}
    launcher._ray = ray_of(machine, {'CPU': 6.0}, machine)
    launcher._jobs, launcher._own_jobs = {}, None
    launcher.submit('a', run, memory=5.0, cpus=8, gpus=4)
    job = launcher._jobs['a']
    assert (job.cpus, job.gpus, job.memory) == (6, 2, 3.0 * GIB)


def ray_of(*machines: dict[str, float]) -> SimpleNamespace:
    """A cluster of some machines, and of one that has left it."""
    nodes = [dict(Alive=True, Resources=resources) for resources in machines]
    nodes.append(dict(Alive=False, Resources={'CPU': 99.0, 'GPU': 99.0}))
    return SimpleNamespace(nodes=lambda: nodes)
