"""Detections and boxes: what is refused, what is dropped."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.structures import Detections, pairwise_iou


@pytest.mark.parametrize(
    ('box', 'message'),
    [
        ([np.nan, 0, 1, 1], 'not finite'),
        ([0, 0, np.inf, 1], 'not finite'),
        ([5, 0, 1, 1], 'empty or inverted'),
        ([0, 0, 0, 1], 'empty or inverted'),
        ([0, 0, 1e-170, 1], 'empty or inverted'),
        ([0, 0, 1e160, 1], 'larger than any image'),
    ],
)
def test_no_box_is_refused_by_row(box: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=f'box 1 is {message}'):
        Detections([[0, 0, 1, 1], box], [1, 1])


def test_columns_must_fit() -> None:
    with pytest.raises(ValueError, match='1 boxes but 2 scores'):
        Detections([[0, 0, 1, 1]], [1, 1])
    with pytest.raises(ValueError, match='1 boxes but 2 embeddings'):
        Detections([[0, 0, 1, 1]], [1], None, np.zeros((2, 8)))
    with pytest.raises(ValueError, match=r'boxes must be \(N, 4\)'):
        Detections([0, 0, 1], [1])
    with pytest.raises(ValueError, match='scores holds a value that is not finite'):
        Detections([[0, 0, 1, 1]], [np.nan])


def test_cleaned_drops_and_counts() -> None:
    boxes = [[0, 0, 1, 1], [3, 3, 2, 4], [0, 0, np.nan, 1], [-5, -5, 2, 2]]
    boxes += [[0, 0, 1e160, 1e160], [0, 0, 1e-170, 1]]
    scores, labels = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], [1, 2, 3, 4, 5, 6]
    cleaned, dropped = Detections.cleaned(boxes, scores, labels)
    assert dropped == 4
    assert cleaned.labels.tolist() == [1, 4]
    assert cleaned.scores.tolist() == [0.1, 0.4]


def test_rows_by_mask_and_types() -> None:
    detections = Detections([[0, 0, 1, 1], [0, 0, 2, 2]], [0.5, 0.6])
    selected = detections[np.array([False, True])]
    assert selected.boxes.tolist() == [[0, 0, 2, 2]]
    assert (selected.boxes.dtype, selected.labels.dtype) == (np.float64, np.int64)
    assert len(Detections.empty()) == 0


def test_iou_by_hand() -> None:
    boxes = np.array([[0.0, 0, 10, 10], [20, 20, 30, 30]])
    other_boxes = np.array([[5.0, 0, 15, 10], [0, 0, 10, 10], [100, 100, 101, 101]])
    expected = [[1 / 3, 1, 0], [0, 0, 0]]
    np.testing.assert_allclose(pairwise_iou(boxes, other_boxes), expected)
    # Counted in pixels the first pair shares 6 x 11 of 2 x 121 - 66.
    assert pairwise_iou(boxes, other_boxes, 1.0)[0, 0] == pytest.approx(66 / 176)
    assert pairwise_iou(boxes, other_boxes[:0]).shape == (2, 0)


@pytest.mark.parametrize('labels', [[0.5], [np.nan], ['person'], [None]], ids=str)
def test_labels_are_whole_numbers(labels: list) -> None:
    with pytest.raises(ValueError, match='Detections: labels '):
        Detections([[0, 0, 1, 1]], [1], labels)


def test_whole_floats_are_labels_and_embeddings_are_rows() -> None:
    detections = Detections([[0, 0, 1, 1]], [1], np.array([2.0]), [[0.5, 0.5]])
    assert detections.labels.tolist() == [2] and detections.labels.dtype == np.int64
    assert Detections(np.empty((0, 4)), [], []).labels.dtype == np.int64
    with pytest.raises(ValueError, match=r'embeddings must be \(N, D\), got \(1,\)'):
        Detections([[0, 0, 1, 1]], [1], None, [0.5])
