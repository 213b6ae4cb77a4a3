"""Every model that learns words builds, and runs a training and a test step."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config, DictAction
from mmengine.model import BaseModule
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
from mmsmot.structures.boxes import pairwise_iou
from tests.models.language.test_tokenizer import TEXTS
from tests.models.semantics.test_trajectory_semantics import (
    VIDEO,
    frames,
    sample,
    tracks_of,
)
from tests.released_weights import save_vocabulary

ROOT = Path(__file__).parents[2] / 'configs'
CONFIGS = sorted([*ROOT.glob('smoter/*.py'), *ROOT.glob('ablations/*.py')])
MEETING = [  # a detector small enough for a test, and each tracker
    *sorted(ROOT.glob('smoter/[!t]*_tiny_synsmot.py')),  # not along the true tracks
    *sorted(ROOT.glob('ablations/association-*.py')),
    ROOT / 'ablations/own-tracks.py',
]


class Clip:
    """What a model asks of a video reader."""

    video = VIDEO

    def batches(self, size: int) -> list[list[Frame]]:
        return [frames(2)]


def small_images(path: Path, **options: Any) -> Config:
    """A config whose detector sees images of 96 x 64, without pretrained weights."""
    if path.stem == 'smoter_released_bensmot':  # its vocabulary is a download
        tokenizer = 'model.semantics.instance_caption.decoder.tokenizer.name'
        options = {tokenizer: str(save_vocabulary(Path('bert'))), **options}
    config = load_config(path, options)
    inner = config.model.detector.config
    if inner.test_pipeline[1].type == 'mmsmot.FitToSquare':
        inner.test_pipeline[1].size = 96  # its maps are halved, down to stride 128
    else:
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


def with_words(config: Config) -> SMOT:
    torch.manual_seed(0)
    model = MODELS.build(config.model)
    for part in model.modules():
        if isinstance(part, CaptionTokenizer):
            part.train_on(TEXTS)
    return model


def built(config: Config) -> SMOT:
    """The model, with words, and a tracker that knows the truth."""
    model = with_words(config)
    tracks = tracks_of(truth())

    def update(detections: Any, frame: Frame) -> Tracks:
        reported = tracks[frame.frame_id - 1]
        return replace(reported, det_index=np.full(len(reported), -1))

    model.estimator.tracker.update = update
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
    config = small_images(path)
    model = built(config)
    if model.clip_training.tracker is not None:
        written = Path(model.clip_training.tracker.path.format(name=VIDEO.name))
        written.parent.mkdir(parents=True)
        write_trajectories(truth().gt_trajectories, written)
    assert type(model.estimator.tracker).__name__.lower() == tracker_of(path)
    assert type(model.estimator.detector).__name__ == config.model.detector.type
    before = {name: p.detach().clone() for name, p in _few(model)}
    losses = train_step(model, config)
    assert not [name for name, part in model.named_modules() if gathers(part)]
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


class Still:
    """Twelve frames in which nothing moves: what is found in one is found in each."""

    video = VIDEO

    def __init__(self) -> None:
        picture = frames(1)[0].image
        self.frames = [
            Frame(VIDEO, t + 1, t / 4, load=lambda: picture) for t in range(12)
        ]

    def batches(self, size: int) -> list[list[Frame]]:
        return [self.frames[first : first + size] for first in range(0, 12, size)]


def as_truth(done: SMOTDataSample) -> SMOTDataSample:
    """What was tracked, with other words."""
    labelled = SMOTDataSample(metainfo=done.metainfo)
    ids = np.unique(done.pred_trajectories.ids).tolist()
    labelled.gt_trajectories = done.pred_trajectories
    labelled.gt_captions = {i: TEXTS[i % 2] for i in ids}
    labelled.gt_interactions = Interactions(ids[:1], ids[1:2], np.array(['push.v.01']))
    labelled.gt_video_caption = TEXTS[1]
    return labelled


@pytest.mark.parametrize('path', MEETING, ids=lambda p: p.stem)
def test_detector_tracker_and_words_meet(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the detector finds the tracker takes, and the words are learnt along it."""
    monkeypatch.chdir(tmp_path)
    config = small_images(path)
    config.model.detector.config.model.test_cfg.max_per_img = 4
    model, video = with_words(config), Still()
    head = model.estimator.detector.model.bbox_head
    torch.nn.init.ones_(head.conv_cls.bias)  # people everywhere,
    torch.nn.init.constant_(head.conv_reg.bias, 2.0)  # and of some size
    expected = model.estimator.detect(video.frames[:1])[0].boxes
    done = SMOTDataSample(metainfo=dict(video=VIDEO, frame_ids=np.arange(1, 13)))
    model.eval().predict([video], [done])
    found = done.pred_trajectories
    ids, counts = np.unique(found.ids, return_counts=True)
    assert len(expected) > 1
    assert len(ids) == len(expected)
    assert (counts >= 8).all()
    last = found[found.frame_ids == 12]
    assert pairwise_iou(last.boxes, expected).max(0).min() > 0.99
    speaks = model.semantics is not None
    assert not speaks or set(done.pred_captions) == {*ids.tolist()}
    labelled = as_truth(done)
    model.clip_training.teacher_forcing_ratio, model.clip_training.tracker = 0.0, None
    losses = model.train().loss([[frame] for frame in video.frames], [labelled])
    assert ('matched' in losses) == speaks
    if speaks:
        assert float(losses['matched']) == 1.0
        assert float(losses['loss_instance_caption']) > 0
        assert float(losses['loss_interaction']) > 0
    total, _ = model.parse_losses(losses)
    assert total.isfinite()


def gathers(part: torch.nn.Module) -> bool:
    """Whether a norm takes statistics of a batch: one process trains not as two do."""
    return isinstance(part, torch.nn.modules.batchnorm._BatchNorm) and part.training


def tracker_of(path: Path) -> str:
    """Whose name a config's name says."""
    trackers = 'bytetrack|sort|deepsort|ocsort|strongsort'
    named = re.match(rf'(?:association-)?({trackers})(?:_|$)', path.stem)
    if named:
        return named[1]
    if path.stem.startswith('true-tracks_'):
        return 'trajectoryfile'
    is_tiny = path.parent.name == 'ablations' or 'tiny' in path.stem
    return 'appearancebytetrack' if is_tiny else 'bytetrack'


def _few(model: SMOT) -> list[tuple[str, torch.Tensor]]:
    """A weight of each half, instead of hundreds of millions."""
    head = model.estimator.detector.model.bbox_head
    last_layer = head.heatmap if hasattr(head, 'heatmap') else head.conv_cls
    last = list(last_layer.parameters())[0]
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
    head = config.model.detector.config.model.bbox_head
    edges = [(0, 80), (64, 160), (128, 320), (256, 640), (512, 1e8)]
    assert [tuple(edge) for edge in head.regress_ranges] == edges
    assert config.model.tracker.track_buffer == 30
    (start,) = [h for h in config.custom_hooks if h.type == 'SemanticLossStartHook']
    assert start.iteration == 20000


def test_training_images_are_as_large_as_the_detector_looks_at_them() -> None:
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


@pytest.fixture(scope='module')
def paper_model() -> SMOT:
    """Without memory for its weights, whose values nobody looks at."""
    config = load_config(ROOT / 'smoter/smoter_dla34_bensmot.py')
    with pytest.MonkeyPatch.context() as patch, torch.device('meta'):
        patch.setattr(BaseModule, 'init_weights', lambda part: None)
        return MODELS.build(config.model)


def test_the_paper_model_is_of_the_papers_size(paper_model: SMOT) -> None:
    words = paper_model.semantics
    heads = words.instance_caption, words.video_caption
    assert heads[0].decoder is not heads[1].decoder  # Dec_Ins and Dec_Vid
    for head in heads:
        decoder, width = head.decoder, head.project[0].weight.shape
        assert (decoder.label_smoothing, decoder.max_length) == (0.1, 40)
        assert width == (768, 256)
        layers = decoder.model.bert.encoder.layer
        assert len(layers) == 6
        for layer in layers:
            own = layer.attention.self
            assert (own.num_attention_heads, own.query.weight.shape) == (12, (768, 768))
            assert layer.intermediate.dense.weight.shape == (3072, 768)
    (one,) = words.trajectory_fusion.layers
    assert one.ffn is None
    fusions = one, words.video_fusion.cell.attention, words.video_caption.attention
    for attention in (*fusions, words.interaction.attention):
        assert (attention.num_heads, attention.query.weight.shape) == (8, (256, 256))
    for attention in fusions[1:]:
        assert attention.ffn[0].weight.shape == (1024, 256)
    assert (words.roi.tokens, words.video_fusion.grid) == (4, (16, 16))
    assert words.video_caption.injection == 'sequential'
    linear = [p.weight.shape for p in words.interaction.mlp if hasattr(p, 'weight')]
    assert linear == [(2048, 128 * 256), (2048, 2048), (335, 2048)]
    assert (words.interaction.gamma, words.interaction.threshold) == (2.0, 0.4)


def test_the_backbone_of_the_paper_learns_a_tenth(paper_model: SMOT) -> None:
    config = load_config(ROOT / 'smoter/smoter_dla34_bensmot.py')
    optim = build_optim_wrapper(paper_model, config.optim_wrapper)
    groups = optim.optimizer.param_groups
    rates = {id(p): g['lr'] for g in groups for p in g['params']}
    weights = dict(paper_model.named_parameters())
    assert rates.keys() == {id(weight) for weight in weights.values()}
    assert any('.backbone.' in name for name in weights)
    for name, weight in weights.items():
        rate = 5e-5 if '.backbone.' in name else 5e-4
        assert rates[id(weight)] == pytest.approx(rate), name
    assert {g['weight_decay'] for g in groups} == {1e-4}


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
    assert hooks[0] == 'TrainTokenizerHook' and hooks[-1] == 'EMAHook'
