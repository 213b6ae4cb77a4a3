"""Success and precision of one target's boxes, as single-object tracking scores them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmsmot.structures import Trajectories
from mmsmot.structures.boxes import paired_iou

OVERLAPS = np.linspace(0, 1, 21)  # OTB's success plot
PIXELS = 20  # OTB's precision
NORMALISED = np.linspace(0, 0.5, 51)  # TrackingNet's, in parts of the box


@dataclass(frozen=True)
class TargetSuccess:
    """Scores of one sequence.

    Attributes:
        success: Area under the success plot: mean over 21 thresholds of the share of
            frames whose IoU is above.
        precision: Share of frames whose centre is within 20 pixels.
        normalised_precision: Area under the plot of the centre's error in parts of the
            true box, up to .5.
        false_alarms: Share of the frames without the target that have a box; nan where
            it is always there.
    """

    success: float
    precision: float
    normalised_precision: float
    false_alarms: float


def target_success(
    gt: Trajectories, pred: Trajectories, frame_ids: np.ndarray, named_frame: int = 0
) -> TargetSuccess:
    """Score a target's boxes on the frames after the one that names it.

    A frame without a predicted box has IoU 0 and a centre that is nowhere. Of several
    predicted boxes in a frame the surest counts.

    Args:
        gt: The target's true boxes.
        pred: The predicted ones.
        frame_ids: (T,) frames that were tracked.
        named_frame: Number of the frame whose box or click was given, which is not
            scored; 0 scores all.
    """
    frames = frame_ids[frame_ids > named_frame]
    gt_rows, pred_rows = (_rows_in(table, frames) for table in (gt, pred))
    in_gt, in_pred = gt_rows >= 0, pred_rows >= 0
    has_both = in_gt & in_pred
    iou = np.zeros(len(frames))
    error = np.full(len(frames), np.inf)
    relative_error = error.copy()
    gt_boxes, pred_boxes = gt.boxes[gt_rows[has_both]], pred.boxes[pred_rows[has_both]]
    iou[has_both] = paired_iou(gt_boxes, pred_boxes)
    offset = (
        pred_boxes[:, :2] + pred_boxes[:, 2:] - gt_boxes[:, :2] - gt_boxes[:, 2:]
    ) / 2
    error[has_both] = np.hypot(*offset.T)
    relative_error[has_both] = np.hypot(
        *(offset / (gt_boxes[:, 2:] - gt_boxes[:, :2])).T
    )
    iou, error, relative_error = (
        iou[in_gt],
        error[in_gt],
        relative_error[in_gt],
    )
    absent = ~in_gt
    return TargetSuccess(
        _mean(iou[:, None] > OVERLAPS),
        _mean(error <= PIXELS),
        _mean(relative_error[:, None] <= NORMALISED),
        _mean(in_pred[absent]),
    )


def _rows_in(table: Trajectories, frames: np.ndarray) -> np.ndarray:
    """(T,) the surest row of each frame, -1 for none."""
    rows = np.full(len(frames), -1)
    order = np.argsort(table.scores, kind='stable')
    at = np.searchsorted(frames, table.frame_ids[order])
    at_inside = np.minimum(at, max(len(frames) - 1, 0))
    if len(frames):
        is_inside = frames[at_inside] == table.frame_ids[order]
        rows[at_inside[is_inside]] = order[is_inside]  # the last one stays
    return rows


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else float('nan')
