"""Tests of what the transforms of clips share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from mmengine.dataset import Compose

from mmsmot.datasets.transforms import ClipResize, ClipView
from mmsmot.registry import TRANSFORMS
from mmsmot.structures import Trajectories

PIPELINE = [
    dict(type='ClipRandomCrop', scale=(0.7, 1.0)),
    dict(type='ClipRandomFlip'),
    dict(type='ClipResize', size=(96, 64), keep_ratio=False),
    dict(type='ClipColorJitter', brightness=0.05, contrast=0.05),
    dict(type='PackClip'),
]


@pytest.mark.parametrize('seed', range(6))
def test_all_of_them(seed, make_clip, seen_boxes, true_boxes) -> None:
    transforms = [TRANSFORMS.build(config) for config in PIPELINE]
    clip = Compose(transforms)(make_clip(num_frames=5, seed=seed))
    drawn_boxes, true = seen_boxes(clip), true_boxes(clip)
    assert true.keys() <= drawn_boxes.keys() and true
    for key, box in true.items():
        np.testing.assert_allclose(drawn_boxes[key], box, atol=1.5)
    assert [frame.frame_id for frame in clip['inputs']] == [1, 2, 3, 4, 5]


def test_a_clip_without_a_generator(make_clip) -> None:
    clip = make_clip()
    del clip['generator']
    with pytest.raises(KeyError, match=r"needs sample\['generator'\]"):
        ClipResize(size=(5, 5))(clip)


def test_view() -> None:
    view = ClipView(10, 20, np.copy, (-2.0, 0.5), (10.0, 1.0), min_inside=0.5)
    boxes = np.array([[1.0, 2, 3, 4], [0, 0, 10, 4], [4, 30, 9, 60]])
    moved = [[4, 2, 8, 3], [-10, 1, 10, 3], [-8, 16, 2, 31]]
    assert view.boxes(boxes).tolist() == moved
    table = Trajectories([1, 1, 1], [1, 2, 3], boxes, visibility=[1, 0.8, 1])
    cropped = view.trajectories(table)
    assert cropped.ids.tolist() == [1, 2]
    assert cropped.boxes.tolist() == [[4, 2, 8, 3], [0, 1, 10, 3]]
    assert cropped.visibility.tolist() == [1, 0.4]
    uncut = replace(view, min_inside=None).trajectories(table)
    assert uncut.boxes.tolist() == moved
    assert uncut.visibility.tolist() == [1, 0.8, 1]


def test_a_whole_video_is_no_clip(make_clip) -> None:
    clip = make_clip()
    with pytest.raises(TypeError, match='works on clips.*test_mode=True'):
        ClipResize(size=(5, 5))({**clip, 'inputs': iter(clip['inputs'])})


def test_images_of_two_sizes(make_clip) -> None:
    clip = make_clip()
    small = ClipResize(size=(40, 30))(make_clip())['inputs'][0]
    clip['inputs'][0] = small
    with pytest.raises(
        ValueError, match=r'must have one size .*\(40, 30\), \(80, 60\)'
    ):
        ClipResize(size=(5, 5))(clip)


def test_a_size_nobody_knows(make_clip) -> None:
    clip = make_clip(images=False)
    video = replace(clip['inputs'][0].video, width=None, height=None)
    clip['inputs'] = [replace(frame, video=video) for frame in clip['inputs']]
    with pytest.raises(ValueError, match=r'must have one size .*\(None, None\)'):
        ClipResize(size=(5, 5))(clip)


def test_boxes_of_another_image(make_clip) -> None:
    clip = make_clip()
    gt = clip['data_samples'].gt_trajectories
    space = replace(gt.space, width=160)
    clip['data_samples'].gt_trajectories = replace(gt, space=space)
    with pytest.raises(ValueError, match='cannot apply ClipResize'):
        ClipResize(size=(5, 5))(clip)


def test_the_sample_before_is_untouched(make_clip) -> None:
    clip = make_clip()
    frames = clip['inputs']
    pictures = [frame.image.copy() for frame in frames]
    ClipResize(size=(5, 5), keep_ratio=False)(clip)
    assert clip['inputs'] is frames
    for frame, picture in zip(frames, pictures, strict=True):
        np.testing.assert_array_equal(frame.image, picture)
