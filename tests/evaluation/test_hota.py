"""HOTA: field by field what trackeval's own class gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmsmot.evaluation.tracking import _sequence_data


def fields_of(metric, data: dict) -> dict[str, dict]:
    return {'HOTA': metric.eval_sequence(data)}


def metrics():
    trackeval = pytest.importorskip('trackeval')
    from mmsmot.evaluation.hota import HOTA

    return HOTA(), trackeval.metrics.HOTA()


def one_match(similarity: float) -> dict:
    """A frame with one true box and one predicted box."""
    ids = [np.array([0])]
    return {
        'num_gt_ids': 1,
        'num_tracker_ids': 1,
        'num_gt_dets': 1,
        'num_tracker_dets': 1,
        'gt_ids': ids,
        'tracker_ids': ids,
        'similarity_scores': [np.array([[similarity]])],
    }


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    frames=st.integers(1, 15),
    objects=st.integers(1, 12),
    whole=st.booleans(),
)
def test_equals_trackeval(crowd, assert_same_scores, seed, frames, objects, whole):
    metric, reference = metrics()
    gt, pred = crowd(seed, frames, objects, whole)
    is_scored = gt.scores != 0
    data, _ = _sequence_data(gt, pred, np.arange(1, frames + 1), is_scored, None)
    assert_same_scores(fields_of(metric, data), fields_of(reference, data))


def test_equals_trackeval_where_no_boxes_touch(assert_same_scores):
    metric, reference = metrics()
    data = {
        'num_gt_ids': 1,
        'num_tracker_ids': 2,
        'num_gt_dets': 1,
        'num_tracker_dets': 3,
        'gt_ids': [np.array([], int), np.array([0])],
        'tracker_ids': [np.array([0]), np.array([0, 1])],
        'similarity_scores': [np.empty((0, 1)), np.zeros((1, 2))],
    }
    scores = fields_of(metric, data)
    assert_same_scores(scores, fields_of(reference, data))
    assert scores['HOTA']['HOTA_FP'].tolist() == [3.0] * 19
    assert scores['HOTA']['HOTA_FN'].tolist() == [1.0] * 19


def test_frames_that_never_meet(assert_same_scores):
    """Truth in one frame, predictions in another: nothing is ever matched."""
    metric, reference = metrics()
    data = {
        'num_gt_ids': 1,
        'num_tracker_ids': 1,
        'num_gt_dets': 1,
        'num_tracker_dets': 1,
        'gt_ids': [np.array([0]), np.array([], int)],
        'tracker_ids': [np.array([], int), np.array([0])],
        'similarity_scores': [np.empty((1, 0)), np.empty((0, 1))],
    }
    scores = fields_of(metric, data)
    assert_same_scores(scores, fields_of(reference, data))
    assert scores['HOTA']['HOTA'].tolist() == [0.0] * 19


@pytest.mark.parametrize('towards', [0, 1, None])
def test_similarities_at_the_thresholds(assert_same_scores, towards):
    """19 objects, each as similar as trackeval's own bound, or a last bit beside it."""
    metric, reference = metrics()
    bounds = reference.array_labels - np.finfo(float).eps
    if towards is not None:
        bounds = np.nextafter(bounds, towards)
    ids = [np.arange(19)]
    data = {
        'num_gt_ids': 19,
        'num_tracker_ids': 19,
        'num_gt_dets': 19,
        'num_tracker_dets': 19,
        'gt_ids': ids,
        'tracker_ids': ids,
        'similarity_scores': [np.diag(bounds)],
    }
    scores = fields_of(metric, data)
    assert_same_scores(scores, fields_of(reference, data))
    matched = np.arange(19, 0, -1) - (towards == 0)
    assert scores['HOTA']['HOTA_TP'].tolist() == matched.tolist()


def test_a_match_counts_up_to_its_similarity():
    """IoU .62 is a match at the thresholds .05 to .6: 12 of 19."""
    metric, _ = metrics()
    score = metric.eval_sequence(one_match(0.62))
    assert score['HOTA_TP'].tolist() == [1.0] * 12 + [0.0] * 7
    assert score['HOTA'].tolist() == [1.0] * 12 + [0.0] * 7
    np.testing.assert_allclose(score['LocA'], [0.62] * 12 + [1.0] * 7)


def test_one_box_a_side_is_scored_without_trackevals_loop(monkeypatch):
    metric, reference = metrics()

    def loop(self, data: dict) -> dict:
        raise AssertionError("trackeval's own loop over the thresholds")

    monkeypatch.setattr(type(reference), 'eval_sequence', loop)
    assert metric.eval_sequence(one_match(0.3))['HOTA_TP'].sum() == 6


def test_the_frames_of_a_sequence_are_matched_once():
    pytest.importorskip('trackeval')
    from mmsmot.evaluation.hota import match_hota

    data = one_match(0.5)
    assert match_hota(data)[2] is match_hota(data)[2]


def test_boxes_that_do_not_touch_add_nothing_to_the_alignment():
    """Jaccard index of two trajectories that touch in one of their two frames: 1 / 3."""
    pytest.importorskip('trackeval')
    from mmsmot.evaluation.hota import _alignment, _counts

    ids = [np.arange(2), np.arange(2)]
    data = {
        'num_gt_ids': 2,
        'num_tracker_ids': 2,
        'gt_ids': ids,
        'tracker_ids': ids,
        'similarity_scores': [np.diag([0.9, 0.8]), np.zeros((2, 2))],
    }
    np.testing.assert_allclose(_alignment(data, *_counts(data)), np.eye(2) / 3)


@pytest.mark.parametrize('field', ['tracker_ids', 'similarity_scores'])
def test_lists_of_frames_of_different_lengths_are_refused(field):
    metric, _ = metrics()
    data = one_match(0.5)
    data[field] = data[field] * 2
    with pytest.raises(ValueError, match='zip'):
        metric.eval_sequence(data)
