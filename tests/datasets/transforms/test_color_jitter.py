"""Tests of the colours of clips."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mmsmot.datasets.transforms import ClipColorJitter
from mmsmot.datasets.transforms.color_jitter import jitter_colors

NOISE = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)


def pixel(*bgr: int) -> np.ndarray:
    return np.array([[bgr]], np.uint8)


@pytest.mark.parametrize(
    ('change', 'original', 'after'),
    [
        (dict(brightness=1.5), (100, 20, 200), (150, 30, 255)),
        (dict(brightness=0.5), (100, 20, 201), (50, 10, 100)),
        (dict(contrast=2.0), (100, 20, 200), (72, 0, 255)),
        (dict(contrast=0.0), (100, 20, 200), (128, 128, 128)),
        (dict(saturation=0.0), (100, 20, 200), (200, 200, 200)),
        (dict(saturation=0.5), (0, 0, 200), (100, 100, 200)),
        (dict(turn=120.0), (0, 0, 200), (0, 200, 0)),
        (dict(turn=-120.0), (0, 0, 200), (200, 0, 0)),
        (dict(turn=-120.0), (200, 200, 200), (200, 200, 200)),
    ],
)
def test_values(change, original, after) -> None:
    changed = jitter_colors(pixel(*original), **change)[0, 0].astype(int)
    np.testing.assert_allclose(changed, after, atol=1)


def test_no_change() -> None:
    np.testing.assert_array_equal(jitter_colors(NOISE), NOISE)


def test_a_turn_moves_the_hue_alone() -> None:
    image = cv2.cvtColor(
        np.full((1, 1, 3), (30, 200, 180), np.uint8), cv2.COLOR_HSV2BGR
    )
    original = cv2.cvtColor(image, cv2.COLOR_BGR2HSV)[0, 0].astype(int)
    turned_image = jitter_colors(image, turn=40)
    after = cv2.cvtColor(turned_image, cv2.COLOR_BGR2HSV)[0, 0].astype(int)
    np.testing.assert_allclose((after - original), (20, 0, 0), atol=2)


def test_the_same_for_all_frames_boxes_stay(make_clip, true_boxes) -> None:
    transform, values = (
        ClipColorJitter(brightness=0.5, contrast=0.5, saturation=0.5, hue=20),
        set(),
    )
    for seed in range(10):
        clip = transform(make_clip(seed=seed))
        corners = np.stack([frame.image[12:20, 62:68] for frame in clip['inputs']])
        assert not np.ptp(corners, axis=0).any()
        values.add(tuple(corners[0, 0, 0].tolist()))
        assert true_boxes(clip) == true_boxes(make_clip())
        assert clip['data_samples'].gt_trajectories.space.name == 'original'
    assert len(values) > 5


def test_without_images(make_clip) -> None:
    clip = ClipColorJitter()(make_clip(images=False))
    assert [frame.load for frame in clip['inputs']] == [None] * 3


@pytest.mark.parametrize('arguments', [dict(contrast=1.5), dict(hue=200)])
def test_bad_arguments(arguments) -> None:
    with pytest.raises(ValueError, match='ClipColorJitter'):
        ClipColorJitter(**arguments)
