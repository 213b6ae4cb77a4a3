"""OC-SORT's own ideas on cases made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from mmsmot.models.trackers import OCSORT
from mmsmot.models.trackers.certain_pairs import certain_pairs
from mmsmot.models.trackers.kalman_filter import XYSRFilter
from mmsmot.structures import Detections
from tests.models.trackers.test_association import dense


def walk(x: float, score: float = 0.9) -> Detections:
    return Detections([[x, 100, x + 40, 200]], [score])


def test_a_gap_is_bridged_and_the_detection_reported() -> None:
    tracker = OCSORT(min_hits=1)
    for step in range(6):
        first = tracker.update(walk(10.0 * step))
    for _ in range(4):
        assert len(tracker.update(Detections.empty())) == 0
    found = tracker.update(walk(100.0))
    assert found.ids.tolist() == first.ids.tolist() == [1]
    np.testing.assert_array_equal(found.boxes, walk(100.0).boxes)


def test_the_filter_is_led_through_the_gap() -> None:
    """As if the boxes on the line had been seen, and the last of them twice."""
    tracker, kalman = OCSORT(), XYSRFilter(height_epsilon=1e-6)
    for step in range(6):
        tracker.update(walk(5.0 * step))
    for _ in range(3):
        tracker.update(Detections.empty())
    tracker.update(walk(25.0 + 4 * 8))
    state = kalman.initiate(walk(0.0).boxes)
    for x in (5, 10, 15, 20, 25, 33, 41, 49, 57):
        state = kalman.update(kalman.predict(state), walk(float(x)).boxes)
    state = kalman.update(state, walk(57.0).boxes)
    assert len(tracker._tracks) == 1
    np.testing.assert_allclose(tracker._tracks.state, state, rtol=1e-6, atol=1e-6)


def test_recovery_at_the_last_observation() -> None:
    """Someone who runs, is hidden and stops is found where last seen."""
    tracker = OCSORT(min_hits=1)
    for step in range(8):
        tracker.update(walk(20.0 * step))
    for _ in range(3):
        tracker.update(Detections.empty())
    found = tracker.update(walk(145.0))  # the filter expects 220
    assert found.ids.tolist() == [1]


def test_directions_turn_with_the_camera() -> None:
    """Who walked to the right walks down after a quarter turn; zoom changes nothing."""
    tracker = OCSORT()
    for step in range(4):
        tracker.update(walk(10.0 * step))
    np.testing.assert_allclose(tracker._tracks.rows['direction'], [[1, 0]], atol=1e-6)
    quarter_turn = np.array([[0.0, -2, 300], [2, 0, 50]])
    tracker._warp(quarter_turn)
    np.testing.assert_allclose(tracker._tracks.rows['direction'], [[0, 1]], atol=1e-6)


def test_scores_at_the_threshold_are_in_no_set() -> None:
    tracker = OCSORT(det_threshold=0.6, use_byte=True)
    assert len(tracker.update(walk(0.0, 0.6))) == 0
    assert len(tracker.update(walk(0.0, 0.61))) == 1


@pytest.mark.parametrize('seed', range(40))
def test_certain_pairs_are_in_every_best_assignment(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = rng.integers(1, 9, 2)
    iou = rng.random(shape) * (rng.random(shape) < 0.4)
    i, j = certain_pairs(dense(iou), margin=0.4)
    for _ in range(20):
        best = linear_sum_assignment(-(iou + rng.uniform(-0.1, 0.1, shape)))
        pairs = set(zip(*(side.tolist() for side in best), strict=True))
        assert set(zip(i.tolist(), j.tolist(), strict=True)) <= pairs


def test_some_pairs_are_certain_and_the_others_are_not() -> None:
    iou = np.array([[0.9, 0.2, 0], [0.2, 0.5, 0.4], [0, 0, 0.3]])
    i, j = certain_pairs(dense(iou), margin=0.4)
    assert (i.tolist(), j.tolist()) == ([0], [0])


@pytest.mark.parametrize(
    ('score', 'found'), [(0.05, 0), (0.1, 0), (0.11, 1), (0.59, 1), (0.6, 0), (0.61, 1)]
)
def test_weak_detections_lie_between_the_thresholds(score: float, found: int) -> None:
    tracker = OCSORT(use_byte=True, min_hits=0)
    box = [[10.0, 10, 50, 90]]
    assert len(tracker.update(Detections(box, [0.9]))) == 1
    assert len(tracker.update(Detections(box, [score]))) == found
