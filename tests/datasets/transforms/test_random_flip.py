"""Tests of mirroring clips."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.datasets.transforms import ClipRandomFlip


def test_mirror(make_clip, seen_boxes, true_boxes) -> None:
    clip = ClipRandomFlip(prob=1)(make_clip())
    boxes = true_boxes(clip)
    assert boxes[1, 1] == [54, 20, 70, 44]
    assert boxes[3, 1] == [46, 20, 62, 44]
    assert boxes[1, 2] == [10, 10, 20, 22]
    assert seen_boxes(clip) == boxes
    assert all(frame.image.flags.c_contiguous for frame in clip['inputs'])
    assert clip['data_samples'].gt_captions == {1: 'one', 2: 'two'}
    assert clip['data_samples'].gt_trajectories.space.name == 'transformed'


def test_twice_is_as_before(make_clip, true_boxes) -> None:
    flip = ClipRandomFlip(prob=1)
    clip, original = flip(flip(make_clip())), make_clip()
    assert true_boxes(clip) == true_boxes(original)
    for frame, old in zip(clip['inputs'], original['inputs'], strict=True):
        np.testing.assert_array_equal(frame.image, old.image)


def test_all_frames_or_none(make_clip) -> None:
    flip, sample = ClipRandomFlip(prob=0.5), make_clip()
    flipped = 0
    for seed in range(200):
        clip = flip(make_clip(seed=seed))
        changed = {
            not np.array_equal(f.image, o.image)
            for f, o in zip(clip['inputs'], sample['inputs'], strict=True)
        }
        assert len(changed) == 1
        flipped += changed.pop()
    assert 75 <= flipped <= 125  # 3.5 standard deviations


@pytest.mark.parametrize('prob', [0, 1])
def test_refused_where_words_may_say_left_or_right(prob, make_clip) -> None:
    clip = make_clip(flippable=False)
    with pytest.raises(ValueError, match='mirror.*metainfo=dict'):
        ClipRandomFlip(prob=prob)(clip)
    clip['data_samples'].pop('flippable')
    with pytest.raises(ValueError, match='mirror'):
        ClipRandomFlip(prob=prob)(clip)


def test_bad_argument() -> None:
    with pytest.raises(ValueError, match='prob must be in'):
        ClipRandomFlip(prob=1.5)
