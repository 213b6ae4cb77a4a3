"""Old tracking configs that have no counterpart, and what is no tracking config."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip('mmdet', reason='needs mmdet')

from . import old_tracking_configs as old
from .mmtrack_tool import Tool, in_process, write


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> Tool:
    return in_process(monkeypatch)


@pytest.mark.parametrize(
    ('make', 'missing', 'reason'),
    [
        (old.deep_sort, 'reid', 'unit vectors'),
        (old.tracktor, 'reid, motion, tracker', "detector's own head"),
        (old.qd_track, 'track_head, tracker', 'compares feature maps'),
    ],
)
def test_what_has_no_counterpart_is_told(
    tool: Tool, tmp_path: Path, make: Callable, missing: str, reason: str
) -> None:
    out = tmp_path / 'new.py'
    run = tool(write(tmp_path, make()), '--out', out)
    assert run.code == 2
    assert run.stderr == f'no counterpart for: {missing}; {out} is not written\n'
    assert reason in run.stdout
    assert not out.exists()


def changed(make: Callable, **model: object) -> dict:
    config = make()
    config['model'].update(model)
    return config


@pytest.mark.parametrize(
    ('config', 'missing', 'reason'),
    [
        (
            changed(old.sort, tracker=dict(type='MyTracker', thr=1)),
            'tracker',
            'Plug in your own tracker',
        ),
        (
            changed(old.sort, tracker=dict(type='SortTracker', reid=None, thr=1)),
            'tracker',
            'SORTTracker of mmdet takes no thr',
        ),
        (
            changed(old.sort, motion=dict(type='LinearMotion', num_samples=2)),
            'tracker',
            'wants a Kalman filter',
        ),
        (changed(old.sort, type='MyTrack'), 'model', 'what MyTrack does with them'),
        (
            changed(old.sort, detector=dict(roi_head=dict(num_classes=1))),
            'detector',
            'model.detector has no type',
        ),
        (
            changed(old.sort, detector=dict(type='MyDetector')),
            'detector',
            'mmdet 3 has no MyDetector',
        ),
        (
            changed(old.byte_track, detector=dict(old.tiny_yolox(), my_option=1)),
            'detector',
            'YOLOX of mmdet 3 takes no my_option',
        ),
        (changed(old.sort, flow=dict(type='FlowNet')), 'flow', 'no such slot'),
    ],
)
def test_what_is_unknown_is_told(
    tool: Tool, tmp_path: Path, config: dict, missing: str, reason: str
) -> None:
    run = tool(write(tmp_path, config))
    assert run.code == 2
    assert run.stderr == f'no counterpart for: {missing}\n'
    assert reason in run.stdout


@pytest.mark.parametrize(
    ('pipeline', 'reason'),
    [
        (old.pipeline_0x(flip=True), 'looks at an image several times'),
        (
            old.pipeline_0x(img_scale=[(9, 9), (8, 8)]),
            'looks at an image several times',
        ),
        ([dict(type='LoadDetections'), *old.pipeline_0x()], 'public detections'),
        (old.pipeline_0x(dict(type='Rotate')), 'Rotate of the test pipeline'),
        (
            old.pipeline_0x(
                dict(type='Normalize', **old.NORM), dict(type='Pad', size=(96, 160))
            ),
            'Pad(size=(96, 160)) of a normalised image',
        ),
    ],
)
def test_a_pipeline_without_counterpart(
    tool: Tool, tmp_path: Path, pipeline: list[dict], reason: str
) -> None:
    config = old.sort()
    config['data']['test']['pipeline'] = pipeline
    run = tool(write(tmp_path, config))
    assert (run.code, run.stderr) == (2, 'no counterpart for: detector\n')
    assert reason in run.stdout


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ("optimizer = dict(type='SGD')\n", 'has no model, so it is no tracking config'),
        ("model = dict(type='YOLOX')\n", 'YOLOX has no tracker'),
        ("model = dict(type='SMOT')\n", 'a config of this package already'),
        (
            "model = dict(type='SiamRPN')\n",
            'follows one object that somebody points at',
        ),
        (
            "model = dict(type='SELSA')\n",
            'detects objects in videos without identities',
        ),
        ("model = dict(type='MaskTrackRCNN')\n", 'segments objects in videos'),
        ("_base_ = ['old.py']\n", 'builds on itself'),
        ('model = dict(\n', r'old\.py:1: no Python'),
        ('model = 1 / 0\n', 'division by zero'),
    ],
)
def test_what_cannot_be_read(
    tool: Tool, tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / 'old.py'
    path.write_text(text)
    run = tool(path)
    assert isinstance(run.code, str)
    assert len(run.code.splitlines()) == 1
    assert 'old.py' in run.code
    assert re.search(message, run.code)


@pytest.mark.parametrize(
    ('where', 'value', 'message'),
    [
        (('model', 'detector'), 3, 'its detector is not written as'),
        (('model', 'tracker', 'num_frames_retain'), None, 'its tracker is not'),
        (('data', 'test', 'pipeline'), [dict(img_scale=9)], "KeyError: 'type'"),
        (('data', 'test', 'interpolate_tracklet'), True, 'its interpolation or'),
        (('data', 'test', 'img_prefix'), 3, 'its data is not'),
    ],
)
def test_a_config_in_another_form(
    tool: Tool, tmp_path: Path, where: tuple[str, ...], value: object, message: str
) -> None:
    config = old.byte_track()
    node = config
    for key in where[:-1]:
        node = node[key]
    node[where[-1]] = value
    run = tool(write(tmp_path, config), '--ours')
    assert isinstance(run.code, str)
    assert len(run.code.splitlines()) == 1
    assert message in run.code


def test_values_that_repr_does_not_write(tool: Tool, tmp_path: Path) -> None:
    config = old.byte_track()
    config['model']['tracker']['init_track_thr'] = 0.5
    path = write(tmp_path, config)
    text = path.read_text().replace('init_track_thr=0.5', "init_track_thr=float('inf')")
    assert text != path.read_text()
    path.write_text(text)
    out = tmp_path / 'new.py'
    assert tool(path, '--out', out).code is None
    assert "init_track_thr=float('inf')" in out.read_text()
    path.write_text(text.replace("float('inf')", 'object()'))
    assert 'is no number, text' in tool(path, '--out', tmp_path / 'none.py').code
    assert not (tmp_path / 'none.py').exists()


def test_missing_bases_are_named_together(tool: Tool, tmp_path: Path) -> None:
    """Those of a base too, in one line."""
    (tmp_path / 'middle.py').write_text("_base_ = ['below.py']\n")
    path = tmp_path / 'old.py'
    path.write_text("_base_ = ['middle.py', 'data.py', 'mmtrack::mot/sort.py']\n")
    run = tool(path)
    assert isinstance(run.code, str)
    assert len(run.code.splitlines()) == 1
    for name in ('below.py', 'data.py', 'mmtrack::mot/sort.py'):
        assert name in run.code
    assert str(tmp_path / 'middle.py,') not in run.code


def test_bases_in_a_ring(tool: Tool, tmp_path: Path) -> None:
    (tmp_path / 'a.py').write_text("_base_ = ['b.py']\n")
    (tmp_path / 'b.py').write_text("_base_ = ['a.py']\n")
    run = tool(tmp_path / 'a.py')
    assert 'builds on itself' in run.code
    assert len(run.code.splitlines()) == 1


def test_no_such_config(tool: Tool, tmp_path: Path) -> None:
    assert 'gone.py' in tool(tmp_path / 'gone.py').code


def test_a_file_is_never_replaced(tool: Tool, tmp_path: Path) -> None:
    path = write(tmp_path, old.sort())
    before = path.read_text()
    assert 'name a new one' in tool(path, '--out', path).code
    assert path.read_text() == before
    assert 'a config ends in .py' in tool(path, '--out', tmp_path / 'new').code
