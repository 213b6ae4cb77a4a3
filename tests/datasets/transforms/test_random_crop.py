"""Tests of cutting a part out of clips."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from mmsmot.datasets.transforms import ClipRandomCrop
from mmsmot.structures import CoordinateSpace


@pytest.mark.parametrize('seed', range(12))
def test_boxes_follow_the_pixels(seed, make_clip, seen_boxes, true_boxes) -> None:
    clip = ClipRandomCrop(scale=(0.3, 0.9), min_inside=1e-6)(make_clip(seed=seed))
    assert len({frame.image.shape for frame in clip['inputs']}) == 1
    assert seen_boxes(clip) == {k: v for k, v in true_boxes(clip).items()}
    height, width = clip['inputs'][0].image.shape[:2]
    assert 24 <= width <= 72 and 18 <= height <= 54
    space = clip['data_samples'].gt_trajectories.space
    assert space == CoordinateSpace('transformed', width, height)


def test_a_window_by_hand(make_clip) -> None:
    corners = iter([20, 16])
    generator = SimpleNamespace(integers=lambda _: next(corners))
    clip = {**make_clip(), 'generator': generator}
    clip = ClipRandomCrop(size=(36, 40), min_inside=0.5)(clip)
    sample = clip['data_samples']
    # Person 1 at x 10, 14, 18: 6, 10, 14 of 16 columns inside; person 2 beyond.
    gt = sample.gt_trajectories
    assert gt.frame_ids.tolist() == [2, 3]
    assert gt.boxes.tolist() == [[0, 4, 10, 28], [0, 4, 14, 28]]
    assert gt.visibility.tolist() == [10 / 16, 14 / 16]
    assert sample.gt_captions == {1: 'one'}
    assert len(sample.gt_interactions) == 0
    assert sample.gt_expressions[0].labels == {1: (), 2: (1,), 3: (1,)}
    assert sample.gt_video_caption == 'two people'


def test_size_of_a_smaller_image(make_clip) -> None:
    clip = ClipRandomCrop(size=(100, 50))(make_clip())
    assert clip['inputs'][0].image.shape == (50, 80, 3)


def test_a_window_without_boxes_is_not_taken(make_clip) -> None:
    clip = make_clip()
    transform = ClipRandomCrop(size=(4, 4), min_inside=0.9)
    assert transform(clip) is clip
    assert len(clip['data_samples'].gt_trajectories) == 6
    sample = make_clip()
    table = sample['data_samples'].gt_trajectories
    sample['data_samples'].gt_trajectories = table[:0]
    assert transform(sample)['inputs'][0].image.shape == (4, 4, 3)


@pytest.mark.parametrize(
    'arguments',
    [
        dict(scale=(0, 1)),
        dict(scale=(0.5, 1.1)),
        dict(scale=(0.9, 0.5)),
        dict(min_inside=0),
        dict(attempts=0),
        dict(size=(0, 4)),
    ],
)
def test_bad_arguments(arguments) -> None:
    with pytest.raises(ValueError, match='ClipRandomCrop'):
        ClipRandomCrop(**arguments)
