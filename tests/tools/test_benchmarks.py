"""Benchmarks that no other test runs, at a size that takes seconds."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / 'tools' / 'benchmarks'


def run(name: str, *args: object) -> list[str]:
    done = subprocess.run(
        [sys.executable, str(FOLDER / name), *map(str, args)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_memory_of_a_training_step() -> None:
    for name in ('mmdet', 'transformers'):
        pytest.importorskip(name, reason=f'needs {name}')
    size = ('--frames', 1, 2, '--gradient-frames', 1, '--size', 64, 64, '--clip', 3)
    lines = run('training_memory.py', '--config', 'smoter/smoter_tiny_synsmot', *size)
    assert re.match(r'1 frames: \d\.\d\d GiB, \d\.\d\d of it before', lines[0])
    assert re.match(r'extrapolated to 3 frames: \d+ GiB', lines[-1])


def test_a_long_video_and_a_session() -> None:
    lines = run('long_video.py', '--frames', 60, 120)
    assert [line.split()[0] for line in lines[-3:-1]] == ['60', '120']
    assert re.match(r'\d+\.\d bytes a box at frame 120', lines[-1])


@pytest.mark.skipif(shutil.which('java') is None, reason='needs java')
def test_captions_are_compared_with_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip('pycocoevalcap', reason='needs pycocoevalcap')
    monkeypatch.syspath_prepend(str(FOLDER))
    coco_scores = runpy.run_path(str(FOLDER / 'semantic_evaluation.py'))['coco_scores']
    equal = ('a man in red walks',) * 2
    other = ('two people hug near a tree', 'a child waves')
    scores = coco_scores([equal, other])
    assert all(0 < scores[name] < 1 for name in ('BLEU-4', 'METEOR', 'ROUGE-L'))
