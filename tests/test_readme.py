"""What README shows works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.hub import get_config

import mmsmot.models.trackers  # noqa: F401 - registered before a test looks
from mmsmot.engine import load_config, set_config_weights
from mmsmot.engine.sweeps.cell import plan_cells
from mmsmot.engine.sweeps.sweep_file import read_sweep
from mmsmot.registry import MODELS, TRACKERS
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
    # What registers while the table is another would be lost with it.
    TRACKERS.import_from_location()
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


def test_the_sweep_has_six_cells_in_fewer_than_15_lines(
    blocks: list[str], tmp_path: Path
) -> None:
    text = next(b for b in blocks if '# my_sweep.py' in b)
    assert len(text.splitlines()) < 15
    (tmp_path / 'my_sweep.py').write_text(text)
    cells = plan_cells(read_sweep(tmp_path / 'my_sweep.py'), tmp_path)
    assert len(cells) == 6
    # The ablations' page and --help show the same.
    page = (ROOT / 'configs/ablations/README.md').read_text(encoding='utf-8')
    assert text in page
    tool = (ROOT / 'tools/sweep.py').read_text(encoding='utf-8')
    assert all(line.strip() in tool for line in text.splitlines()[1:])


def test_commands_name_what_exists() -> None:
    text = (ROOT / 'README.md').read_text(encoding='utf-8')
    names = re.findall(r'(?<!/)\b(?:two_stage|smoter|foundation)/[\w-]+_[\w-]+', text)
    assert {name.split('/')[0] for name in names} == {
        'two_stage',
        'smoter',
        'foundation',
    }
    for name in names:
        load_config(name)
    for name in re.findall(r'tools/[\w/]+\.py', text):
        assert (ROOT / name).is_file(), name


@pytest.mark.parametrize(
    ('page', 'count'), [('README.md', 11), ('docs/released_smoter.md', 7)]
)
def test_commands_take_the_options_shown(page: str, count: int) -> None:
    text = (ROOT / page).read_text(encoding='utf-8')
    shell = '\n'.join(re.findall(r'```bash\n(.*?)```', text, re.DOTALL))
    commands = [
        line.split('#')[0].split()[1:]
        for line in shell.replace('\\\n', ' ').splitlines()
        if line.startswith('python tools/')
    ]
    assert len(commands) >= count
    for tool, *words in commands:
        options = {word for word in words if word.startswith('--')}
        known = set(re.findall(r"'(--[\w-]+)'", (ROOT / tool).read_text('utf-8')))
        assert options <= known, (tool, options - known)


def test_a_detector_of_the_zoo_by_name(
    blocks: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip('mmdet', reason='needs mmdet')
    code = next(b for b in blocks if 'mmdet::rtmdet' in b)
    home = 'mmsmot::two_stage/'
    if not (ROOT / 'mmsmot' / '.mim').exists():
        code = code.replace(home, f'{ROOT}/configs/two_stage/')
    (tmp_path / 'bytetrack_rtmdet.py').write_text(code)
    monkeypatch.chdir(tmp_path)
    config = load_config('bytetrack_rtmdet.py')
    named = get_config(config.model.detector.config)
    named.model.backbone.init_cfg = None  # a download
    network = MODELS.build(dict(type='MMDetDetector', config=named.to_dict())).model
    torch.save({'state_dict': network.state_dict()}, 'rtmdet_tiny.pth')
    set_config_weights(config, 'rtmdet_tiny.pth')
    loaded = MODELS.build(config.model.detector).model
    assert type(loaded).__name__ == 'RTMDet'
    first, second = (m.backbone.stem[0].conv.weight for m in (network, loaded))
    assert torch.equal(first, second)
