"""How a cell's process may end, and what its record says."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from mmsmot.engine.sweeps.axis import AxisSetting
from mmsmot.engine.sweeps.cell_record import (
    FAILED,
    FINISHED,
    RUNNING,
    CellRecord,
    read_record,
    write_record,
)
from mmsmot.engine.sweeps.cell_run import RSS_UNIT, move_cell_run_aside, run_cell
from mmsmot.engine.sweeps.stage import TRAIN, Stage
from mmsmot.utils.folder_lock import folder_lock

from .sweep_files import ScriptCell

SCORES = """
import json, pathlib
folder = pathlib.Path(r'RUN', '20260101_000000')
folder.mkdir()
(folder / '20260101_000000.json').write_text(json.dumps({'track/HOTA': 40.5, 'time': 1}))
"""


def cell_of(tmp_path: Path, script: str, stage: Stage | None = None) -> ScriptCell:
    cell = ScriptCell(
        stage=stage or Stage('test'),
        labels={},
        setting=AxisSetting(),
        folder=tmp_path / 'test',
        folders={},
        needs=(),
        start=None,
        fingerprint='f',
    )
    object.__setattr__(cell, 'script', script)
    return cell


def test_a_test_that_ends_well(tmp_path: Path) -> None:
    record = run_cell(cell_of(tmp_path, SCORES))
    assert record.status == FINISHED
    assert record.scores == {'track/HOTA': 40.5}
    assert record.seconds > 0
    assert read_record(tmp_path / 'test') == record
    if hasattr(os, 'wait4'):
        # GiB of a bare Python, or of this process, which Linux counts in.
        own_memory = (
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / RSS_UNIT / 2**20
        )
        assert 0.001 < record.peak_memory < own_memory + 1


def test_a_test_without_scores_has_failed(tmp_path: Path) -> None:
    record = run_cell(cell_of(tmp_path, 'pass'))
    assert record.status == FAILED
    assert 'wrote no scores' in record.error


def test_the_last_error_is_recorded(tmp_path: Path) -> None:
    script = "print('at work'); raise ValueError('gt.txt:3: no number')"
    record = run_cell(cell_of(tmp_path, script))
    assert record.status == FAILED
    assert 'ValueError: gt.txt:3: no number (exit code 1, ' in record.error
    assert '\nat work\n' in (tmp_path / 'test' / 'log.txt').read_text()


DISTRIBUTED = """
print("{text}")
print("W1130 02:01:37.2 9599 torch/distributed/elastic/api.py:1002] closing signal SIGTERM")
print("E1130 02:01:37.2 9599 torch/distributed/elastic/api.py:1002] failed (exitcode: {code})"
      " local_rank: 0 (pid: 9630) of binary: python")
print("torch.distributed.elastic.multiprocessing.errors.ChildFailedError: ")
print("=" * 60)
raise SystemExit(1)
"""


@pytest.mark.parametrize(
    ('text', 'code', 'error'),
    [
        (
            '[rank0]: a.b.OutOfMemoryError: CUDA',
            1,
            '[rank0]: a.b.OutOfMemoryError: CUDA',
        ),
        ('data has no train', 1, 'data has no train'),
        ('Iter(train) [7/9]', -9, 'killed by the system'),
    ],
)
def test_the_error_of_a_process_not_of_its_launcher(
    tmp_path: Path, text: str, code: int, error: str
) -> None:
    script = DISTRIBUTED.replace('{text}', text).replace('{code}', str(code))
    record = run_cell(cell_of(tmp_path, script))
    assert record.error.startswith(error)
    assert text in record.error
    assert '====' not in record.error


def test_the_error_is_of_the_last_run(tmp_path: Path) -> None:
    run_cell(cell_of(tmp_path, "raise ValueError('old')"))
    record = run_cell(cell_of(tmp_path, "print('at work'); raise SystemExit(3)"))
    assert record.error.startswith('at work (exit code 3')


def test_a_cell_runs_where_its_relative_paths_start(tmp_path: Path) -> None:
    script = "raise ValueError(__import__('os').getcwd())"
    record = run_cell(cell_of(tmp_path, script), cwd=str(tmp_path))
    assert f'ValueError: {tmp_path.resolve()} ' in record.error


def test_a_cell_that_the_system_killed(tmp_path: Path) -> None:
    script = "import os; print('frame 7', flush=True); os.kill(os.getpid(), 9)"
    record = run_cell(cell_of(tmp_path, script))
    assert record.status == FAILED
    assert 'memory runs out' in record.error
    assert 'frame 7' in record.error


def test_an_interrupted_cell_starts_from_its_beginning(tmp_path: Path) -> None:
    cell = cell_of(tmp_path, SCORES)
    cell.run_dir.mkdir(parents=True)
    (cell.run_dir / 'half.txt').write_text('half')
    write_record(CellRecord(RUNNING, 'f', [], {}), cell.folder)
    assert run_cell(cell).status == FINISHED
    assert not (cell.run_dir / 'half.txt').exists()


def test_what_another_process_has_finished_is_kept(tmp_path: Path) -> None:
    cell = cell_of(tmp_path, SCORES)
    record = CellRecord(FINISHED, 'f', ['somebody'], {}, seconds=7.0)
    write_record(record, cell.folder)
    assert run_cell(cell, keep=True) == record
    # Not what another sweep file has made, nor where nobody asks for it.
    other = replace(record, fingerprint='other')
    write_record(other, cell.folder)
    assert run_cell(cell, keep=True).command != ['somebody']
    write_record(record, cell.folder)
    assert run_cell(cell).command != ['somebody']


def test_a_stage_that_resumes_keeps_what_it_has(tmp_path: Path) -> None:
    stage = Stage('train', TRAIN, resume=True)
    cell = cell_of(tmp_path, 'pass', stage)
    cell.run_dir.mkdir(parents=True)
    (cell.run_dir / 'epoch_1.pth').write_text('')
    write_record(CellRecord(RUNNING, 'f', [], {}), cell.folder)
    assert run_cell(cell).status == FINISHED
    assert (cell.run_dir / 'epoch_1.pth').exists()
    # Not of another cell that lay there.
    write_record(CellRecord(RUNNING, 'other', [], {}), cell.folder)
    assert run_cell(cell).status == FINISHED
    assert not (cell.run_dir / 'epoch_1.pth').exists()


def test_never_two_processes_in_one_cell(tmp_path: Path) -> None:
    cell = cell_of(tmp_path, SCORES)
    with folder_lock(cell.folder), pytest.raises(BlockingIOError):
        run_cell(cell)


def test_stale_results_are_put_aside(tmp_path: Path) -> None:
    cell = cell_of(tmp_path, SCORES)
    assert move_cell_run_aside(cell) is None
    run_cell(cell)
    aside = move_cell_run_aside(cell)
    assert aside == tmp_path / 'test.old1'
    assert read_record(aside).scores == {'track/HOTA': 40.5}
    run_cell(cell)
    assert move_cell_run_aside(cell) == tmp_path / 'test.old2'


def test_a_damaged_record_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / 'cell.json').write_text('{"status"')
    assert read_record(tmp_path) is None


@pytest.mark.skipif(sys.platform != 'linux', reason='needs Linux')
def test_the_process_ends_with_a_sweep_that_is_killed(tmp_path: Path) -> None:
    pid_file = tmp_path / 'pid'
    driver = f"""
import sys
sys.path.insert(0, {os.getcwd()!r})
from pathlib import Path
from tests.engine.sweeps.test_cell_run import cell_of, run_cell
script = '''
import os, time
open({str(pid_file)!r}, 'w').write(str(os.getpid()))
time.sleep(60)
'''
run_cell(cell_of(Path({str(tmp_path)!r}), script))
"""
    process = subprocess.Popen([sys.executable, '-c', driver])
    deadline = time.monotonic() + 60
    while not (pid_file.exists() and pid_file.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    pid = int(pid_file.read_text())
    while Path(f'/proc/{pid}').exists() and 'Z' not in _state(pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert read_record(tmp_path / 'test').status == RUNNING


def _state(pid: int) -> str:
    try:
        return Path(f'/proc/{pid}/stat').read_text().split(')')[1].split()[0]
    except OSError:
        return 'Z'


def test_the_memory_of_all_processes_counts(tmp_path: Path) -> None:
    one = run_cell(cell_of(tmp_path, SCORES))
    two = run_cell(cell_of(tmp_path / 'b', SCORES, replace(Stage('test'), processes=2)))
    if one.peak_memory is not None:
        assert two.peak_memory == pytest.approx(2 * one.peak_memory, rel=0.3)
