"""Semantic trajectory accuracy: events with the right verb, partner and span."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from mmsmot.structures import UNTRACKED, Interactions


@dataclass(frozen=True)
class EventMatches:
    """Counts of one sequence, or of several added up.

    Attributes:
        matched: Events that are predicted with verb, role and partner, and overlap in time.
        missed: True events that are not.
        spurious: Predicted events that are not true.
        verbs_only: Events with verb and role and overlap, whatever the partner.
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
    gt: Interactions, pred: Interactions, iou_threshold: float = 0.5
) -> EventMatches:
    """Match predicted events to true ones one to one, by the greatest overlap in time.

    Args:
        gt: True interactions of the target; the other side is a class. Those without a
            span are left out.
        pred: Predicted ones.
        iou_threshold: Least IoU of two spans of frames that match.
    """
    gt, pred = gt[gt.has_span], pred[pred.has_span]
    iou = span_iou(gt, pred)
    iou[iou < iou_threshold] = 0
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


def span_iou(gt: Interactions, pred: Interactions) -> np.ndarray:
    """(G, P) IoU of the spans, counted in frames."""
    low = np.maximum(gt.start_frames[:, None], pred.start_frames)
    high = np.minimum(gt.end_frames[:, None], pred.end_frames)
    inter = (high - low + 1).clip(min=0)
    lengths = [table.end_frames - table.start_frames + 1 for table in (gt, pred)]
    return inter / (lengths[0][:, None] + lengths[1] - inter)


def _matched_overlaps(iou: np.ndarray) -> np.ndarray:
    rows, columns = linear_sum_assignment(-iou)
    values = iou[rows, columns]
    return values[values > 0]


def _ratio(part: float, total: float) -> float:
    return part / total if total else float('nan')
