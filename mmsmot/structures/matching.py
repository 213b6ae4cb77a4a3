"""Which predicted trajectory is which true one."""

from __future__ import annotations

import numpy as np

from ..utils.number_ranges import require_choice
from .boxes import paired_iou
from .runs import positions_in_runs
from .trajectories import Trajectories

RELEASE_MIN_IOU = 0.2


def trajectory_iou(
    gt: Trajectories, pred: Trajectories, over: str = 'union', pixel_offset: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean IoU over time of every true with every predicted trajectory.

    Args:
        gt: True trajectories.
        pred: Predicted ones, in the same coordinate space.
        over: The frames of the mean: ``'union'`` of both trajectories' frames, where a
            missing box counts 0, or ``'common'`` ones only. ``'none'``: the sum instead.
        pixel_offset: 1 to count pixels, see :func:`~.boxes.pairwise_iou`.

    Returns:
        (G,) true ids, (P,) predicted ids, both ascending, and (G, P) float64, means in
        [0, 1].

    Raises:
        ValueError: The coordinate spaces differ, or there is no such ``over``.
    """
    require_choice('trajectory_iou', ('union', 'common', 'none'), over=over)
    gt.space.require(pred.space, 'match trajectories')
    gt_ids, gt_index = np.unique(gt.ids, return_inverse=True)
    pred_ids, pred_index = np.unique(pred.ids, return_inverse=True)
    rows, columns = _same_frame(gt.frame_ids, pred.frame_ids)
    pair = gt_index[rows] * len(pred_ids) + pred_index[columns]
    shape = len(gt_ids), len(pred_ids)
    size = shape[0] * shape[1]
    iou = paired_iou(gt.boxes[rows], pred.boxes[columns], pixel_offset)
    total = np.bincount(pair, iou, minlength=size).reshape(shape)
    if over == 'none':
        return gt_ids, pred_ids, total
    frames = np.bincount(pair, minlength=size).reshape(shape)
    if over == 'union':
        lengths = np.bincount(gt_index, minlength=len(gt_ids))[:, None]
        frames = lengths + np.bincount(pred_index, minlength=len(pred_ids)) - frames
    return gt_ids, pred_ids, total / np.maximum(frames, 1)


def match_trajectories(
    gt: Trajectories, pred: Trajectories, min_iou: float = 0.5
) -> dict[int, int]:
    """The one-to-one matching of greatest total mean IoU over the union of frames.

    Args:
        gt: True trajectories.
        pred: Predicted ones.
        min_iou: Pairs below it are no match.

    Returns:
        True id by predicted id.
    """
    from scipy.optimize import linear_sum_assignment

    gt_ids, pred_ids, iou = trajectory_iou(gt, pred, 'union')
    weight = np.where(iou >= min_iou, iou, 0.0)
    rows, columns = linear_sum_assignment(-weight)
    good = weight[rows, columns] > 0
    pairs = zip(pred_ids[columns[good]], gt_ids[rows[good]], strict=True)
    return {int(p): int(g) for p, g in pairs}


def match_official(gt: Trajectories, pred: Trajectories) -> dict[int, int]:
    """The rule of SMOTer's release: the best true trajectory for each predicted one.

    Many predictions may take the same truth, and only the frames that both have count,
    so one good box makes a match. A mean IoU above .2 is enough. As in its code, boxes
    count pixels (w = x2 - x1 + 1), and of equally good truths that of the greatest id is
    taken.

    Returns:
        True id by predicted id.
    """
    gt_ids, pred_ids, iou = trajectory_iou(gt, pred, 'common', pixel_offset=1.0)
    if not iou.size:
        return {}
    best = len(gt_ids) - 1 - iou[::-1].argmax(axis=0)
    good = np.flatnonzero(iou[best, np.arange(len(pred_ids))] > RELEASE_MIN_IOU)
    return {int(pred_ids[p]): int(gt_ids[best[p]]) for p in good}


def map_to_merged(refined: Trajectories, tracked: Trajectories) -> dict[int, int]:
    """The refined trajectory that covers most of each tracked one: greatest sum of IoU.

    Nobody is at two places at a time: of tracked ones that share a frame only the best
    covered goes on in a refined one.

    Returns:
        Refined id by tracked id; those that go on in none are left out.
    """
    rows = tracked.by_id()
    refined_id_of: dict[int, int] = {}
    frames_of: dict[int, list[np.ndarray]] = {}  # by refined id
    for tracked_id, refined_id in zip(*_best_covered(refined, tracked), strict=True):
        merged_frames = frames_of.setdefault(refined_id, [])
        frame_ids = rows[tracked_id].frame_ids
        if not any(np.isin(frame_ids, frames).any() for frames in merged_frames):
            merged_frames.append(frame_ids)
            refined_id_of[tracked_id] = refined_id
    return refined_id_of


def _best_covered(
    refined: Trajectories, tracked: Trajectories
) -> tuple[list[int], list[int]]:
    """Ids of the tracked trajectories that are covered at all, the best covered first,
    and of the refined one that covers most of each; the lower id on a tie."""
    refined.space.require(tracked.space, 'match trajectories')
    rows, columns = _same_frame(refined.frame_ids, tracked.frame_ids)
    iou = paired_iou(refined.boxes[rows], tracked.boxes[columns])
    rows, columns, iou = rows[iou > 0], columns[iou > 0], iou[iou > 0]
    refined_ids, row = np.unique(refined.ids[rows], return_inverse=True)
    tracked_ids, column = np.unique(tracked.ids[columns], return_inverse=True)
    # Of the pairs that meet alone: thousands of tracklets have millions of pairs.
    pair, place = np.unique(column * len(refined_ids) + row, return_inverse=True)
    cover = np.bincount(place, iou, minlength=len(pair))
    column, row = np.divmod(pair, max(len(refined_ids), 1))
    order = np.lexsort((row, -cover, column))  # of each tracked one the best first
    first = order[np.unique(column[order], return_index=True)[1]]
    first = first[np.argsort(-cover[first], kind='stable')]
    return tracked_ids[column[first]].tolist(), refined_ids[row[first]].tolist()


def _same_frame(
    frame_ids: np.ndarray, other_frame_ids: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(K,) rows of both ascending columns, every pair with the same frame number."""
    start = np.searchsorted(other_frame_ids, frame_ids, 'left')
    count = np.searchsorted(other_frame_ids, frame_ids, 'right') - start
    rows = np.repeat(np.arange(len(frame_ids)), count)
    return rows, start[rows] + positions_in_runs(count)
