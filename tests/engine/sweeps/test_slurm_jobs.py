"""Array jobs, submitted to an sbatch that notes what it was given."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from mmsmot.engine.sweeps.cell import plan_cells
from mmsmot.engine.sweeps.slurm_jobs import write_array_jobs
from mmsmot.engine.sweeps.sweep_run import KEEP

from .sweep_files import SORT, sweep_of

TEXT = f"""
base = '{SORT}'
axes = {{'model.tracker.max_age': [1, 2]}}
stages = [
    dict(name='first', processes=2, threads=3, memory=1.5),
    dict(name='second', after=['first']),
]
"""
# Answers with a number, as sbatch --parsable, and runs the tasks as SLURM would, but
# shows their commands.
SBATCH = """#!/usr/bin/env bash
echo "$@" >> "$LOG"
for last in "$@"; do :; done
for task in 0 1; do
    SLURM_ARRAY_TASK_ID=$task bash <(sed 's/^exec /echo /' "$last") >> "$LOG"
done
wc -l < "$LOG"
"""


def test_array_jobs(tmp_path: Path) -> None:
    sweep = sweep_of(tmp_path, TEXT)
    cells = plan_cells(sweep, tmp_path / 'work')
    submit = write_array_jobs(
        sweep, cells, (), tmp_path / 'work', jobs=4, stale=KEEP, data_root='my data'
    )
    sbatch = tmp_path / 'bin' / 'sbatch'
    sbatch.parent.mkdir()
    sbatch.write_text(SBATCH)
    sbatch.chmod(0o755)
    log = tmp_path / 'log'
    env = os.environ | {
        'PATH': f'{sbatch.parent}:{os.environ["PATH"]}',
        'LOG': str(log),
    }
    subprocess.run(['bash', submit, '--partition=gpu'], env=env, check=True)
    lines = log.read_text().splitlines()
    assert lines[0].startswith(
        '--parsable --array=0-1%4 --cpus-per-task=6 --mem=1536M --job-name=first '
        '--partition=gpu '
    )
    assert lines[1].endswith('--stale keep --data-root my data --cell first/max_age=1')
    assert lines[2].endswith('--cell first/max_age=2')
    assert '--dependency=afterany:3 --array=0-1%4' in lines[3]
    assert lines[5].endswith('--cell second/max_age=2')


@pytest.mark.parametrize('count', [1, 4])
def test_finished_cells_are_left_out(tmp_path: Path, count: int) -> None:
    sweep = sweep_of(tmp_path, TEXT)
    cells = plan_cells(sweep, tmp_path / 'work')
    submit = write_array_jobs(sweep, cells, [*cells][:count], tmp_path / 'work')
    if count == len(cells):
        assert submit is None
    else:
        names = (tmp_path / 'work/slurm/first.txt').read_text()
        assert names == 'first/max_age=2\n'
        assert '--array=0-0%1' in submit.read_text()
        assert '--stale' not in (tmp_path / 'work/slurm/first.sh').read_text()
