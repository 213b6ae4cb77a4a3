"""Where the verbs of a frame count: on the target alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmsmot.structures import Interactions, Trajectories
from projects.semtracker.evaluation.interaction_f1 import (
    f1_scores,
    frame_counts,
    verbs_by_frame,
)
from projects.semtracker.evaluation.semantic_tracking_metric import (
    SemanticTrackingMetric,
)

BOX = np.array([0.0, 0.0, 10.0, 10.0])


def boxes(frames: list[int], offsets: list[float], scores=None) -> Trajectories:
    place = BOX + np.array([1.0, 0, 1, 0]) * np.reshape(offsets, (-1, 1))
    ids = np.arange(len(frames)) + 1
    columns = {} if scores is None else dict(scores=np.array(scores))
    return Trajectories(np.array(frames), ids, place.reshape(-1, 4), **columns)


def counts(gt_verbs, pred_verbs, gt: Trajectories, pred: Trajectories) -> list:
    roles = [
        np.stack([verbs, np.zeros_like(verbs)], axis=1).reshape(-1, 2)
        for verbs in (np.array(gt_verbs, int), np.array(pred_verbs, int))
    ]
    pair = verbs_by_frame(*roles, gt, pred, 0.5)
    return frame_counts(*pair, 2).tolist()


def test_a_verb_told_along_another_box_is_false_and_the_true_one_missed() -> None:
    gt = boxes([1, 2, 3], [0, 0, 0])
    # Frame 1 on the target, frame 2 on somebody else, frame 3 without a box, frame 4
    # without the target.
    pred = boxes([1, 2, 4], [0, 30, 0])
    assert counts([1, 1, 1], [1, 1, 1], gt, pred) == [[1, 2, 2], [0, 0, 0]]
    assert counts([1, 1, 1], [1, 2, 0], gt, pred) == [[1, 0, 2], [0, 1, 0]]
    # A true verb that is not in the vocabulary forgives only what is told on the target.
    assert counts([-1, -1, 1], [2, 2, 0], gt, pred) == [[0, 0, 1], [0, 1, 0]]


@pytest.mark.parametrize(('width', 'is_hit'), [(5.0, True), (4.9, False)])
def test_a_box_covers_the_target_from_the_threshold_on(
    width: float, is_hit: bool
) -> None:
    frame = np.array([1])
    pred = Trajectories(frame, frame, np.array([[0, 0, width, 10]]))  # IoU width / 10
    expected = [[1, 0, 0], [0, 0, 0]] if is_hit else [[0, 1, 1], [0, 0, 0]]
    assert counts([1], [1], boxes([1], [0]), pred) == expected


def test_of_two_boxes_on_the_target_the_surest_counts() -> None:
    gt = boxes([5], [0])
    for scores, expected in (
        ((0.9, 0.4), [[1, 0, 0], [0, 1, 0]]),
        ((0.4, 0.9), [[0, 1, 1], [0, 1, 0]]),
    ):
        pred = boxes([5, 5], [0, 1], scores)
        assert counts([1], [1, 2], gt, pred) == expected


def test_without_a_true_or_a_predicted_box() -> None:
    nothing = Trajectories.empty()
    assert counts([], [1], nothing, boxes([3], [0])) == [[0, 1, 0], [0, 0, 0]]
    assert counts([1], [], boxes([3], [0]), nothing) == [[0, 0, 1], [0, 0, 0]]
    assert counts([], [], nothing, nothing) == [[0, 0, 0]] * 2
    # A predicted verb that is not in the vocabulary is none.
    assert counts([1], [-1], boxes([3], [0]), boxes([3], [0]))[0] == [0, 0, 1]


def one_track(table: Trajectories) -> Trajectories:
    return replace(table, ids=table.ids * 0 + 1)


def push(target: int, start: int, end: int) -> Interactions:
    row = target, -1, 'push.v.01', start, end, 1.0, 'man'
    return Interactions(*(np.array([value]) for value in row))


def test_the_metric_counts_a_drift_to_somebody_else_twice() -> None:
    """Ten frames of pushing, told in all of them; in the last four of another man."""
    frames = [*range(1, 11)]
    sample = dict(
        gt_trajectories=one_track(boxes(frames, [0] * 10)),
        gt_interactions=push(1, 1, 10),
        pred_trajectories=one_track(boxes(frames, [0] * 6 + [40] * 4)),
        pred_interactions=push(1, 1, 10),
        frame_ids=np.array(frames),
    )
    metric = SemanticTrackingMetric()
    metric.process(None, [sample])
    scores = metric.compute_metrics(metric.results)
    assert scores['f1_micro'] == pytest.approx(2 * 6 / (2 * 6 + 4 + 4))
    assert scores['f1_micro_roles_swapped'] == 0.0


def test_verbs_without_truth_have_no_part_in_a_mean() -> None:
    table = np.array([[0, 5, 0], [2, 0, 2], [0, 0, 3]])
    scores = f1_scores(table, 'abc', dict(a='head', b='head', c='tail'))
    assert scores['f1_micro'] == pytest.approx(4 / (4 + 5 + 5))
    assert scores['f1_macro'] == pytest.approx((2 / 3 + 0) / 2)
    assert scores['f1_head'] == pytest.approx(2 / 3) and scores['f1_tail'] == 0.0
