"""The configs: found from anywhere, checked, built; the paper's size steps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate

from mmsmot.datasets.seeded_index import SeededIndex
from mmsmot.datasets.synsmot import make_clip
from mmsmot.engine import load_config
from mmsmot.registry import MODELS
from mmsmot.structures import Frame, Prompt, VideoInfo, pairwise_iou
from mmsmot.utils.checkpoint import load_weights
from mmsmot.utils.mmdet_bridge import import_mmdet
from projects.referring_mot.datasets.referring_dataset import ReferringDataset
from projects.referring_mot.models.ikun import IKUN
from projects.referring_mot.tests.test_text_encoders import roberta

__all__ = ['roberta']
PROJECT = Path(__file__).parents[1]
CONFIGS = sorted(path.stem for path in (PROJECT / 'configs').glob('*.py'))


@pytest.mark.parametrize('name', CONFIGS)
def test_found_by_name_from_anywhere(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    load_config(f'projects/referring_mot/configs/{name}')


@pytest.mark.parametrize('name', CONFIGS)
def test_a_config_is_short(name: str) -> None:
    lines = (PROJECT / 'configs' / f'{name}.py').read_text().splitlines()
    assert len(lines) <= 37
    assert max(map(len, lines)) <= 90


def test_a_wrong_option_is_refused() -> None:
    name = 'projects/referring_mot/configs/ikun_tiny_synsmot'
    with pytest.raises(KeyError, match="windows'.*'window'"):
        load_config(name, {'model.estimator.windows': 3})


def test_the_tiny_model_fits_into_its_file() -> None:
    import_mmdet()
    config = load_config('projects/referring_mot/configs/ikun_tiny_synsmot')
    model = MODELS.build(config.model)
    assert isinstance(model.estimator, IKUN)
    numbers = sum(tensor.numel() for tensor in model.state_dict().values())
    assert 2 * numbers < 8e6  # bytes, as halves


def test_the_papers_size_steps(refer_kitti: Path, roberta: Path) -> None:
    """With images of 64 pixels instead of 224 and 672, and a small text encoder."""
    import_mmdet()
    options = {
        'model.estimator.visual_encoder.backbone.init_cfg': None,
        'model.estimator.text_encoder.name': str(roberta),
        'model.estimator.text_encoder.kind': 'encoder',
        'model.estimator.unification.text_channels': 16,
        'model.estimator.pooling.text_channels': 16,
        'model.estimator.local_size': (64, 64),
        'model.estimator.global_size': (64, 64),
    }
    config = load_config('projects/referring_mot/configs/ikun_r50_refer-kitti', options)
    torch.manual_seed(0)
    model = MODELS.build(config.model).train()
    inner = dict(type='ReferKITTIDataset', data_root=str(refer_kitti))
    dataset = ReferringDataset(dataset=inner, num_frames=2, stride=2)
    batch = pseudo_collate([dataset[SeededIndex(0, (0, 0, 0))]])
    loss = model.loss(batch['inputs'], batch['data_samples'])['loss_refer']
    loss.backward()
    assert np.isfinite(float(loss))
    backbone = model.estimator.visual_encoder.backbone
    assert backbone.layer4[0].conv1.weight.grad.abs().sum() > 0


def test_the_weights_find_who_wears_a_colour() -> None:
    """A clip of the test split: a man in red, a woman in green, a boy in pink."""
    import_mmdet()
    config = load_config('projects/referring_mot/configs/ikun_tiny_synsmot')
    model = MODELS.build(config.model).eval()
    load_weights(model, PROJECT / 'weights' / 'ikun_tiny_synsmot.safetensors')
    clip = make_clip(0, 4, 'test')
    height, width = clip.images[0].shape[:2]
    video = VideoInfo('clip', 'clip', 8.0, width, height)
    frames = [
        Frame(video, t + 1, t / 8, load=lambda image=image: image)
        for t, image in enumerate(clip.images)
    ]
    colors = ('red', 'green', 'pink')
    run = model.begin(video, [Prompt(f'people in {color}') for color in colors])
    run.push(frames)
    for number, result in enumerate(run.finish()):
        table = result.trajectories
        rows = table[table.frame_ids == 2]
        assert len(rows) == 1
        gt = clip.boxes[1, number].astype(float)
        gt[2:] += gt[:2]
        assert pairwise_iou(rows.boxes, gt[None])[0, 0] > 0.5
