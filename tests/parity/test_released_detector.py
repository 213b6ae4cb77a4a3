"""The released detector layer by layer, its key map, its checkpoints."""

from __future__ import annotations

import copy
import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

pytest.importorskip('mmdet', reason='needs mmdet')

from mmengine.config import Config

from mmsmot.datasets.transforms import FitToSquare
from mmsmot.engine import set_config_weights
from mmsmot.models.detectors import MMDetDetector
from mmsmot.models.trajectory import RoITokens
from mmsmot.registry import MODELS
from mmsmot.structures import Frame, VideoInfo
from mmsmot.utils.checkpoint import UnsafeCheckpointError

from . import released_detector as release

ROOT = Path(__file__).parents[2]
CONVERTERS = ROOT / 'tools' / 'model_converters'
CONFIG = ROOT / 'configs' / '_base_' / 'detectors' / 'centernet2_released.py'


@pytest.fixture(scope='module')
def converters() -> tuple[ModuleType, ModuleType]:
    """The modules of key map and checkpoints beside the converters."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(CONVERTERS))
        return (
            importlib.import_module('released_detector_keys'),
            importlib.import_module('released_checkpoint'),
        )


@pytest.fixture(scope='module')
def keys(converters: tuple[ModuleType, ModuleType]) -> ModuleType:
    return converters[0]


@pytest.fixture(scope='module')
def checkpoint(converters: tuple[ModuleType, ModuleType]) -> ModuleType:
    return converters[1]


@pytest.fixture(scope='module')
def weights(keys: ModuleType) -> dict[str, torch.Tensor]:
    """All weights of the detector by released names."""
    table = keys.detector_keys()
    filled = {name: release.filled(name, key.shape) for name, key in table.items()}
    filled[f'{release.HEAD}agn_hm.bias'] -= 3  # some scores above .55, most below
    filled[f'{release.HEAD}bbox_pred.bias'] += 3  # most boxes some strides wide
    return filled


@pytest.fixture(scope='module')
def detector(keys: ModuleType, weights: dict[str, torch.Tensor]) -> MMDetDetector:
    """The config's, with those weights through the key map, all of them."""
    config = Config.fromfile(CONFIG)
    detector = MODELS.build(config.centernet2_released).eval()
    ours = keys.to_ours(weights)
    inside = {
        name.removeprefix(keys.DETECTOR): weight
        for name, weight in ours.items()
        if name.startswith(keys.DETECTOR)
    }
    detector.model.load_state_dict(inside)
    return detector


@pytest.fixture(scope='module')
def image() -> torch.Tensor:
    return torch.randn(1, 3, 128, 256, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope='module')
def levels(weights: dict[str, torch.Tensor], image: torch.Tensor) -> list[torch.Tensor]:
    """dla0 to dla5 of the reference."""
    with torch.no_grad():
        return release.dla34(weights, image)


@pytest.fixture(scope='module')
def pyramid(
    weights: dict[str, torch.Tensor], levels: list[torch.Tensor]
) -> list[torch.Tensor]:
    """p3 to p7 of the reference."""
    with torch.no_grad():
        maps = release.pyramid_input(weights, levels[3:])
        for layer in range(3):
            maps = release.bifpn_layer(weights, layer, maps)
    return maps


def same(ours: torch.Tensor, theirs: torch.Tensor) -> None:
    assert theirs.abs().mean() > 0.01
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_every_level_of_dla(
    detector: MMDetDetector,
    levels: list[torch.Tensor],
    image: torch.Tensor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(detector.model.backbone, 'out_indices', tuple(range(6)))
    for ours, theirs in zip(detector.model.backbone(image), levels, strict=True):
        same(ours, theirs)


@torch.no_grad()
def test_every_layer_of_bifpn(
    detector: MMDetDetector,
    weights: dict[str, torch.Tensor],
    levels: list[torch.Tensor],
    pyramid: list[torch.Tensor],
) -> None:
    maps = release.pyramid_input(weights, levels[3:])
    for i, layer in enumerate(detector.model.neck.layers):
        theirs = release.bifpn_layer(weights, i, maps)
        for one, two in zip(layer(maps), theirs, strict=True):
            same(one, two)
        maps = theirs
    for one, two in zip(detector.model.neck(levels[3:]), pyramid, strict=True):
        same(one, two)


@torch.no_grad()
def test_every_level_of_the_head(
    detector: MMDetDetector,
    weights: dict[str, torch.Tensor],
    pyramid: list[torch.Tensor],
) -> None:
    heatmaps, distances = detector.model.bbox_head(pyramid)
    for level, x in enumerate(pyramid):
        heat, sides = release.head(weights, level, x)
        same(heatmaps[level], heat)
        same(distances[level], sides)


@torch.no_grad()
def test_an_image_through_all_of_it(
    detector: MMDetDetector,
    weights: dict[str, torch.Tensor],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Square test image, RGB, normalised; square roots, threshold, boxes of the image."""
    pixels = np.random.default_rng(0).integers(0, 255, (90, 128, 3)).astype(np.uint8)
    frame = Frame(VideoInfo('a', 'a'), 1, 0.0, lambda: pixels)
    monkeypatch.setattr(detector._pipeline.transforms[1], 'size', 256)
    features = detector.extract([frame])
    assert features.inputs.shape == (1, 3, 256, 256)
    assert features.samples[0].img_shape == (180, 256)
    mean, std = np.array([123.675, 116.28, 103.53]), np.array([58.395, 57.12, 57.375])
    corner = (pixels[0, 0, ::-1] - mean) / std
    np.testing.assert_allclose(features.inputs[0, :, 0, 0], corner, rtol=1e-5)
    maps = release.pyramid_input(weights, release.dla34(weights, features.inputs)[3:])
    for layer in range(3):
        maps = release.bifpn_layer(weights, layer, maps)
    outputs = [release.head(weights, i, x) for i, x in enumerate(maps)]
    boxes, scores = release.proposals(
        [heat[0, 0] for heat, _ in outputs], [sides[0] for _, sides in outputs]
    )
    detections = detector.detect_in(features)[0]
    count = int((scores > 0.55).sum())
    assert 5 < count < len(scores)
    np.testing.assert_allclose(detections.scores, scores[:count], rtol=1e-4)
    np.testing.assert_allclose(detections.boxes, boxes[:count] / 2, atol=0.02)


@pytest.mark.parametrize(
    ('shape', 'size'), [((720, 1280), (877, 1560)), ((900, 600), (1560, 1040))]
)
def test_images_are_resized_as_the_release_does(
    shape: tuple[int, int], size: tuple[int, int]
) -> None:
    """Sides rounded down, Pillow's filter: a mean where the image shrinks."""
    pixels = np.random.default_rng(0).integers(0, 255, (*shape, 3)).astype(np.uint8)
    results = FitToSquare(size=1560)({'img': pixels})
    assert results['img'].shape == (*size, 3)
    assert results['img_shape'] == size
    assert results['scale_factor'] == (size[1] / shape[1], size[0] / shape[0])
    stripes = np.zeros((6, 12, 3), np.uint8)
    stripes[:, ::3] = 240
    shrunk = FitToSquare(size=4)({'img': stripes})['img']
    assert shrunk.shape == (2, 4, 3)
    assert 60 < shrunk[:, 1:3].min() <= shrunk[:, 1:3].max() < 100  # 80 on the average


def test_track_features(keys: ModuleType, weights: dict[str, torch.Tensor]) -> None:
    part = RoITokens(in_channels=160, channels=256, grid=7, hidden=1024)
    ours = keys.to_ours(weights)
    part.project.load_state_dict(
        {
            name.removeprefix(keys.TRACK_HEAD): weight
            for name, weight in ours.items()
            if name.startswith(keys.TRACK_HEAD)
        }
    )
    pooled = torch.randn(3, 160, 7, 7, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        tokens = part.project(pooled.flatten(2).transpose(1, 2))
    same(tokens, release.track_features(weights, pooled))


def test_all_names_there_and_back(
    keys: ModuleType, weights: dict[str, torch.Tensor]
) -> None:
    """The release's module tree has so many weights; DLA-34 as many as published."""
    table = keys.detector_keys()
    assert len(table) == len({key.name for key in table.values()}) == 367
    counts = {
        name: sum(
            int(np.prod(key.shape))
            for released, key in table.items()
            if released.startswith(name)
            and not released.endswith(('running_mean', 'running_var', keys.COUNTER))
        )
        for name in ('backbone.bottom_up.', 'proposal_generator.', 'asso_head.')
    }
    assert counts == {
        'backbone.bottom_up.': 15_229_104,
        'proposal_generator.': 4 * (9 * 160 * 160 + 160 + 2 * 160)
        + (9 * 160 + 1) * (27 + 1 + 4)
        + 5,
        'asso_head.': (7840 + 1) * 1024 + (1024 + 1) * 1024,
    }
    back = keys.to_released(keys.to_ours(weights))
    assert back.keys() == weights.keys()
    for name, weight in weights.items():
        assert torch.equal(back[name], weight), name


def test_what_has_no_place_here_is_named(
    keys: ModuleType, weights: dict[str, torch.Tensor]
) -> None:
    """GTR's detector: a second stage, no track features; dead weights of both."""
    gtr = {k: w for k, w in weights.items() if not k.startswith('asso_head.')}
    dead = 'backbone.bottom_up.level3.project.0.weight'
    box_head = 'roi_heads.box_head.0.fc1.weight'
    others = (dead, box_head, 'pixel_mean', 'backbone.strange')
    gtr |= dict.fromkeys(others, torch.zeros(1))
    ours = keys.to_ours(gtr)
    assert len(ours) == 363
    assert not any(name.startswith(keys.TRACK_HEAD) for name in ours)
    reasons = keys.unused(gtr)
    assert set(reasons) == set(others)
    assert 'second stage' in reasons[box_head]
    assert 'not read' in reasons[dead]
    assert reasons['backbone.strange'] == 'unknown'
    text = {'roi_heads.fusion_module.norm.weight': torch.zeros(1)}
    assert not keys.unused(text)  # that is for the other table
    assert set(keys.to_released(ours)) == {k for k in weights if k in gtr}


def test_weights_of_imagenet(
    keys: ModuleType, weights: dict[str, torch.Tensor]
) -> None:
    """DLA-34 as its authors have it: no counters, a classifier, names without prefix."""
    prefix = keys.BOTTOM_UP
    alone = {
        name.removeprefix(prefix): weight
        for name, weight in weights.items()
        if name.startswith(prefix) and not name.endswith(keys.COUNTER)
    }
    alone |= {'fc.weight': torch.zeros(1), 'level4.project.0.weight': torch.zeros(1)}
    ours = keys.to_ours(alone)
    full = keys.to_ours(weights)
    assert set(ours) == {k for k in full if k.startswith(f'{keys.DETECTOR}backbone.')}
    assert set(keys.unused(alone)) == {'fc.weight', 'level4.project.0.weight'}


@torch.no_grad()
def test_a_plain_last_convolution_becomes_an_equal_deformable_one(
    keys: ModuleType, detector: MMDetDetector, weights: dict[str, torch.Tensor]
) -> None:
    tower = f'{release.HEAD}bbox_tower.9.'
    plain = {k: w for k, w in weights.items() if not k.startswith(tower)}
    kernel, bias = weights[f'{tower}conv.weight'], weights[f'{tower}conv.bias']
    plain |= {f'{tower}weight': kernel, f'{tower}bias': bias}
    head = f'{keys.DETECTOR}bbox_head.tower.3.conv.'
    ours = keys.to_ours(plain)
    conv = copy.deepcopy(detector.model.bbox_head.tower[3].conv)
    conv.load_state_dict(
        {n.removeprefix(head): w for n, w in ours.items() if n.startswith(head)}
    )
    x = torch.randn(1, 160, 6, 7)
    same(conv(x), torch.nn.functional.conv2d(x, kernel, bias, padding=1))
    assert not keys.unused(plain)


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        (
            'backbone.bottom_up.level2.tree1.conv1.weight',
            r'1 of another shape \[.backb',
        ),
        (None, r'^a\.pth: no detector of the release .* 66 weights missing'),
    ],
)
def test_another_detector(
    keys: ModuleType,
    weights: dict[str, torch.Tensor],
    name: str | None,
    message: str,
) -> None:
    """DLA-60 has wider levels and other blocks; R-50 no DLA at all."""
    other = dict(weights)
    if name is None:
        other = {k: w for k, w in weights.items() if '.level3.' not in k}
    else:
        other[name] = torch.zeros(128, 32, 1, 1)
    with pytest.raises(ValueError, match=message):
        keys.to_ours(other, 'a.pth')


def test_training_starts_from_gtrs_detector(
    keys: ModuleType, weights: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    """The file of tools/train.py's --weights; a step moves all but the norms' statistics."""
    gtr = {k: w for k, w in weights.items() if not k.startswith('asso_head.')}
    path = tmp_path / 'detector.pth'
    torch.save({'state_dict': keys.to_ours(gtr)}, path)
    part = Config.fromfile(CONFIG).centernet2_released
    config = Config(dict(model=dict(type='SMOT', detector=part)))
    set_config_weights(config, str(path))
    detector = MODELS.build(config.model.detector).train()
    assert keys.to_released(
        {keys.DETECTOR + k: w for k, w in detector.model.state_dict().items()}
    ).keys() == {*gtr}
    before = {k: w.clone() for k, w in detector.model.state_dict().items()}
    for name, key in keys.detector_keys().items():
        if name in gtr:
            ours = before[key.name.removeprefix(keys.DETECTOR)]
            assert torch.equal(ours, weights[name]), name
    pixels = np.random.default_rng(0).integers(0, 255, (128, 256, 3)).astype(np.uint8)
    frame = Frame(VideoInfo('a', 'a'), 1, 0.0, lambda: pixels)
    boxes = np.array([[20.0, 10, 60, 90], [10, 0, 250, 120]])
    losses = detector.loss([frame], [(boxes, np.zeros(2, int))])
    assert 0 < float(losses['loss_bbox']) < 2
    sum(losses.values()).backward()
    torch.optim.SGD(detector.parameters(), lr=1e-3).step()
    after = detector.model.state_dict()
    unmoved = {k for k, w in before.items() if torch.equal(w, after[k])}
    statistics = ('running_mean', 'running_var', keys.COUNTER)
    # p7, whose two points have no box here and no heat above the clamp.
    idle = ('bbox_head.scales.', 'neck.layers.2.up.3.')
    assert all(name.endswith(statistics) or name.startswith(idle) for name in unmoved)
    assert {k for k in before if k.endswith(statistics)} <= unmoved


def test_ours_of_another_config(
    keys: ModuleType, weights: dict[str, torch.Tensor]
) -> None:
    ours = keys.to_ours(weights)
    del ours[f'{keys.DETECTOR}bbox_head.scales.4']
    with pytest.raises(ValueError, match=r'1 weights are missing .*scales\.4'):
        keys.to_released(ours)


class Runs:
    """What a checkpoint must not hold: reading it as a pickle would run code."""

    def __reduce__(self) -> tuple:
        return exec, ('raise SystemExit("code from the file ran")',)


def test_checkpoints_are_read_and_told_apart(
    checkpoint: ModuleType, weights: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    some = dict(list(weights.items())[-8:])
    path = tmp_path / 'a.pth'
    others = dict(iteration=7, optimizer=dict(state={}, param_groups=[]))
    torch.save({'model': {f'module.{k}': w for k, w in some.items()}, **others}, path)
    read = checkpoint.read_released(path)
    assert read.keys() == some.keys()
    torch.save(some, path)
    assert checkpoint.read_released(path).keys() == some.keys()
    for stage, names in {
        'smoter': ('roi_heads.fusion_module.norm', release.HEAD + 'agn_hm.bias'),
        'detector': ('backbone.x', release.HEAD + 'agn_hm.bias'),
        'grit': ('roi_heads.text_decoder.x', release.HEAD + 'agn_hm.bias'),
        'dla': ('base_layer.0.weight',),
    }.items():
        assert checkpoint.stage_of(dict.fromkeys(names), path) == stage
    with pytest.raises(
        ValueError, match=r"a.pth is no checkpoint .* 1 weights \['conv1"
    ):
        checkpoint.stage_of({'conv1.weight': None}, path)


def test_checkpoints_that_are_none(checkpoint: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / 'a.pth'
    torch.save({'model': {'a.weight': torch.ones(9)}}, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r'a\.pth is damaged or no checkpoint'):
        checkpoint.read_released(path)
    torch.save({'model': Runs()}, path)
    with pytest.raises(UnsafeCheckpointError, match='could run code'):
        checkpoint.read_released(path)
    torch.save({'model': {'a.weight': torch.full((9,), torch.nan)}}, path)
    with pytest.raises(ValueError, match=r'a\.pth holds weights that are no numbers'):
        checkpoint.read_released(path)
    torch.save({'iteration': 3}, path)
    with pytest.raises(ValueError, match=r"a\.pth holds no weights: .*'iteration'"):
        checkpoint.read_released(path)
    with pytest.raises(FileNotFoundError, match='no checkpoint at'):
        checkpoint.read_released(tmp_path / 'b.pth')
