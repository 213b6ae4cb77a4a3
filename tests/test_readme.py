"""What README shows works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import mmsmot.models.trackers  # noqa: F401 - registered before a test looks
from mmsmot.engine import load_config
from mmsmot.registry import TRACKERS
from mmsmot.structures import Detections

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope='module')
def blocks() -> list[str]:
    text = (ROOT / 'README.md').read_text(encoding='utf-8')
    return re.findall(r'```python\n(.*?)```', text, re.DOTALL)


def test_plugged_in_tracker(
    blocks: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker_code = next(b for b in blocks if 'class GreedyTracker' in b)
    config_code = next(b for b in blocks if "imports=['my_tracker']" in b)
    code_lines = [line for line in tracker_code.splitlines() if line.strip()]
    assert len(code_lines) <= 30
    # An installed package brings its configs; a bare checkout has them here.
    home = 'mmsmot::two_stage/'
    if not (ROOT / 'mmsmot' / '.mim').exists():
        config_code = config_code.replace(home, f'{ROOT}/configs/two_stage/')
    # The example project registers a class of the same name.
    others = {k: v for k, v in TRACKERS.module_dict.items() if k != 'GreedyTracker'}
    monkeypatch.setattr(TRACKERS, '_module_dict', others)
    (tmp_path / 'my_tracker.py').write_text(tracker_code)
    (tmp_path / 'my_config.py').write_text(config_code)
    config = load_config(tmp_path / 'my_config.py')
    tracker = TRACKERS.build(config.model.tracker)
    boxes = np.array([[0.0, 0, 10, 20], [50, 0, 60, 20]])
    assert tracker.update(Detections(boxes, [0.9, 0.8])).ids.tolist() == [1, 2]
    moved = tracker.update(Detections(boxes[::-1] + 1, [0.8, 0.9]))
    assert moved.ids.tolist() == [2, 1]


def test_readme_and_example_project_show_the_same_tracker(blocks: list[str]) -> None:
    shown = next(b for b in blocks if 'class GreedyTracker' in b)
    path = ROOT / 'projects' / 'example_project' / 'greedy_tracker.py'
    assert shown.strip() in path.read_text(encoding='utf-8')


def test_commands_name_what_exists() -> None:
    text = (ROOT / 'README.md').read_text(encoding='utf-8')
    for name in re.findall(r'two_stage/[\w-]+_[\w-]+', text):
        load_config(name)
    for name in re.findall(r'tools/[\w/]+\.py', text):
        assert (ROOT / name).is_file(), name
