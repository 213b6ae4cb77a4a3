"""Tests of the check of a dataset, and of the tool around it."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip('torch')

from mmsmot.datasets.bensmot.check import check_bensmot  # noqa: E402

TOOL = Path(__file__).parents[3] / 'tools/analysis_tools/check_dataset.py'


@pytest.fixture
def root(tmp_path: Path, write_bensmot) -> Path:
    """A clean train split and a test split with two repairs."""
    write_bensmot(tmp_path / 'data/train/act/a')
    edges = (('man0', 'man0', 'look.v.01'), ('man0', 'woman0', 'folow.v.01'))
    write_bensmot(
        tmp_path / 'data/test/act/b', edges=edges, captions='\ufeffman0: A.\n'
    )
    return tmp_path / 'data'


def listing(root: Path) -> list[tuple]:
    return sorted((p, p.stat().st_mtime_ns) for p in root.rglob('*'))


def test_report(root) -> None:
    files_before = listing(root)
    train, test = (check_bensmot(root, split) for split in ('train', 'test'))
    assert listing(root) == files_before
    assert train.is_clean and not test.is_clean
    assert [*train.contents.values()] == [1, 1, 6, 2, 12, 2, 2, 0]
    assert [*test.contents.values()] == [1, 1, 6, 2, 12, 1, 0, 0]
    assert test.repairs.counts == {
        'byte_order_mark': 1,
        'captions_fewer': 1,
        'node_by_position': 1,
        'edge_self_loop': 1,
        'verb_unknown': 1,
    }
    text = test.text()
    assert f'{root}/test/act/b/interactions.graphml:5: verb ' in text


@pytest.fixture
def run(monkeypatch, capsys) -> Callable[..., tuple[int, str, str]]:
    """Runs the tool: exit status, output, errors."""

    def run_tool(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, 'argv', [str(TOOL), *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            runpy.run_path(str(TOOL), run_name='__main__')
        return caught.value.code, *capsys.readouterr()

    return run_tool


def test_tool(root, tmp_path, run) -> None:
    files_before = listing(root)
    status, out, _ = run(root)
    assert status == 1
    assert f'{root}/train\n' in out and 'edge_self_loop' in out
    assert run(root, '--split', 'train', '--strict')[0] == 0
    status, _, error = run(root, '--strict')
    assert status == 2
    assert 'instance_captions.txt' in error
    status, _, error = run(tmp_path / 'nowhere')
    assert status == 2 and 'no such folder' in error
    assert listing(root) == files_before
