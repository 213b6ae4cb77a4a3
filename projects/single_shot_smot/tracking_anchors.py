"""Tracking anchors: which of a detector's anchors re-detect a tracked box."""

from __future__ import annotations

import numpy as np

from mmsmot.models.detectors.base import RawDetections
from mmsmot.registry import TASK_UTILS
from mmsmot.structures import overlapping_box_pairs
from mmsmot.structures.boxes import valid_boxes
from mmsmot.structures.runs import positions_in_runs
from mmsmot.utils.number_ranges import COUNT, FRACTION, require_choice, require_numbers

WEIGHTS = ('average', 'iou')
CLOSENESS = ('iou', 'diou')


@TASK_UTILS.register_module()
class TrackingAnchors:
    """The K anchors nearest to a box, and the weight of each (section 4.1).

    The aggregation (equation 1) of N boxes at once::

        boxes (N, 4) --+- pairs that overlap - K nearest -+- weights w (N, K)
        anchors (A, 4) +                                  +- rows (N, K)
                                                               |
        raw boxes (A, 4), scores (A, C) ---------------- gathered (N, K, .) -> means

    Args:
        num_anchors: K; 1 is the paper's single assignment.
        closeness: What the K anchors are the greatest of: ``'iou'``, or ``'diou'``, the
            IoU less the squared distance of the centres over that of the outermost
            corners (Zheng et al., 2020). Every anchor of one size around a small box has
            the same IoU with it, wherever its centre is. Not in the paper.
        weights: A, of the anchors of one box: ``'average'``, all equal, or ``'iou'``, the
            IoU of each with the box (multi-assignment).
        weigh_scores: Multiply each weight by the score that the anchor has in this frame.
            Training as a detector keeps the scores of anchors beside the best one low, so
            plain means fall with K; not in the paper.
        min_iou: Least IoU of an anchor with the box. The release takes K anchors whatever
            they overlap, but none where the best is below .1.
    """

    def __init__(
        self,
        *,
        num_anchors: int = 1,
        closeness: str = 'iou',
        weights: str = 'iou',
        weigh_scores: bool = False,
        min_iou: float = 0.1,
    ) -> None:
        require_numbers('TrackingAnchors', COUNT, num_anchors=num_anchors)
        require_choice('TrackingAnchors', CLOSENESS, closeness=closeness)
        require_choice('TrackingAnchors', WEIGHTS, weights=weights)
        require_numbers('TrackingAnchors', FRACTION, min_iou=min_iou)
        self.num_anchors = num_anchors
        self.closeness = closeness
        self.weights = weights
        self.weigh_scores = weigh_scores
        self.min_iou = min_iou

    def assign(
        self, boxes: np.ndarray, anchors: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The anchors of each box.

        Args:
            boxes: (N, 4) predicted boxes, pixels of the frame.
            anchors: (A, 4) in the same pixels.

        Returns:
            (N, K) rows of ``anchors``, the nearest first, and (N, K) their weights, 0
            where fewer than K overlap the box enough.
        """
        i, j, iou = overlapping_box_pairs(boxes, anchors)
        has_part = iou >= self.min_iou
        i, j, iou = i[has_part], j[has_part], iou[has_part]
        closeness = iou
        if self.closeness == 'diou':
            closeness = iou - centre_distances(boxes[i], anchors[j])
        order = np.lexsort((-closeness, i))
        i, j, iou = i[order], j[order], iou[order]
        rank = positions_in_runs(np.bincount(i, minlength=len(boxes)))
        is_nearest = rank < self.num_anchors
        place = i[is_nearest], rank[is_nearest]
        rows = np.zeros((len(boxes), self.num_anchors), np.int64)
        weights = np.zeros((len(boxes), self.num_anchors))
        rows[place] = j[is_nearest]
        weights[place] = iou[is_nearest] if self.weights == 'iou' else 1
        return rows, weights

    def redetect(
        self, boxes: np.ndarray, labels: np.ndarray, raw: RawDetections
    ) -> tuple[np.ndarray, np.ndarray]:
        """Detect tracked objects again in a new frame (equation 1).

        Args:
            boxes: (N, 4) where each is expected, pixels of the frame.
            labels: (N,) int64, the column of its score.
            raw: Of the new frame; rows that are no boxes, or not finite, have no part.

        Returns:
            (N, 4) boxes and (N,) scores; the box that was expected and score 0 where no
            anchor has a part.
        """
        rows, weights = self.assign(boxes, raw.anchors)
        anchor_boxes, scores = raw.boxes[rows], raw.scores[rows, labels[:, None]]
        is_box = valid_boxes(anchor_boxes.reshape(-1, 4)).reshape(rows.shape)
        is_sound = np.isfinite(scores) & is_box
        scores = np.where(is_sound, scores, 0)
        anchor_boxes = np.where(is_sound[..., None], anchor_boxes, 0)
        weights = weights * is_sound
        if self.weigh_scores:
            weights = weights * scores
        total = weights.sum(axis=1)
        has_anchors = total > 0
        weights = weights / np.where(has_anchors, total, 1)[:, None]
        means = (weights[:, None] @ anchor_boxes)[:, 0]
        redetected = np.where(has_anchors[:, None], means, boxes)
        return redetected, (weights * scores).sum(axis=1)


def centre_distances(boxes: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """(P,) squared distance of the centres over that of the outermost corners.

    Args:
        boxes: (P, 4).
        anchors: (P, 4), one for each box.

    >>> centre_distances(np.array([[0.0, 0, 4, 3]]), np.array([[0.0, 0, 12, 5]])) * 169
    array([17.])
    """
    low, high = np.split(boxes, 2, axis=1)
    anchor_low, anchor_high = np.split(anchors, 2, axis=1)
    distance = (low + high - anchor_low - anchor_high) / 2
    diagonal = np.maximum(high, anchor_high) - np.minimum(low, anchor_low)
    return (distance**2).sum(axis=1) / (diagonal**2).sum(axis=1)
