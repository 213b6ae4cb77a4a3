"""F1 of a target's interactions frame by frame, by frequency group of the verb."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mmsmot.structures import Trajectories
from mmsmot.structures.boxes import paired_iou


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


def verbs_on_target(
    verbs: np.ndarray, pred: Trajectories, gt: Trajectories, iou_threshold: float
) -> np.ndarray:
    """Predicted verbs at the true boxes' frames, none where the target is not covered.

    Args:
        verbs: (R, 2) of the predicted boxes.
        pred: R predicted boxes, one a frame.
        gt: G true boxes, one a frame.
        iou_threshold: Least IoU of a box that covers the target.

    Returns:
        (G, 2) int64.
    """
    result = np.zeros((len(gt), 2), np.int64)
    if not len(pred):
        return result
    at = np.searchsorted(pred.frame_ids, gt.frame_ids).clip(max=len(pred) - 1)
    is_same = pred.frame_ids[at] == gt.frame_ids
    covered = is_same & (paired_iou(gt.boxes, pred.boxes[at]) >= iou_threshold)
    result[covered] = verbs[at[covered]]
    return result


def _f1(true: int, false: int, missed: int) -> float:
    total = 2 * true + false + missed
    return 2 * true / total if total else float('nan')


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float('nan')
