"""Tests of resizing clips."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.datasets.transforms import ClipResize
from mmsmot.structures import CoordinateSpace


@pytest.mark.parametrize(
    ('size', 'keep_ratio', 'expected'),
    [
        ((160, 120), True, (160, 120)),
        ((160, 90), True, (120, 90)),
        ((40, 100), True, (40, 30)),
        ((40, 60), False, (40, 60)),
        ((1, 1), True, (1, 1)),
    ],
)
def test_size(size, keep_ratio, expected, make_clip) -> None:
    clip = ClipResize(size=size, keep_ratio=keep_ratio)(make_clip())
    for frame in clip['inputs']:
        assert frame.image.shape == (*expected[::-1], 3)
        assert (frame.video.width, frame.video.height) == expected
    gt = clip['data_samples'].gt_trajectories
    assert gt.space == CoordinateSpace('transformed', *expected)
    scale = np.array(expected) / (80, 60)
    original_boxes = make_clip()['data_samples'].gt_trajectories.boxes
    np.testing.assert_allclose(gt.boxes, original_boxes * np.tile(scale, 2))


@pytest.mark.parametrize('size', [(160, 120), (40, 30), (160, 60)])
def test_boxes_follow_the_pixels(size, make_clip, seen_boxes, true_boxes) -> None:
    clip = ClipResize(size=size, keep_ratio=False)(make_clip())
    drawn_boxes, true = seen_boxes(clip), true_boxes(clip)
    assert drawn_boxes.keys() == true.keys() and len(true) == 6
    for key, box in true.items():
        np.testing.assert_allclose(drawn_boxes[key], box, atol=1)


def test_the_size_it_has(make_clip) -> None:
    clip = make_clip()
    resized = ClipResize(size=(80, 60))(clip)
    assert resized['inputs'] is clip['inputs']
    assert resized['data_samples'].gt_trajectories.space.name == 'original'


def test_one_ratio_for_a_clip(make_clip) -> None:
    transform = ClipResize(size=(80, 60), ratio_range=(0.5, 2))
    widths = set()
    for seed in range(10):
        shapes = {f.image.shape for f in transform(make_clip(seed=seed))['inputs']}
        assert len(shapes) == 1
        widths.add(shapes.pop()[1])
    assert len(widths) > 5 and min(widths) >= 40 and max(widths) <= 160


def test_without_images(make_clip) -> None:
    clip = ClipResize(size=(40, 30))(make_clip(images=False))
    assert [frame.load for frame in clip['inputs']] == [None] * 3
    assert clip['inputs'][0].video.width == 40
    assert clip['data_samples'].gt_trajectories.boxes[0].tolist() == [5, 10, 13, 22]


@pytest.mark.parametrize(
    'arguments', [dict(size=(0, 5)), dict(size=(5, 5), ratio_range=(0, 1))]
)
def test_bad_arguments(arguments) -> None:
    with pytest.raises(ValueError, match='ClipResize'):
        ClipResize(**arguments)
