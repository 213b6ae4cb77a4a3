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
from projects.referring_mot.tests.test_ikun import build

STRIDE = 2


@pytest.fixture
def images(refer_kitti: Path) -> ReferringDataset:
    inner = dict(type='ReferKITTIDataset', data_root=str(refer_kitti))
    return ReferringDataset(dataset=inner, num_frames=2, stride=STRIDE)


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


def test_both_datasets_have_the_same_expressions(
    images: ReferringDataset, tmp_path: Path
) -> None:
    write_window_cache(build(), images, tmp_path, STRIDE)
    cached = WindowCacheDataset(data_root=str(tmp_path), num_frames=2)
    assert cached.sentences() == images.sentences()
    # 'moving cars' means one of two tracks, 'cars' both.
    expected = {'cars': 1.0, 'moving cars': 0.5}
    assert expression_frequencies(images.expression_shares()) == expected
    assert expression_frequencies(cached.expression_shares()) == expected


def test_a_file_that_is_there_stays(images: ReferringDataset, tmp_path: Path) -> None:
    write_window_cache(build(), images, tmp_path, STRIDE)
    (path,) = tmp_path.glob('*.npz')
    stamp = path.stat().st_mtime_ns
    write_window_cache(build(), images, tmp_path, STRIDE)
    assert path.stat().st_mtime_ns == stamp


def test_an_unfinished_cache_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / 'a.npz', x=1)
    with pytest.raises(FileNotFoundError, match='no finished cache of windows'):
        WindowCacheDataset(data_root=str(tmp_path))
