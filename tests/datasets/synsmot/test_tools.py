"""The command lines of the synthetic world, as a user runs them."""

from __future__ import annotations

import re
import runpy
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

TOOLS = Path(__file__).parents[3] / 'tools'
Run = Callable[..., tuple[object, str]]


@pytest.fixture
def run(monkeypatch, capsys) -> Run:
    """Run a tool in this process; returns what it exits with and what it printed."""

    def tool(name: str, *args: object) -> tuple[object, str]:
        monkeypatch.setattr('sys.argv', [name, *map(str, args)])
        code: object = None
        try:
            runpy.run_path(str(TOOLS / name), run_name='__main__')
        except SystemExit as done:
            code = done.code
        return code, capsys.readouterr().out

    return tool


def test_check_synsmot_prints_counts_and_fails_on_lies(run, mini, tmp_path):
    part = tmp_path / 'part' / 'train' / 'chasing' / '000004'
    shutil.copytree(mini / 'train/chasing/000004', part)
    code, out = run('analysis_tools/check_synsmot.py', tmp_path / 'part', '--workers=1')
    assert code == 0
    assert re.search(r'^colour of top +4 +0$', out, re.M)
    assert re.search(r'^all +\d{3,} +0$', out, re.M)
    path = part / 'video_caption.txt'
    path.write_text(path.read_text().replace('Four', 'Five'))
    code, out = run('analysis_tools/check_synsmot.py', tmp_path / 'part', '--workers=1')
    assert code == 1
    assert re.search(r'^number of people +1 +1$', out, re.M)
    assert 'failed: number of people' in out
    code, _ = run('analysis_tools/check_synsmot.py', tmp_path / 'nothing')
    assert 'no clip' in code


def test_make_synsmot_goes_on_and_refuses_strangers(run, mini, tmp_path):
    code, out = run('dataset_converters/make_synsmot.py', '--out', mini)
    assert code is None
    assert '8 clips to train on, 4 to validate on, 4 to test on' in out
    for text in ('{', '[1]'):
        (tmp_path / 'synsmot.json').write_text(text)
        code, _ = run('dataset_converters/make_synsmot.py', '--out', tmp_path)
        assert code.startswith(f'ValueError: {tmp_path}/synsmot.json: ')
    (tmp_path / 'synsmot.json').unlink()
    (tmp_path / 'file').touch()
    code, _ = run('dataset_converters/make_synsmot.py', '--out', tmp_path)
    assert code.startswith(f'ValueError: {tmp_path}: holds something')


def test_figures_need_clips_of_all_actions(run, mini, tmp_path):
    code, out = run('analysis_tools/synsmot_figures.py', mini, '--out', tmp_path)
    assert code.startswith('ValueError: no clip shows [')
    assert 'synsmot_sheet.jpg' in out
    sheet = cv2.imread(str(tmp_path / 'synsmot_sheet.jpg'))
    assert sheet.shape[1] == 4 * 280
    assert not (tmp_path / 'synsmot_actions.jpg').exists()


@pytest.mark.parametrize(
    ('tool', 'file'),
    [
        ('check_synsmot', 'semantic_trajectories.json'),
        ('check_synsmot', 'expressions/damaged.json'),
        ('synsmot_figures', 'script.json'),
    ],
)
def test_a_damaged_json_ends_in_one_line(run, mini, tmp_path, tool, file):
    folder = tmp_path / 'part' / 'train' / 'chasing' / '000004'
    shutil.copytree(mini / 'train/chasing/000004', folder)
    (folder / file).write_text('{"trajectories": [')
    options = (
        ['--workers=1'] if tool == 'check_synsmot' else ['--out', tmp_path / 'out']
    )
    code, _ = run(f'analysis_tools/{tool}.py', tmp_path / 'part', *options)
    assert code.startswith(f'ValueError: {folder / file}: not JSON')
