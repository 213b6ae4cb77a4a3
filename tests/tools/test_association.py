"""What the association benchmark says of its goal."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / 'tools' / 'benchmarks'


@pytest.mark.parametrize(
    ('ratio', 'status', 'line'),
    [
        (np.nan, 2, 'not compared'),
        (5.0, 0, 'goal holds'),
        (2.0, 1, 'goal missed: SORT N=50: 2.00 < 3.0'),
    ],
)
def test_the_goal_holds_only_where_it_was_compared(
    ratio: float,
    status: int,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.setattr(sys, 'argv', ['association.py'])
    tool = runpy.run_path(str(FOLDER / 'association.py'))
    row = {'ours': 1.0, 'peer': ratio, 'ratio': ratio}
    tool['main'].__globals__['compare_association_speed'] = lambda *_: row
    with pytest.raises(SystemExit) as caught:
        tool['main']()
    assert caught.value.code == status
    assert capsys.readouterr().out.splitlines()[-1].startswith(line)
