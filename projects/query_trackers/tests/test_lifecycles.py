"""When tracks begin and end, in numbers."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.models.trackers import ByteTrack
from mmsmot.structures import Detections
from projects.query_trackers.external_tracker import ExternalTracker
from projects.query_trackers.giou_matching import GIoUMatching, pairwise_giou
from projects.query_trackers.lifecycles import ScoreStates
from projects.query_trackers.query_table import QueryTable
from projects.query_trackers.tests.conftest import clip, walking


def rows(
    scores: list[float],
    ids: list[int],
    ages: list[int] | None = None,
    boxes: np.ndarray | None = None,
    is_track: list[bool] | None = None,
    labels: list[int] | None = None,
) -> QueryTable:
    count = len(scores)
    if boxes is None:
        boxes = np.array([[20.0 * k, 0, 20 * k + 10, 10] for k in range(count)])
    ids = np.array(ids, np.int64)
    return QueryTable(
        np.asarray(boxes, float).reshape(-1, 4),
        np.array(scores, float),
        np.array([0] * count if labels is None else labels, np.int64),
        ids,
        ids >= 0 if is_track is None else np.array(is_track, bool),
        np.zeros(count, np.int64) if ages is None else np.array(ages, np.int64),
        np.ones(count, bool),
    )


def test_scores_decide_birth_and_death() -> None:
    lifecycle = ScoreStates(birth_threshold=0.7, keep_threshold=0.6, miss_tolerance=2)
    state = lifecycle.begin()
    outcome = lifecycle.update(state, rows([0.7, 0.69, 0.9], [-1, -1, -1]), None)
    assert outcome.ids.tolist() == [1, -1, 2]
    assert outcome.is_reported.tolist() == [True, False, True]
    # Seen; missed once; its second miss; between the thresholds: neither counts.
    scores, ages = [0.65, 0.5, 0.5, 0.65], [0, 0, 1, 1]
    outcome = lifecycle.update(state, rows(scores, [1, 2, 3, 4], ages), None)
    assert outcome.ids.tolist() == [1, 2, -1, 4]
    assert outcome.is_reported.tolist() == [True, False, False, True]
    assert outcome.ages.tolist()[:2] == [0, 1] and outcome.ages[3] == 1
    assert outcome.ended_ids == [3]
    next_outcome = lifecycle.update(state, rows([0.9], [-1]), None)
    assert next_outcome.ids.tolist() == [3]  # of this video's counter, which gave two


def test_a_track_that_was_seen_again_is_missed_anew() -> None:
    """Misses count in a row: of two at most the second ends a track, not one in between."""
    lifecycle = ScoreStates(birth_threshold=0.7, keep_threshold=0.6, miss_tolerance=2)
    state, ids, ages = lifecycle.begin(), [-1], [0]
    for score, expected in (
        (0.9, [1, 0]),
        (0.5, [1, 1]),
        (0.7, [1, 0]),  # seen again
        (0.5, [1, 1]),
        (0.65, [1, 1]),  # between the thresholds: not missed, but not seen either
        (0.5, [-1, 2]),
    ):
        outcome = lifecycle.update(state, rows([score], ids, ages), None)
        ids, ages = outcome.ids.tolist(), outcome.ages.tolist()
        assert [*ids, *ages] == expected


def test_suppression_of_tracks_and_births() -> None:
    lifecycle = ScoreStates(
        birth_threshold=0.4,
        keep_threshold=0.4,
        miss_tolerance=1,
        track_nms=0.9,
        birth_nms=0.9,
    )
    state = lifecycle.begin()
    state.next_id = 7
    boxes = [[0, 0, 10, 10], [0, 0, 10, 10.1], [0, 0, 10, 10], [50, 0, 60, 10]]
    outcome = lifecycle.update(
        state, rows([0.5, 0.8, 0.99, 0.5], [1, 2, -1, -1], boxes=boxes), None
    )
    # The better of two tracks stays; no birth upon a track, however sure.
    assert outcome.ids.tolist() == [-1, 2, -1, 7]
    assert outcome.ended_ids == [1]


def test_tracks_of_the_track_decoder_name_detections() -> None:
    lifecycle = GIoUMatching(score_threshold=0.4, max_cost=1.2, max_age=3)
    state = lifecycle.begin()
    detections = [[0, 0, 10, 10], [40, 0, 50, 10]]
    outcome = lifecycle.update(
        state, rows([0.9, 0.3], [-1, -1], boxes=detections), None
    )
    assert outcome.ids.tolist() == [1, -1]
    # Next frame: both moved; rows 2, 3 are the track decoder's of rows 0, 1.
    boxes = [[41, 0, 51, 10], [6, 0, 16, 10], [5, 0, 15, 10], [40, 0, 50, 10]]
    is_track = [False, False, True, True]
    outcome = lifecycle.update(
        state, rows([0.9, 0.8, 0.1, 0.9], [-1, -1, 1, -1], None, boxes, is_track), None
    )
    assert outcome.ids.tolist() == [2, 1, -1, -1]
    # Nobody is detected: both wait where they were, are taken again, or end.
    no_detection = rows([0.1, 0.1], [2, 1], boxes=boxes[:2])
    assert not lifecycle.update(state, no_detection, None).is_reported.any()
    assert state.ids.tolist() == [2, 1]
    outcome = lifecycle.update(state, rows([0.9], [-1], boxes=boxes[1:2]), None)
    assert outcome.ids.tolist() == [1] and outcome.ended_ids == []
    outcome = lifecycle.update(state, rows([0.9], [1], boxes=boxes[1:2]), None)
    assert outcome.ended_ids == [2]


def test_detections_take_ids_of_their_own_class() -> None:
    """A car stands where the track decoder sees the person; the person is further off."""
    boxes = [[0, 0, 10, 10], [5, 0, 15, 10], [0, 0, 10, 10]]
    is_track, ids = [False, False, True], [-1, -1, 1]
    for class_agnostic, expected in ((False, [2, 1, -1]), (True, [1, 2, -1])):
        lifecycle = GIoUMatching(class_agnostic=class_agnostic)
        state = lifecycle.begin()
        lifecycle.update(state, rows([0.9], [-1], boxes=boxes[:1], labels=[0]), None)
        outcome = lifecycle.update(
            state, rows([0.9] * 3, ids, None, boxes, is_track, [1, 0, 0]), None
        )
        assert outcome.ids.tolist() == expected
    # A person that waits is taken by no car, either.
    lifecycle = GIoUMatching()
    state = lifecycle.begin()
    lifecycle.update(state, rows([0.9], [-1], labels=[0]), None)
    lifecycle.update(state, rows([0.1], [1], labels=[1]), None)  # the label flips
    assert state.labels.tolist() == [0]
    outcome = lifecycle.update(state, rows([0.9], [-1], labels=[1]), None)
    assert outcome.ids.tolist() == [2]


def test_a_track_stays_in_its_class() -> None:
    for class_agnostic, expected in ((False, [4, 2]), (True, [2, 4])):
        lifecycle = ScoreStates(class_agnostic=class_agnostic)
        state = lifecycle.begin()
        lifecycle.update(state, rows([0.9, 0.9], [-1, -1], labels=[4, 2]), None)
        outcome = lifecycle.update(state, rows([0.9, 0.9], [1, 2], labels=[2, 4]), None)
        assert outcome.labels.tolist() == expected
    lifecycle = ScoreStates(miss_tolerance=1)
    state = lifecycle.begin()
    lifecycle.update(state, rows([0.9, 0.9], [-1, -1], labels=[4, 2]), None)
    lifecycle.update(state, rows([0.1, 0.9], [1, 2]), None)
    assert state.ids.tolist() == [2] and state.labels.tolist() == [2]


def test_what_is_kept_may_not_be_reported() -> None:
    lifecycle = ScoreStates(
        birth_threshold=0.7, keep_threshold=0.6, report_threshold=0.7
    )
    outcome = lifecycle.update(lifecycle.begin(), rows([0.65, 0.7], [1, 2]), None)
    assert outcome.ids.tolist() == [1, 2] and outcome.is_reported.tolist() == [
        False,
        True,
    ]


def test_a_track_begins_in_a_frame_without_any() -> None:
    lifecycle = GIoUMatching()
    state = lifecycle.begin()
    lifecycle.update(state, rows([], []), None)
    assert lifecycle.update(state, rows([0.9], [-1]), None).ids.tolist() == [1]


def test_giou() -> None:
    boxes = np.array([[0, 0, 2, 2.0]])
    other_boxes = np.array([[0, 0, 2, 2], [1, 1, 3, 3], [4, 0, 6, 2.0]])
    # 1; 1/7 - 2/9; 0 - 4/12
    np.testing.assert_allclose(
        pairwise_giou(boxes, other_boxes), [[1, -5 / 63, -1 / 3]]
    )


def test_a_tracker_of_boxes_gives_what_it_gives_alone() -> None:
    lifecycle = ExternalTracker(tracker=dict(type='ByteTrack', birth_threshold=0.5))
    state, bytetrack = lifecycle.begin(), ByteTrack(birth_threshold=0.5)
    frames, sample = clip(walking(6))
    gt, random = sample.gt_trajectories, np.random.default_rng(0)
    for frame in frames:
        boxes = gt.boxes[gt.frame_ids == frame.frame_id]
        boxes = np.concatenate([boxes, boxes + 1])
        scores = np.concatenate([random.uniform(0.5, 1, len(boxes) // 2), [0.05] * 2])
        outcome = lifecycle.update(
            state, rows(scores.tolist(), [-1] * len(boxes), boxes=boxes), frame
        )
        tracks = bytetrack.update(Detections(boxes[:2], scores[:2]), frame)
        ids = np.full(len(boxes), -1)
        ids[tracks.det_index] = tracks.ids
        np.testing.assert_array_equal(outcome.ids, ids)
    assert outcome.is_reported.sum() == 2


def test_thresholds_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match='birth_threshold'):
        ScoreStates(birth_threshold=1.5)
    with pytest.raises(ValueError, match='max_age'):
        GIoUMatching(max_age=0)
