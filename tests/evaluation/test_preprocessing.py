"""Preprocessing: distractors, flags and classes, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmsmot.evaluation.preprocessing import (
    distractor_classes,
    distractor_matches,
    preprocessed_gt,
    preprocessing_for,
    require_preprocessing,
)
from mmsmot.structures import Trajectories, VideoInfo
from mmsmot.structures.mot_classes import FIRST_OTHER


def truth(labels: list[int]) -> Trajectories:
    n = len(labels)
    boxes = np.tile([0.0, 0, 10, 10], (n, 1))
    return Trajectories(np.ones(n), np.arange(n), boxes, labels=np.array(labels))


@pytest.mark.parametrize(
    ('name', 'labels', 'expected'),
    [
        ('none', [1, 7], None),
        ('mot15', [1, 7], None),
        ('mot16', [1, 7], (2, 7, 8, 12)),
        ('mot17', [1], (2, 7, 8, 12)),
        ('mot20', [1, 6], (2, 7, 8, 12, 6)),
        ('auto', [1, 8], (2, 7, 8, 12)),
        ('auto', [-1, -1], None),
        ('auto', [0], None),
        ('auto', [], None),
        ('mot17', [], (2, 7, 8, 12)),
    ],
)
def test_distractor_classes(name, labels, expected):
    assert distractor_classes(name, truth(labels)) == expected


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"'mot19'; known: auto, none, mot15, mot16"):
        require_preprocessing('mot19')
    with pytest.raises(ValueError, match=r"'mot19'; known"):
        distractor_classes('mot19', truth([1]))


@pytest.mark.parametrize('labels', [[1, -1], [1, 14], [0, 2], [1, 150]])
@pytest.mark.parametrize('name', ['mot17', 'auto'])
def test_classes_that_are_not_motchallenges(name, labels):
    with pytest.raises(ValueError, match=r"1 to 13 .* preprocessing='none'"):
        distractor_classes(name, truth(labels))


def test_on_distractors_is_one_to_one():
    # Both predictions overlap the distractor; the pedestrian takes the first.
    similarity = np.array([[0.9, 0.6], [0.8, 0.7]])
    is_distractor = np.array([False, True])
    assert distractor_matches(similarity, is_distractor).tolist() == [False, True]
    assert distractor_matches(similarity, ~is_distractor).tolist() == [True, False]


@pytest.mark.parametrize(('iou', 'removed'), [(0.49, False), (0.5, True), (1, True)])
def test_on_distractors_wants_half_overlap(iou, removed):
    mask = distractor_matches(np.array([[iou]]), np.array([True]))
    assert mask.tolist() == [removed]


@pytest.mark.parametrize('shape', [(0, 3), (2, 0), (0, 0)])
def test_on_distractors_without_boxes(shape):
    mask = distractor_matches(np.empty(shape), np.ones(shape[0], bool))
    assert mask.tolist() == [False] * shape[1]


@pytest.mark.parametrize(
    ('name', 'path', 'labels', 'expected'),
    [
        ('MOT20-01', '/data/a', [1, 6], 'mot20'),
        ('MOT17-05-FRCNN', '/data/train', [1, 6], 'mot17'),
        ('01', '/data/MOT20/train/01', [1, 6], 'mot20'),
        ('mot20_02', '/data', [1], 'mot20'),
        ('MOT2015', '/data', [1], 'mot17'),
        ('a', '/data', [1, 13], 'mot20'),  # a crowd stands in MOT20 alone
        ('MOT20-01', '/data', [0, -1], 'mot15'),
        (None, None, [1, 6], 'mot17'),
    ],
)
def test_what_auto_means(name, path, labels, expected):
    video = None if name is None else VideoInfo(name, path)
    assert preprocessing_for('auto', truth(labels), video) == expected
    assert preprocessing_for('mot16', truth(labels), video) == 'mot16'


def test_nothing_true_left_is_told(logged):
    gt = truth([2, 2, 7])
    assert not preprocessed_gt(gt, 'mot17', VideoInfo('yard', '/yard')).any()
    (message,) = logged
    assert message.startswith(
        'yard: none of 3 true boxes counts: there are 2 of class 2, 1 of class 7'
    )
    assert "preprocessing='none'" in message and 'labels.txt' in message
    assert preprocessed_gt(gt, 'none').all()
    assert preprocessed_gt(truth([1, 2]), 'mot17').tolist() == [True, False]
    preprocessed_gt(truth([]), 'mot17')
    assert len(logged) == 1


def test_other_classes_neither_count_nor_excuse():
    gt = truth([1, FIRST_OTHER, FIRST_OTHER + 7])
    assert distractor_classes('auto', gt) == (2, 7, 8, 12)
    assert preprocessed_gt(gt, 'mot17').tolist() == [True, False, False]


@pytest.mark.parametrize('preprocessing', ['mot15', 'mot17', 'none'])
def test_a_truth_that_is_all_to_be_ignored_is_told(logged, preprocessing):
    gt = truth([1, 1])
    preprocessed_gt(replace(gt, scores=np.zeros(2)), preprocessing)
    (message,) = logged
    assert (
        'a video: none of 2 true boxes counts: the flag (seventh column of gt.txt)'
        in message
    )
