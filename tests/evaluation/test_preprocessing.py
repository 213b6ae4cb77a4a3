"""Preprocessing: distractors, flags and classes, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.evaluation.preprocessing import (
    distractor_classes,
    on_distractors,
    require_known,
)
from mmsmot.structures import Trajectories


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
        require_known('mot19')
    with pytest.raises(ValueError, match=r"'mot19'; known"):
        distractor_classes('mot19', truth([1]))


@pytest.mark.parametrize('labels', [[1, -1], [1, 14], [0, 2]])
@pytest.mark.parametrize('name', ['mot17', 'auto'])
def test_classes_that_are_not_motchallenges(name, labels):
    with pytest.raises(ValueError, match=r"1 to 13 .* preprocessing='none'"):
        distractor_classes(name, truth(labels))


def test_on_distractors_is_one_to_one():
    # Both predictions overlap the distractor; the pedestrian takes the first.
    similarity = np.array([[0.9, 0.6], [0.8, 0.7]])
    is_distractor = np.array([False, True])
    assert on_distractors(similarity, is_distractor).tolist() == [False, True]
    assert on_distractors(similarity, ~is_distractor).tolist() == [True, False]


@pytest.mark.parametrize(('iou', 'removed'), [(0.49, False), (0.5, True), (1, True)])
def test_on_distractors_wants_half_overlap(iou, removed):
    mask = on_distractors(np.array([[iou]]), np.array([True]))
    assert mask.tolist() == [removed]


@pytest.mark.parametrize('shape', [(0, 3), (2, 0), (0, 0)])
def test_on_distractors_without_boxes(shape):
    mask = on_distractors(np.empty(shape), np.ones(shape[0], bool))
    assert mask.tolist() == [False] * shape[1]
