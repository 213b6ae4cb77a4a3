"""Tracking anchors: equation (1), box by box, and what has no part in it."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.models.detectors.base import RawDetections
from mmsmot.structures import pairwise_iou
from projects.single_shot_smot.tracking_anchors import TrackingAnchors


def random_boxes(rng: np.random.Generator, count: int) -> np.ndarray:
    low = rng.uniform(0, 80, (count, 2))
    return np.concatenate([low, low + rng.uniform(10, 40, (count, 2))], axis=1)


@pytest.fixture(scope='module')
def scene() -> tuple[np.ndarray, np.ndarray, RawDetections]:
    """Boxes (7, 4), their labels, and 300 anchors of two classes."""
    rng = np.random.default_rng(4)
    anchors = random_boxes(rng, 300)
    raw = RawDetections(
        anchors + rng.normal(0, 1, (300, 4)), rng.random((300, 2)), anchors
    )
    return random_boxes(rng, 7), rng.integers(0, 2, 7), raw


def equation_1(
    box: np.ndarray, label: int, raw: RawDetections, part: TrackingAnchors
) -> tuple[np.ndarray, float]:
    """One box, one anchor after another."""
    iou = pairwise_iou(box[None], raw.anchors)[0]
    total, weighted_box, weighted_score = 0.0, np.zeros(4), 0.0
    for k in sorted(range(len(iou)), key=lambda k: -iou[k])[: part.num_anchors]:
        if iou[k] < part.min_iou:
            continue
        weight = iou[k] if part.weights == 'iou' else 1.0
        weight *= raw.scores[k, label] if part.weigh_scores else 1.0
        total += weight
        weighted_box += weight * raw.boxes[k]
        weighted_score += weight * raw.scores[k, label]
    return weighted_box / total, weighted_score / total


@pytest.mark.parametrize('num_anchors', [1, 5, 20])
@pytest.mark.parametrize('weights', ['average', 'iou'])
@pytest.mark.parametrize('weigh_scores', [False, True])
def test_all_boxes_at_once_equal_equation_1_box_by_box(
    scene: tuple, num_anchors: int, weights: str, weigh_scores: bool
) -> None:
    boxes, labels, raw = scene
    part = TrackingAnchors(
        num_anchors=num_anchors, weights=weights, weigh_scores=weigh_scores
    )
    redetected, scores = part.redetect(boxes, labels, raw)
    for box, label, new_box, score in zip(
        boxes, labels, redetected, scores, strict=True
    ):
        expected_box, expected_score = equation_1(box, label, raw, part)
        np.testing.assert_allclose(new_box, expected_box, rtol=1e-12)
        assert score == pytest.approx(expected_score, rel=1e-12)


def test_one_anchor_is_the_one_of_greatest_iou(scene: tuple) -> None:
    boxes, labels, raw = scene
    best = pairwise_iou(boxes, raw.anchors).argmax(axis=1)
    redetected, scores = TrackingAnchors().redetect(boxes, labels, raw)
    np.testing.assert_allclose(redetected, raw.boxes[best])
    np.testing.assert_allclose(scores, raw.scores[best, labels])


def test_a_box_without_anchors_stays_with_score_0(scene: tuple) -> None:
    raw = scene[2]
    far = np.array([[500.0, 500, 520, 520]])
    boxes, scores = TrackingAnchors(num_anchors=5).redetect(far, np.array([0]), raw)
    assert boxes.tolist() == far.tolist() and scores.tolist() == [0]


def test_more_anchors_than_overlap_are_those_that_do(scene: tuple) -> None:
    boxes, _, raw = scene
    part = TrackingAnchors(num_anchors=999, min_iou=0.2)
    rows, weights = part.assign(boxes, raw.anchors)
    iou = pairwise_iou(boxes, raw.anchors)
    for i in range(len(boxes)):
        expected = [k for k in np.argsort(-iou[i]) if iou[i, k] >= 0.2]
        assert rows[i, : len(expected)].tolist() == expected
        np.testing.assert_allclose(weights[i, : len(expected)], iou[i, expected])
        assert (weights[i, len(expected) :] == 0).all()


def test_anchors_around_a_small_box_are_told_apart_by_their_centres() -> None:
    """All four contain the box, so that it overlaps each of them by a ninth."""
    box = np.array([[40.0, 40, 50, 50]])
    anchors = np.array([[x, y, x + 30, y + 30] for x in (25, 31) for y in (25, 29.0)])
    nearest = [
        TrackingAnchors(closeness=closeness).assign(box, anchors)[0].item()
        for closeness in ('iou', 'diou')
    ]
    assert nearest == [0, 3]


def test_a_nearer_centre_does_not_outweigh_a_much_greater_overlap() -> None:
    """4 pixels off it overlaps by .82; the one around the box by .44."""
    box = np.array([[10.0, 10, 50, 50]])
    anchors = np.array([[0.0, 0, 60, 60], [14, 10, 54, 50]])
    rows, weights = TrackingAnchors(closeness='diou').assign(box, anchors)
    assert rows.tolist() == [[1]]
    assert weights.item() == pytest.approx(36 / 44)


@pytest.mark.parametrize('defect', ['score', 'box', 'empty'])
def test_anchors_that_answer_nonsense_have_no_part(scene: tuple, defect: str) -> None:
    """As if the K anchors were the sound ones among them."""
    boxes, labels, raw = scene
    part = TrackingAnchors(num_anchors=3)
    rows = part.assign(boxes, raw.anchors)[0]
    answers, scores = raw.boxes.copy(), raw.scores.copy()
    if defect == 'score':
        scores[rows[:, 0]] = np.nan
    elif defect == 'box':
        answers[rows[:, 0], 2] = np.inf
    else:
        answers[rows[:, 0], 2:] = answers[rows[:, 0], :2]
    redetected, new_scores = part.redetect(
        boxes, labels, RawDetections(answers, scores, raw.anchors)
    )
    iou = pairwise_iou(boxes, raw.anchors)
    for i, pair in enumerate(rows[:, 1:]):
        weights = np.where(np.isin(pair, rows[:, 0]), 0, iou[i, pair])
        np.testing.assert_allclose(
            redetected[i], weights @ raw.boxes[pair] / weights.sum()
        )
    assert np.isfinite(new_scores).all()


def test_options_out_of_their_range_are_refused() -> None:
    for options in (dict(num_anchors=0), dict(weights='best'), dict(min_iou=2.0)):
        with pytest.raises(ValueError, match=f'TrackingAnchors: {next(iter(options))}'):
            TrackingAnchors(**options)
