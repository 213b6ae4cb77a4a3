"""Tests of packing clips."""

from __future__ import annotations

import pickle
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from mmsmot.datasets.transforms import ClipResize, PackClip
from mmsmot.structures import Frame


def test_two_parts_with_images(make_clip) -> None:
    clip = PackClip()({**make_clip(), 'more': 1})
    assert set(clip) == {'inputs', 'data_samples'}
    assert all('image' in vars(frame) for frame in clip['inputs'])


def test_travels_with_one_copy_of_each_image(make_clip) -> None:
    clip = PackClip()(ClipResize(size=(320, 240))(make_clip()))
    data = pickle.dumps(clip)
    assert len(data) < 1.1 * 3 * 320 * 240 * 3
    back = pickle.loads(data)
    np.testing.assert_array_equal(back['inputs'][1].image, clip['inputs'][1].image)


def test_frames_without_images(make_clip) -> None:
    with pytest.raises(ValueError, match='has no image'):
        PackClip()(make_clip(images=False))
    PackClip(require_images=False)(make_clip(images=False))


def test_other_frames(make_clip) -> None:
    clip = make_clip()
    clip['inputs'].reverse()
    with pytest.raises(ValueError, match=r'of frames .* but inputs are \[3, 2, 1\]'):
        PackClip()(clip)


@pytest.mark.parametrize('decode', [True, False])
def test_boxes_of_another_image(decode: bool, make_clip) -> None:
    clip = make_clip()
    gt = clip['data_samples'].gt_trajectories
    space = replace(gt.space, width=160)
    clip['data_samples'].gt_trajectories = replace(gt, space=space)
    with pytest.raises(ValueError, match='cannot pack a clip of clip'):
        PackClip(decode=decode)(clip)


@pytest.mark.parametrize('field', ['gt_captions', 'gt_interactions'])
def test_words_about_nobody(field, make_clip) -> None:
    clip = make_clip()
    sample = clip['data_samples']
    sample.gt_trajectories = sample.gt_trajectories[sample.gt_trajectories.ids == 1]
    for field_name in {'gt_captions', 'gt_interactions'} - {field}:
        sample.pop(field_name)
    with pytest.raises(ValueError, match=r'captions or interactions of ids \[2\]'):
        PackClip()(clip)


def test_without_truth(make_clip) -> None:
    clip = make_clip()
    for name in [*clip['data_samples'].keys()]:
        clip['data_samples'].pop(name)
    assert len(PackClip()(clip)['inputs']) == 3


@pytest.mark.parametrize('decode', [True, False])
def test_whether_images_are_decoded(decode: bool, make_clip) -> None:
    clip = make_clip()
    clip['inputs'] = [
        replace(frame, load=partial(image_of, frame)) for frame in clip['inputs']
    ]
    packed = PackClip(decode=decode)(clip)
    assert [('image' in vars(frame)) for frame in packed['inputs']] == [decode] * 3


def image_of(frame: Frame) -> np.ndarray:
    return frame.image


def test_frames_without_images_are_refused_undecoded_too(make_clip) -> None:
    clip = make_clip()
    clip['inputs'] = [replace(frame, load=None) for frame in clip['inputs']]
    with pytest.raises(ValueError, match='has no image'):
        PackClip(decode=False)(clip)
    assert len(PackClip(decode=False, require_images=False)(clip)['inputs']) == 3
