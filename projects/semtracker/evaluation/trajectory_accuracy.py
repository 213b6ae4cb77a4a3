"""Semantic trajectory accuracy: events of the target with verb, partner and span."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from mmsmot.structures import UNTRACKED, Interactions, Trajectories
from projects.semtracker.evaluation.interaction_f1 import covered_rows

SPAN_IOU = 0.5  # least temporal IoU of two events that match
SHARE_ON_TARGET = 0.5  # of the frames of both spans that have the target


@dataclass(frozen=True)
class EventMatches:
    """Counts of one sequence, or of several added up.

    Attributes:
        matched: Events that are predicted with verb, role and partner, with a temporal IoU
            of at least .5, along boxes on the target; see :func:`matched_events`.
        missed: True events that are not.
        spurious: Predicted events that are not true.
        verbs_only: The same, whatever the partner.
        span_iou: Sum of the IoU of the matched spans.
    """

    matched: int = 0
    missed: int = 0
    spurious: int = 0
    verbs_only: int = 0
    span_iou: float = 0.0

    def __add__(self, matches: EventMatches) -> EventMatches:
        return EventMatches(
            self.matched + matches.matched,
            self.missed + matches.missed,
            self.spurious + matches.spurious,
            self.verbs_only + matches.verbs_only,
            self.span_iou + matches.span_iou,
        )

    def scores(self) -> dict[str, float]:
        """Accuracy (matched of all that is true or predicted), and its parts; nan for 0 / 0."""
        total = self.matched + self.missed + self.spurious
        gt, num_pred = self.matched + self.missed, self.matched + self.spurious
        union_of_verbs = gt + num_pred - self.verbs_only
        return {
            'trajectory_accuracy': _ratio(self.matched, total),
            'trajectory_accuracy_verb': _ratio(self.verbs_only, union_of_verbs),
            'event_recall': _ratio(self.matched, gt),
            'event_precision': _ratio(self.matched, num_pred),
            'span_iou': _ratio(self.span_iou, self.matched),
        }


def matched_events(
    gt: Interactions,
    pred: Interactions,
    gt_boxes: Trajectories,
    pred_boxes: Trajectories,
    *,
    first_frame: int = 1,
    iou_threshold: float = 0.5,
) -> EventMatches:
    """Match predicted events to true ones one to one, by the greatest temporal IoU.

    Two events match where their spans' IoU is at least .5, and the predicted track's box is
    on the target in at least half of the frames of both spans that have the target: an
    event that is told along a box of somebody else is not the target's.

    Args:
        gt: True interactions of the target; the other side is a class. Those without a
            span are left out.
        pred: Predicted ones.
        gt_boxes: The target's true boxes, one a frame, by frame.
        pred_boxes: The predicted ones, of the ids of ``pred``.
        first_frame: Spans are cut to begin here; those that end before are left out.
        iou_threshold: Least IoU of a box that is on the target.
    """
    gt, pred = (
        table[table.has_span & (table.end_frames >= first_frame)]
        for table in (gt, pred)
    )
    gt_spans, pred_spans = (_spans(table, first_frame) for table in (gt, pred))
    iou = span_iou(gt_spans, pred_spans)
    iou[iou < SPAN_IOU] = 0
    gt_rows = covered_rows(gt_boxes, pred_boxes, iou_threshold)
    is_own = pred_boxes.ids == _track_ids(pred)[:, None]  # (P, R)
    num_covered = _shared_frames(
        gt_spans, pred_spans, pred_boxes.frame_ids, is_own & (gt_rows >= 0)
    )
    has_target = np.ones((len(pred), len(gt_boxes)), bool)
    num_frames = _shared_frames(gt_spans, pred_spans, gt_boxes.frame_ids, has_target)
    iou *= (num_covered > 0) & (num_covered >= SHARE_ON_TARGET * num_frames)
    same_verb = gt.verbs[:, None] == pred.verbs
    gt_role, pred_role = gt.subject_ids == UNTRACKED, pred.subject_ids == UNTRACKED
    same_verb &= gt_role[:, None] == pred_role
    same_partner = gt.partner_labels[:, None] == pred.partner_labels
    overlaps = [_matched_overlaps(iou * same_verb * part) for part in (same_partner, 1)]
    matched = len(overlaps[0])
    return EventMatches(
        matched,
        len(gt) - matched,
        len(pred) - matched,
        len(overlaps[1]),
        float(overlaps[0].sum()),
    )


def span_iou(gt_spans: np.ndarray, pred_spans: np.ndarray) -> np.ndarray:
    """(G, P) IoU of spans (G, 2) and (P, 2), first and last frame, counted in frames."""
    low, high = _shared_spans(gt_spans, pred_spans)
    inter = (high - low + 1).clip(min=0)
    gt_lengths, pred_lengths = (
        spans[:, 1] - spans[:, 0] + 1 for spans in (gt_spans, pred_spans)
    )
    return inter / (gt_lengths[:, None] + pred_lengths - inter)


def _spans(table: Interactions, first_frame: int) -> np.ndarray:
    """(P, 2) first and last frame, not before a frame."""
    starts = table.start_frames.clip(min=first_frame)
    return np.stack([starts, table.end_frames], axis=1)


def _shared_spans(
    gt_spans: np.ndarray, pred_spans: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(G, P) first and last frame that two spans share; the last is less for none."""
    return (
        np.maximum(gt_spans[:, None, 0], pred_spans[:, 0]),
        np.minimum(gt_spans[:, None, 1], pred_spans[:, 1]),
    )


def _shared_frames(
    gt_spans: np.ndarray,
    pred_spans: np.ndarray,
    frame_ids: np.ndarray,
    is_counted: np.ndarray,
) -> np.ndarray:
    """(G, P) how many of the frames (R,) that count for a prediction, (P, R), both have."""
    low, high = (bound[..., None] for bound in _shared_spans(gt_spans, pred_spans))
    return ((low <= frame_ids) & (frame_ids <= high) & is_counted).sum(axis=2)


def _track_ids(table: Interactions) -> np.ndarray:
    """(P,) the side that is a track."""
    is_object = table.subject_ids == UNTRACKED
    return np.where(is_object, table.object_ids, table.subject_ids)


def _matched_overlaps(iou: np.ndarray) -> np.ndarray:
    rows, columns = linear_sum_assignment(-iou)
    values = iou[rows, columns]
    return values[values > 0]


def _ratio(part: float, total: float) -> float:
    return part / total if total else float('nan')
