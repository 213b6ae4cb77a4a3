"""Success and precision of one target's boxes, as single-object tracking scores them."""

from __future__ import annotations

from collections.abc import Sequence
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
        absent_frames: How many frames are without the target.
        false_alarm_frames: How many of these have a box.
    """

    success: float
    precision: float
    normalised_precision: float
    absent_frames: int
    false_alarm_frames: int


def false_alarms(scores: Sequence[TargetSuccess]) -> float:
    """Share of all frames without their target that have a box; nan without such frames.

    The frames of all sequences are pooled: few targets are ever absent, some of them for
    a frame or two.
    """
    absent_frames = sum(score.absent_frames for score in scores)
    false_alarm_frames = sum(score.false_alarm_frames for score in scores)
    return false_alarm_frames / absent_frames if absent_frames else float('nan')


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
        int(absent.sum()),
        int(in_pred[absent].sum()),
    )


def _rows_in(table: Trajectories, frames: np.ndarray) -> np.ndarray:
    """(T,) the surest row of each frame, -1 for none."""
    rows = np.full(len(frames), -1)
    order = np.argsort(table.scores, kind='stable')
    if len(frames):
        places = np.searchsorted(frames, table.frame_ids[order])
        places = places.clip(max=len(frames) - 1)
        is_there = frames[places] == table.frame_ids[order]
        rows[places[is_there]] = order[is_there]  # the last one stays
    return rows


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else float('nan')
