"""A tool ends in one line where its user can mend what is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmsmot.structures import Trajectories
from mmsmot.utils.command_line import run_tool


def end(error: BaseException) -> None:
    raise error


def nonsense() -> None:
    Trajectories([1], [1], np.array([[5.0, 5, 1, 1]]))


def slip() -> None:
    np.concatenate([np.zeros((2, 2)), np.zeros((3, 3))])


@pytest.mark.parametrize(
    ('main', 'line'),
    [
        (Path('/nowhere/at.all').read_text, 'No such file or directory'),
        (lambda: end(ImportError('needs av')), 'ImportError: needs av'),
        (nonsense, 'ValueError: Trajectories: box 0 is empty or inverted'),
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
