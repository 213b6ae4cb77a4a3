"""A tool ends in one line where its user can mend what is wrong."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmsmot.engine.hooks import StopAtNaN
from mmsmot.engine.memory import explain_out_of_memory
from mmsmot.structures import Trajectories
from mmsmot.utils.command_line import run_tool


def end(error: BaseException) -> None:
    raise error


def nonsense() -> None:
    Trajectories([1], [1], np.array([[5.0, 5, 1, 1]]))


def no_memory() -> None:
    with explain_out_of_memory(Config(), training=False):
        raise torch.OutOfMemoryError('CUDA out of memory')


def no_number() -> None:
    runner = SimpleNamespace(iter=3, work_dir='/nowhere')
    weights = {'w': torch.tensor(torch.nan)}
    StopAtNaN().before_save_checkpoint(runner, {'state_dict': weights})


def slip() -> None:
    np.concatenate([np.zeros((2, 2)), np.zeros((3, 3))])


@pytest.mark.parametrize(
    ('main', 'line'),
    [
        (Path('/nowhere/at.all').read_text, 'No such file or directory'),
        (lambda: end(ImportError('needs av')), 'ImportError: needs av'),
        (nonsense, 'ValueError: Trajectories: box 0 is empty or inverted'),
        (no_memory, 'MemoryError: out of memory (CUDA out of memory'),
        (no_number, 'FloatingPointError: the weight w is not finite after'),
    ],
)
def test_one_line(main, line: str, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as caught:
        run_tool(main)
    assert caught.value.code == 1
    err = capsys.readouterr().err
    assert line in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ('main', 'error'),
    [
        (slip, ValueError),  # NumPy raises it: nobody can tell what is wrong
        (lambda: {}['key'], KeyError),
        (lambda: np.empty(1 << 55), MemoryError),
        (lambda: end(FloatingPointError('in the code of a user')), FloatingPointError),
        (lambda: end(ValueError('in the code of a user')), ValueError),
        (lambda: end(OSError()), OSError),
    ],
)
def test_a_bug_keeps_its_traceback(main, error: type) -> None:
    with pytest.raises(error):
        run_tool(main)


def test_the_whole_traceback_may_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('MMSMOT_TRACEBACK', '1')
    with pytest.raises(ValueError, match='inverted'):
        run_tool(nonsense)


def test_an_interrupt(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as caught:
        run_tool(lambda: end(KeyboardInterrupt()))
    assert caught.value.code == 130
    assert capsys.readouterr().err.startswith('interrupted')
