"""Training on cached features is training on the images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate

from mmsmot.datasets.seeded_index import SeededIndex
from projects.referring_mot.datasets.referring_dataset import ReferringDataset
from projects.referring_mot.datasets.window_cache import (
    WindowCacheDataset,
    write_window_cache,
)
from projects.referring_mot.models.expression_statistics_hook import (
    expression_frequencies,
)
from projects.referring_mot.models.visual_encoders import BackboneEncoder
from projects.referring_mot.tests.conftest import write_expression_file
from projects.referring_mot.tests.test_ikun import build

STRIDE = 2


@pytest.fixture
def images(refer_kitti: Path) -> ReferringDataset:
    inner = dict(type='ReferKITTIDataset', data_root=str(refer_kitti))
    dropped = ['cars which are braking']
    return ReferringDataset(dataset=inner, num_frames=2, stride=STRIDE, drop=dropped)


def test_cached_clips_have_the_loss_of_their_images(
    images: ReferringDataset, tmp_path: Path
) -> None:
    model = build(stride=STRIDE)
    calls: list[int] = []
    write_window_cache(
        model, images, tmp_path / 'cache', STRIDE, lambda: calls.append(1)
    )
    assert len(calls) == len(images) == 1
    cached = WindowCacheDataset(data_root=str(tmp_path / 'cache'), num_frames=2)
    sample = cached[SeededIndex(0, (0, 0, 0))]
    assert sample['data_samples'].frame_ids.tolist() == [1, 3]
    batch = pseudo_collate([sample])
    loss = model.loss(batch['inputs'], batch['data_samples'])['loss_refer']
    seed = next(
        seed
        for seed in range(9)
        if images[SeededIndex(0, (seed, 0, 0))]['data_samples'].frame_ids[0] == 1
    )
    plain = pseudo_collate([images[SeededIndex(0, (seed, 0, 0))]])
    expected = model.loss(plain['inputs'], plain['data_samples'])['loss_refer']
    torch.testing.assert_close(loss, expected, rtol=2e-3, atol=1e-4)  # halves are kept


def test_box_noise_is_in_the_loss_of_cached_clips(
    images: ReferringDataset, tmp_path: Path
) -> None:
    write_window_cache(build(), images, tmp_path, STRIDE)
    cached = WindowCacheDataset(data_root=str(tmp_path), num_frames=2)
    batch = pseudo_collate([cached[SeededIndex(0, (0, 0, 0))]])
    losses = [
        float(build(box_noise=noise).loss(*batch.values())['loss_refer'])
        for noise in (0.0, 0.3)
    ]
    assert abs(losses[0] - losses[1]) > 1e-5


def test_both_datasets_have_the_same_expressions(
    images: ReferringDataset, tmp_path: Path
) -> None:
    write_window_cache(build(), images, tmp_path, STRIDE)
    cached = WindowCacheDataset(data_root=str(tmp_path), num_frames=2)
    assert cached.sentences() == images.sentences()
    # 'moving cars' means one of two tracks, 'cars' both.
    shares = {'cars': 1.0, 'moving cars': 0.5}
    # 'cars': 7 boxes in four frames, 4 in the two that are cached; 'moving cars': 3, 2.
    for dataset, boxes in ((images, (7, 3)), (cached, (4, 2))):
        counts = dataset.expression_counts()
        assert expression_frequencies(counts, 'tracks') == shares
        assert expression_frequencies(counts, 'boxes') == {
            'cars': boxes[0] / sum(boxes),
            'moving cars': boxes[1] / sum(boxes),
        }


def test_a_file_that_is_there_stays(images: ReferringDataset, tmp_path: Path) -> None:
    write_window_cache(build(), images, tmp_path, STRIDE)
    (path,) = tmp_path.glob('*.npz')
    stamp = path.stat().st_mtime_ns
    write_window_cache(build(), images, tmp_path, STRIDE)
    assert path.stat().st_mtime_ns == stamp


@pytest.mark.parametrize(
    ('options', 'stride', 'name'),
    [
        (dict(margin=0.3), STRIDE, 'features'),
        (dict(local_size=(16, 24)), STRIDE, 'features'),
        ({}, 1, 'frame_stride'),
    ],
)
def test_a_file_of_another_run_is_refused(
    images: ReferringDataset, tmp_path: Path, options: dict, stride: int, name: str
) -> None:
    write_window_cache(build(), images, tmp_path, STRIDE)
    with pytest.raises(ValueError, match=rf'0001.npz: was made with other {name};'):
        write_window_cache(build(**options), images, tmp_path, stride)


def test_a_file_of_other_labels_is_refused(
    images: ReferringDataset, refer_kitti: Path, tmp_path: Path
) -> None:
    write_window_cache(build(), images, tmp_path / 'cache', STRIDE)
    write_expression_file(refer_kitti, '0001', 'cars', {'0': [1]})
    inner = dict(type='ReferKITTIDataset', data_root=str(refer_kitti))
    other = ReferringDataset(dataset=inner, num_frames=2, stride=STRIDE)
    with pytest.raises(ValueError, match='was made with other labels;'):
        write_window_cache(build(), other, tmp_path / 'cache', STRIDE)


def test_features_of_another_encoder_are_not_trained_on(
    images: ReferringDataset, tmp_path: Path
) -> None:
    write_window_cache(build(), images, tmp_path, STRIDE)
    cached = WindowCacheDataset(data_root=str(tmp_path), num_frames=2)
    batch = pseudo_collate([cached[SeededIndex(0, (0, 0, 0))]])
    with pytest.raises(ValueError, match=r'0001.npz: was made with other features'):
        build(margin=0.3).loss(batch['inputs'], batch['data_samples'])


def test_the_weights_are_hashed_once(
    images: ReferringDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_window_cache(build(), images, tmp_path, STRIDE)
    cached = WindowCacheDataset(data_root=str(tmp_path), num_frames=2)
    batch = pseudo_collate([cached[SeededIndex(0, (0, 0, 0))]])
    model = build().train()
    calls: list[int] = []
    hashed = model.estimator.extract_fingerprint
    monkeypatch.setattr(
        model.estimator, 'extract_fingerprint', lambda: calls.append(1) or hashed()
    )
    for _ in range(3):
        model.loss(batch['inputs'], batch['data_samples'])
    assert len(calls) == 1
    model.train()  # other weights may have been loaded
    model.loss(batch['inputs'], batch['data_samples'])
    assert len(calls) == 2


def test_a_backbone_that_learns_is_not_cached() -> None:
    stage = dict(num_stages=1, strides=(1,), dilations=(1,), out_indices=(0,))
    backbone = dict(type='ResNet', depth=18, **stage)
    with pytest.raises(ValueError, match='learns cannot be cached: set frozen=True'):
        BackboneEncoder(backbone=backbone, channels=64).extract_fingerprint()
    encoder = BackboneEncoder(backbone=backbone, channels=64, frozen=True)
    assert encoder.extract_fingerprint() == encoder.extract_fingerprint()


def test_an_unfinished_cache_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / 'a.npz', x=1)
    with pytest.raises(FileNotFoundError, match='no finished cache of windows'):
        WindowCacheDataset(data_root=str(tmp_path))
