"""Tests of the painted street."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.datasets.synsmot.street_backdrop import paint_street


@pytest.mark.parametrize('size', [(480, 270), (101, 64), (1920, 1080)])
def test_size(size) -> None:
    street = paint_street(np.random.default_rng(0), *size)
    assert street.shape == (size[1], size[0], 3)
    assert street.dtype == np.uint8


def test_is_textured_and_follows_its_seed() -> None:
    first, same, other = (
        paint_street(np.random.default_rng(seed), 480, 270) for seed in (0, 0, 1)
    )
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)
    tiles = first[:264, :480].reshape(33, 8, 60, 8, 3).astype(float)
    assert (tiles.std(axis=(1, 3)).max(axis=-1) > 1).mean() > 0.95
    wall, ground = first[:100].mean(axis=(0, 1)), first[150:].mean(axis=(0, 1))
    assert wall[2] - wall[0] > 15  # bricks are red
    assert abs(ground[2] - ground[0]) < 15  # slabs are grey
