"""F1 of a target's interactions frame by frame, by frequency group of the verb.

A verb counts where its frame's box is on the target: told along a box of somebody else, or
where the target has no box, it is a false alarm, and the true verb is missed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mmsmot.structures import Trajectories
from mmsmot.structures.boxes import paired_iou
from projects.semtracker.datasets.relation_tracks import RelationTracks

Boxes = Trajectories | RelationTracks


def frame_counts(
    gt_verbs: np.ndarray, pred_verbs: np.ndarray, num_verbs: int
) -> np.ndarray:
    """True positives, false positives and false negatives of each verb.

    Args:
        gt_verbs: (T, 2) int64 as subject and as object, from 1; 0 for none, -1 for one
            that is not in the vocabulary, which counts neither way.
        pred_verbs: (T, 2) int64.
        num_verbs: V.

    Returns:
        (V, 3) int64.
    """
    in_vocabulary = gt_verbs >= 0
    gt, pred = gt_verbs[in_vocabulary], pred_verbs[in_vocabulary]
    is_equal = gt == pred
    columns = gt[is_equal], pred[~is_equal], gt[~is_equal]
    counts = [np.bincount(part, minlength=num_verbs + 1)[1:] for part in columns]
    return np.stack(counts, axis=1)


def f1_scores(
    counts: np.ndarray, verbs: Sequence[str], groups: Mapping[str, str]
) -> dict[str, float]:
    """Micro F1, and macro F1 over all verbs and over those of each group.

    Verbs that are not in the truth have no part in a mean.

    Args:
        counts: (V, 3) of :func:`frame_counts`, summed over sequences.
        verbs: Their names.
        groups: Group by verb.
    """
    total = counts.sum(axis=0)
    scores = {'f1_micro': _f1(*total.tolist())}
    f1 = {
        verb: _f1(*row.tolist())
        for verb, row in zip(verbs, counts, strict=True)
        if row[0] + row[2]
    }
    scores['f1_macro'] = _mean([*f1.values()])
    for group in dict.fromkeys(groups.values()):
        members = [f1[verb] for verb in f1 if groups.get(verb) == group]
        scores[f'f1_{group}'] = _mean(members)
    return scores


def verbs_by_frame(
    gt_verbs: np.ndarray,
    pred_verbs: np.ndarray,
    gt: Boxes,
    pred: Boxes,
    iou_threshold: float,
) -> tuple[np.ndarray, np.ndarray]:
    """True and predicted verbs side by side, for :func:`frame_counts`.

    A predicted box has a part in the truth only where it covers the target; what is told
    along another box is a false alarm, and what the target does there is missed::

        frame         1        2               3              4
        true          push     push            push           (no box)
        predicted     push     push, on        (no box)       push
                               somebody else
        counted       hit      missed, and a   missed         false alarm
                               false alarm

    Args:
        gt_verbs: (G, 2) of the true boxes.
        pred_verbs: (R, 2) of the predicted boxes; -1, a verb that is not in the
            vocabulary, is taken for none.
        gt: G true boxes, one a frame, by frame.
        pred: R predicted boxes; of several that cover the target in a frame the surest
            counts, and the others are false alarms.
        iou_threshold: Least IoU of a box that covers the target.

    Returns:
        (G + F, 2) int64 true verbs, then none, and (G + F, 2) predicted ones: those of
        the G true boxes, then those of the F predicted boxes that do not cover the target.
    """
    pred_verbs = pred_verbs.clip(min=0)
    gt_rows = covered_rows(gt, pred, iou_threshold)
    row_of = np.full(len(gt), -1)  # of the predicted box that covers each true one
    rows = np.flatnonzero(gt_rows >= 0)
    rows = rows[np.argsort(pred.scores[rows], kind='stable')]
    row_of[gt_rows[rows]] = rows  # the surest one stays
    is_covered = row_of >= 0
    on_target = np.zeros_like(gt_verbs)
    on_target[is_covered] = pred_verbs[row_of[is_covered]]
    false_verbs = np.delete(pred_verbs, row_of[is_covered], axis=0)
    return (
        np.concatenate([gt_verbs, np.zeros_like(false_verbs)]),
        np.concatenate([on_target, false_verbs]),
    )


def covered_rows(gt: Boxes, pred: Boxes, iou_threshold: float) -> np.ndarray:
    """(R,) int64 row of the true box that each predicted one covers, -1 for none.

    Args:
        gt: True boxes, one a frame, by frame.
        pred: R predicted boxes.
        iou_threshold: Least IoU of a box that covers the target.
    """
    if not len(gt):
        return np.full(len(pred), -1)
    gt_rows = np.searchsorted(gt.frame_ids, pred.frame_ids).clip(max=len(gt) - 1)
    covers = gt.frame_ids[gt_rows] == pred.frame_ids
    covers &= paired_iou(gt.boxes[gt_rows], pred.boxes) >= iou_threshold
    return np.where(covers, gt_rows, -1)


def _f1(true: int, false: int, missed: int) -> float:
    total = 2 * true + false + missed
    return 2 * true / total if total else float('nan')


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float('nan')
