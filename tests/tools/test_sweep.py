"""The sweep tool on its own: killed half-way, gone on, and its tables."""

from __future__ import annotations

import json
import os
import runpy
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from mmsmot.engine.sweeps.cell import plan_cells
from mmsmot.engine.sweeps.cell_record import (
    BLOCKED,
    FAILED,
    FINISHED,
    CellRecord,
    read_record,
    write_record,
)
from mmsmot.utils.folder_lock import folder_lock
from tests.demo_scene import make_demo_scene
from tests.engine.sweeps.sweep_files import BYTETRACK, KEY, SORT, sweep_of
from tests.engine.sweeps.test_schedule import cells_of

ROOT = Path(__file__).parents[2]


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """Two trackers by two thresholds; the second threshold's key comes by an axis."""
    make_demo_scene(tmp_path / 'data' / 's0', num_frames=4)
    path = tmp_path / 'ablation.py'
    path.write_text(
        f"""
options = dict(data_root={str(tmp_path / 'data')!r})
axes = {{'tracker': {{'SORT': '{SORT}', 'BYTE': '{BYTETRACK}'}}, '{KEY}': [0.1, 0.3]}}
columns = ['{KEY}']
metrics = ['HOTA', 'IDF1']
"""
    )
    return path


def command(sweep: Path, *args: str, work_dir: str = 'work') -> list[str]:
    work_dir = str(sweep.parent / work_dir)
    return [sys.executable, 'tools/sweep.py', str(sweep), '--work-dir', work_dir, *args]


def run(sweep: Path, *args: str, work_dir: str = 'work') -> subprocess.CompletedProcess:
    return subprocess.run(
        command(sweep, *args, work_dir=work_dir),
        cwd=ROOT,
        env=os.environ | {'OMP_NUM_THREADS': '1'},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def records(sweep: Path, work_dir: str = 'work') -> dict[str, dict]:
    paths = sorted((sweep.parent / work_dir).glob('*/*/cell.json'))
    return {path.parent.name: json.loads(path.read_text()) for path in paths}


def test_a_killed_sweep_goes_on(sweep: Path) -> None:
    process = subprocess.Popen(
        command(sweep, '--jobs', '2'), cwd=ROOT, stdout=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 300
    while not any(r['status'] == 'finished' for r in records(sweep).values()):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = {k: r for k, r in records(sweep).items() if r['status'] == 'finished'}
    done = run(sweep, '--jobs', '2')
    assert done.returncode == 0, done.stderr
    assert f'{len(before)} of 4 cells are finished\n' in done.stdout
    assert 'was interrupted, starts from its beginning' in done.stdout
    after = records(sweep)
    assert {r['status'] for r in after.values()} == {'finished'}
    assert len(after) == 4
    assert all(after[name] == record for name, record in before.items())
    work = sweep.parent / 'work'
    assert '| SORT | ' in (work / 'table.md').read_text()
    assert 'tools/test.py' in (work / 'commands.md').read_text()
    assert (work / 'plot.png').stat().st_size > 1000
    # Again without running anything, into the same bytes.
    (work / 'table.csv').rename(work / 'before.csv')
    done = run(sweep, '--from-logs')
    assert done.returncode == 0, done.stderr
    assert (work / 'table.csv').read_bytes() == (work / 'before.csv').read_bytes()
    assert f'--work-dir {work}`; each cell' in (work / 'table.md').read_text()
    if find_spec('ray') is not None:  # two workers, in a folder of their own
        done = run(sweep, '--launcher', 'ray', '--jobs', '2', work_dir='ray')
        assert done.returncode == 0, done.stderr
        assert {k: (r['status'], r['scores']) for k, r in after.items()} == {
            k: (r['status'], r['scores']) for k, r in records(sweep, 'ray').items()
        }
        assert (sweep.parent / 'ray/table.csv').read_bytes() == (
            work / 'table.csv'
        ).read_bytes()
    # A finished cell is run no second time by its id either, nor is one on the quiet
    # that another sweep file has made.
    cell = 'test/tracker=SORT+score_threshold=0.1'
    done = run(sweep, '--cell', cell)
    assert (done.returncode, done.stdout) == (0, f'{cell}: is finished\n')
    sweep.write_text(sweep.read_text().replace('data_root=', 'seed=3, data_root='))
    assert '--stale rerun' in run(sweep, '--cell', cell).stderr
    assert records(sweep) == after


def test_two_sweeps_in_a_folder_dry_run_and_a_wrong_axis(sweep: Path) -> None:
    with folder_lock(sweep.parent / 'work'):
        done = run(sweep)
    assert done.returncode == 1
    assert 'Two runs would mix their files' in done.stderr
    (sweep.parent / 'work').rmdir()
    done = run(sweep, '--dry-run', '--data-root', '/other')
    assert done.stdout.count('(to run)') == 4
    assert done.stdout.count(' --data-root /other ') == 4
    assert not (sweep.parent / 'work').exists()
    for args, message in (
        (('--memory', '3', '--launcher', 'slurm'), 'memory=GIB'),
        (('--address', 'auto'), 'add --launcher ray'),
    ):
        done = run(sweep, *args)
        assert done.returncode == 2
        assert message in done.stderr
    done = run(sweep, '--data-root', '/other')
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "data_root='/other' is not there; of 4 cells" in done.stderr
    sweep.write_text(sweep.read_text().replace(KEY, 'model.detector.score_treshold'))
    done = run(sweep)
    assert done.returncode == 1
    assert 'axes[' in done.stderr
    assert ', of test/tracker=SORT' in done.stderr
    assert 'score_threshold' in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_data_in_another_folder_than_the_file_says(sweep: Path) -> None:
    """The folder is no part of the results: without the option they are not stale."""
    sweep.write_text(
        f"base = '{SORT}'\noptions = dict(data_root='nowhere')\nmetrics = ['HOTA']"
    )
    folder = ('--data-root', str(sweep.parent / 'data'))
    done = run(sweep, *folder)
    assert done.returncode == 0, done.stderr
    work = sweep.parent / 'work'
    table = (work / 'table.csv').read_bytes()
    for args in ((), ('--data-root', os.path.relpath(folder[1], ROOT))):
        done = run(sweep, '--from-logs', *args)
        assert done.returncode == 0, done.stderr
        assert 'today' not in (work / 'table.md').read_text()
        assert (work / 'table.csv').read_bytes() == table
    done = run(sweep, '--launcher', 'slurm', *folder)
    assert done.returncode == 0, done.stderr
    assert f'--data-root {folder[1]} --from-logs' in done.stdout


def test_a_cell_alone_records_what_blocks_it(tmp_path: Path) -> None:
    """As in an array job of SLURM, which no sweep watches."""
    cells = cells_of({'a': (), 'b': ('a',), 'c': ('b',)}, tmp_path)
    write_record(CellRecord(FAILED, 'fa', [], {}), cells['a'].folder)
    run_one = runpy.run_path(str(ROOT / 'tools' / 'sweep.py'))['run_one']
    for id, need in (('b', 'a'), ('c', 'b')):
        with pytest.raises(SystemExit, match=f'{id} needs {need}, not finished yet'):
            run_one(cells, id, 'refuse')
        record = read_record(cells[id].folder)
        assert (record.status, record.blocked_by) == (BLOCKED, ['a'])
    # Once a is finished nothing says that it failed.
    write_record(CellRecord(FINISHED, 'fa', [], {}), cells['a'].folder)
    (cells['c'].folder / 'cell.json').unlink()
    with pytest.raises(SystemExit, match='c needs b, not finished yet'):
        run_one(cells, 'c', 'refuse')
    assert read_record(cells['c'].folder) is None


def test_the_sweep_file_of_the_help_is_that_of_the_readme(tmp_path: Path) -> None:
    text = runpy.run_path(str(ROOT / 'tools' / 'sweep.py'))['__doc__']
    example = text[text.index('options =') : text.index('What was finished')].rstrip()
    assert f'{example}\n```' in (ROOT / 'configs/ablations/README.md').read_text()
    sweep = sweep_of(tmp_path, example)
    assert len(plan_cells(sweep, tmp_path)) == 6
