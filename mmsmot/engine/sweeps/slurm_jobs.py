"""The cells of a sweep as array jobs of SLURM, a job for each stage."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

from ...utils.atomic import atomic_write
from .cell import Cell
from .stage import stage_tool_path
from .sweep_file import Sweep
from .sweep_run import KEEP, REFUSE


def write_array_jobs(
    sweep: Sweep,
    cells: Mapping[str, Cell],
    finished: Collection[str],
    work_dir: Path,
    jobs: int = 1,
    stale: str = REFUSE,
    data_root: str | None = None,
) -> Path | None:
    """Write ``slurm/<stage>.sh`` and ``submit.sh``, which submits them in order.

    A stage waits until the stages that it needs have ended; a cell one of whose cells
    failed refuses then, and the others run. What your cluster wants
    beside (partition, account, time), ``sbatch`` takes from ``SBATCH_*`` variables or
    from the arguments of ``submit.sh``.

    Args:
        sweep: What is run.
        cells: Its cells by id.
        finished: Ids of the cells that need not be run.
        work_dir: The folder of the cells, on a file system that all machines share.
        jobs: Cells of a stage that run at a time.
        stale: ``'keep'``: cells build on those that the sweep file would make otherwise
            today.
        data_root: The folder of the data; ``None``: the sweep file says it.

    Returns:
        ``submit.sh``; ``None`` where everything is finished.
    """
    folder = work_dir.resolve() / 'slurm'
    lines = ['#!/usr/bin/env bash', '# Usage: submit.sh [arguments of sbatch ...]', '']
    lines += ['set -euo pipefail']
    submitted: list[str] = []
    for stage in sweep.stages.values():
        ids = [
            c.id for c in cells.values() if c.stage == stage and c.id not in finished
        ]
        if not ids:
            continue
        _write(folder / f'{stage.name}.txt', ids)
        job = _job(sweep, stage.name, work_dir.resolve(), stale, data_root)
        _write(folder / f'{stage.name}.sh', job)
        needed = [f'${{job_{name}}}' for name in stage.needs if name in submitted]
        # Not afterok: a cell that failed would keep those that do not need it as well.
        dependency = f'--dependency=afterany:{":".join(needed)} ' if needed else ''
        cpus = stage.processes * (stage.threads or 1)
        memory = f'--mem={int(stage.memory * 1024)}M ' if stage.memory else ''
        script = shlex.quote(str(folder / f'{stage.name}.sh'))
        lines.append(
            f'job_{stage.name}=$(sbatch --parsable {dependency}--array=0-{len(ids) - 1}%{jobs} '
            f'--cpus-per-task={cpus} {memory}--job-name={stage.name} "$@" {script})'
        )
        submitted.append(stage.name)
    if not submitted:
        return None
    _write(folder / 'submit.sh', lines)
    return folder / 'submit.sh'


def _job(
    sweep: Sweep, stage: str, work_dir: Path, stale: str, data_root: str | None
) -> list[str]:
    cells_file = shlex.quote(str(work_dir / 'slurm' / f'{stage}.txt'))
    command = [
        *(sys.executable, str(stage_tool_path('sweep.py')), str(sweep.path.resolve())),
        *('--work-dir', str(work_dir)),
        *(('--stale', KEEP) if stale == KEEP else ()),
        *(('--data-root', data_root) if data_root is not None else ()),
        '--cell',
    ]
    return [
        '#!/usr/bin/env bash',
        'set -euo pipefail',
        f'cell=$(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" {cells_file})',
        f'cd {shlex.quote(str(Path.cwd()))}',
        f'exec {shlex.join(command)} "$cell"',
    ]


def _write(path: Path, lines: list[str]) -> None:
    with atomic_write(path) as stream:
        stream.write('\n'.join(lines) + '\n')
