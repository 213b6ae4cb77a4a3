"""What starts several processes of one run, and which of them this is."""

from __future__ import annotations

import argparse
import os

from .number_ranges import require_choice

# Variables that MMEngine reads of each launcher, this process's number among all first.
VARIABLES = {
    'none': (),
    'pytorch': ('RANK', 'LOCAL_RANK', 'WORLD_SIZE', 'MASTER_ADDR'),
    'slurm': ('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_NODELIST'),
    'mpi': ('OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_LOCAL_RANK', 'MASTER_ADDR'),
}
STARTS = {
    'pytorch': 'tools/dist_train.sh CONFIG GPUS, tools/dist_test.sh or torchrun',
    'slurm': 'tools/slurm_train.sh, tools/slurm_test.sh or srun',
    'mpi': 'mpirun, with MASTER_ADDR set',
}


def add_launcher_options(parser: argparse.ArgumentParser, script: str) -> None:
    """Add ``--launcher`` and what ``torch.distributed.launch`` passes.

    Args:
        parser: Of the tool.
        script: The shell script that starts several processes of it.
    """
    parser.add_argument(
        '--launcher',
        choices=[*VARIABLES],
        help=f'what started several processes; {script} does it',
    )
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)


def launched_rank(launcher: str) -> int:
    """This process's number among all of a run; the first is 0.

    Args:
        launcher: ``none``, ``pytorch``, ``slurm`` or ``mpi``.

    Raises:
        ValueError: No such launcher, or it did not start this process; names the command
            that does.
    """
    require_choice('launched_rank', VARIABLES, launcher=launcher)
    missing = [name for name in VARIABLES[launcher] if name not in os.environ]
    if missing:
        raise ValueError(
            f'--launcher {launcher}: {", ".join(missing)} not set, so nothing started '
            f'several processes: run it by {STARTS[launcher]}, or leave --launcher out'
        )
    if launcher == 'none':
        return 0
    name = VARIABLES[launcher][0]
    number = os.environ[name]
    if not number.isdecimal():
        raise ValueError(f'--launcher {launcher}: {name} is no number: {number!r}')
    return int(number)
