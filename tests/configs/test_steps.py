"""Every model that learns words builds, and runs a training and a test step."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config, DictAction
from mmengine.optim import build_optim_wrapper

from mmsmot.engine import load_config
from mmsmot.models.language import CaptionTokenizer
from mmsmot.models.smot import SMOT
from mmsmot.registry import MODELS
from mmsmot.structures import (
    Frame,
    Interactions,
    SMOTDataSample,
    Tracks,
    write_trajectories,
)
from tests.models.language.test_tokenizer import TEXTS
from tests.models.test_semantics import VIDEO, frames, sample, tracks_of

ROOT = Path(__file__).parents[2] / 'configs'
CONFIGS = sorted([*ROOT.glob('smoter/*.py'), *ROOT.glob('ablations/*.py')])


class Clip:
    """What a model asks of a video reader."""

    video = VIDEO

    def batches(self, size: int) -> list[list[Frame]]:
        return [frames(2)]


def small_pictures(path: Path, **options: Any) -> Config:
    """A config whose detector sees pictures of 96 x 64, without pretrained weights."""
    config = load_config(path, options)
    inner = config.model.detector.config
    inner.test_pipeline[1].scale = (96, 64)
    inner.model.data_preprocessor.pad_size_divisor = 32
    inner.model.backbone.init_cfg = None  # as it says itself: a download
    if 'bensmot' in path.stem:
        # AdamW's state would take twice the memory of these weights.
        config.optim_wrapper.optimizer = dict(type='SGD', lr=1e-4)
    return config


def truth() -> SMOTDataSample:
    labelled = sample((1, 2), count=2)
    labelled.gt_interactions = Interactions([1], [2], np.array(['push.v.01']))
    return labelled


def built(config: Config) -> SMOT:
    """The model, with words, and a tracker that knows the truth."""
    torch.manual_seed(0)
    model = MODELS.build(config.model)
    for part in model.modules():
        if isinstance(part, CaptionTokenizer):
            part.train_on(TEXTS)
    tracks = tracks_of(truth())

    def update(detections: Any, frame: Frame) -> Tracks:
        return tracks[frame.frame_id - 1]

    model.tracker.update = update
    return model


def train_step(model: SMOT, config: Config) -> dict[str, torch.Tensor]:
    optim = build_optim_wrapper(model, config.optim_wrapper)
    clip = [[frame] for frame in frames(2)]
    data = dict(inputs=clip, data_samples=[truth()])
    return model.train().train_step(data, optim)


@pytest.mark.parametrize('path', CONFIGS, ids=lambda p: p.stem)
def test_a_training_and_a_test_step(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = small_pictures(path)
    model = built(config)
    if model.clip_tracker is not None:
        written = Path(model.clip_tracker.path.format(name=VIDEO.name))
        written.parent.mkdir(parents=True)
        write_trajectories(truth().gt_trajectories, written)
    assert type(model.tracker).__name__.lower() == tracker_of(path)
    assert type(model.detector).__name__ == config.model.detector.type
    before = {name: p.detach().clone() for name, p in _few(model)}
    losses = train_step(model, config)
    assert all(torch.as_tensor(v).isfinite().all() for v in losses.values())
    speaks = model.semantics is not None
    moved = {name for name, p in _few(model) if not torch.equal(p, before[name])}
    frozen = model.clip_training.freeze
    assert moved == ({'words'} if speaks else set()) | (set() if frozen else {'pixels'})
    assert ('loss_video_caption' in losses) == speaks
    assert ('loss_bbox' in losses) != frozen
    done = truth()
    with torch.no_grad():
        model.eval().predict([Clip()], [done])
    assert done.pred_trajectories.ids.tolist() == [1, 2, 1, 2]
    if speaks:
        assert set(done.pred_captions) == {1, 2}
        # Before training a caption may well end where it begins.
        assert isinstance(done.pred_video_caption, str)


def tracker_of(path: Path) -> str:
    """Whose name a config's name says."""
    trackers = 'bytetrack|sort|deepsort|ocsort'
    named = re.match(rf'(?:association-)?({trackers})(?:_|$)', path.stem)
    if named:
        return named[1]
    if path.stem.startswith('true-tracks_'):
        return 'trajectoryfile'
    is_tiny = path.parent.name == 'ablations' or 'tiny' in path.stem
    return 'appearancebytetrack' if is_tiny else 'bytetrack'


def _few(model: SMOT) -> list[tuple[str, torch.Tensor]]:
    """A weight of each half, instead of hundreds of millions."""
    last = list(model.detector.model.bbox_head.conv_cls.parameters())[0]
    found = [('pixels', last)]
    if model.semantics is not None:
        found.append(('words', model.semantics.instance_caption.project[0].weight))
    return found


def test_the_paper_config_holds_the_papers_numbers() -> None:
    config = load_config(ROOT / 'smoter/smoter_dla34_bensmot.py')
    optim = config.optim_wrapper
    assert (optim.optimizer.lr, optim.optimizer.weight_decay) == (5e-4, 1e-4)
    assert optim.clip_grad.max_norm == 0.1
    assert config.train_cfg.max_iters == 70000
    assert config.model.detector.score_threshold == 0.3
    assert config.model.tracker.track_buffer == 30
    (start,) = [h for h in config.custom_hooks if h.type == 'SemanticStart']
    assert start.iteration == 20000


def test_training_pictures_are_as_large_as_the_detector_looks_at_them() -> None:
    for name in ('smoter_dla34_bensmot', 'smoter_r50_bensmot'):
        config = load_config(ROOT / f'smoter/{name}.py')
        (resize,) = [
            step
            for step in config.train_dataloader.dataset.pipeline
            if step.type == 'ClipResize'
        ]
        pipeline = config.model.detector.config.test_pipeline
        (theirs,) = [step.scale for step in pipeline if step.type == 'Resize']
        assert resize.size == theirs == (1280, 1280)  # upright videos too


def test_batch_norms_as_the_readme_says(tmp_path: Path) -> None:
    path = tmp_path / 'mine.py'
    base = ROOT / 'smoter/smoter_dla34_bensmot.py'
    norm = "dict(norm_cfg=dict(_delete_=True, type='BN'))"
    path.write_text(
        f"_base_ = ['{base}']\nmodel = dict(semantics=None, detector=dict(config=dict(\n"
        f'    model=dict(backbone={norm}, neck={norm}))))\n'
    )
    model = MODELS.build(load_config(path).model.detector).model
    kinds = {type(part).__name__ for part in model.backbone.modules()}
    kinds |= {type(part).__name__ for part in model.neck.modules()}
    assert 'BatchNorm2d' in kinds and 'GroupNorm' not in kinds


def documented_options() -> list[str]:
    """What the README's table says after --cfg-options, as a shell would pass it on."""
    text = (ROOT / 'smoter/README.md').read_text()
    table = text.split('## Options of training')[1]
    return [
        code.replace('"', '')
        for line in table.splitlines()
        if line.startswith('|')
        for code in re.findall(r'`([a-z_.]+=[^`]+)`', line)
    ]


@pytest.mark.parametrize('option', documented_options())
def test_the_documented_options_are_read(option: str) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    options = parser.parse_args(['--cfg-options', option]).cfg_options
    ((key, value),) = options.items()
    for name in ('smoter_tiny_synsmot', 'smoter_dla34_bensmot', 'smoter_r50_bensmot'):
        config = load_config(ROOT / f'smoter/{name}.py', options)
        node = config
        for part in key.split('.'):
            node = node[int(part) if part.isdigit() else part]
        assert node == value
        if name == 'smoter_tiny_synsmot':
            MODELS.build(config.model)


def test_a_config_of_ones_own_averages_its_weights(tmp_path: Path) -> None:
    path = tmp_path / 'mine.py'
    base = ROOT / 'smoter/smoter_tiny_synsmot.py'
    path.write_text(
        f"_base_ = '{base}'\n"
        "custom_hooks = [*_base_.custom_hooks, dict(type='EMAHook')]\n"
    )
    hooks = [hook.type for hook in load_config(path).custom_hooks]
    assert hooks[0] == 'LearnWords' and hooks[-1] == 'EMAHook'
