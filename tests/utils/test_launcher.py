"""Which process of a run this is, and that something started several."""

from __future__ import annotations

import pytest

from mmsmot.utils.launcher import VARIABLES, launched_rank


@pytest.mark.parametrize(
    ('launcher', 'command'),
    [
        ('pytorch', r'RANK, .*dist_train\.sh.*torchrun'),
        ('slurm', 'SLURM_PROCID, .*srun'),
        ('mpi', 'OMPI_COMM_WORLD_RANK, .*mpirun'),
    ],
)
def test_a_launcher_that_started_nothing(monkeypatch, launcher, command) -> None:
    for name in VARIABLES[launcher]:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ValueError, match=rf'--launcher {launcher}: {command}'):
        launched_rank(launcher)
    for name in VARIABLES[launcher]:
        monkeypatch.setenv(name, '3')
    assert launched_rank(launcher) == 3
    monkeypatch.setenv(VARIABLES[launcher][0], 'x')
    with pytest.raises(ValueError, match="is no number: 'x'"):
        launched_rank(launcher)


def test_one_process() -> None:
    assert launched_rank('none') == 0
    with pytest.raises(ValueError, match='launcher must be one of'):
        launched_rank('torch')
