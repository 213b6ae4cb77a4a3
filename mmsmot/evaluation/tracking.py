"""Tracking scores of one sequence and of many: HOTA, CLEAR and Identity, in memory.

The numbers come from ``trackeval``'s own metric classes; what it usually reads from a
ceremony of folders is handed to them as arrays.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Any

import numpy as np
from mmengine.logging import print_log

from ..structures import Trajectories, pairwise_iou

# The columns of the BenSMOT paper's Table 2, in its order: where each stands in
# trackeval's results, and whether it is a fraction (printed in percent).
COLUMNS = {
    'HOTA': ('HOTA', 'HOTA', True),
    'AssA': ('HOTA', 'AssA', True),
    'DetA': ('HOTA', 'DetA', True),
    'LocA': ('HOTA', 'LocA', True),
    'MOTA': ('CLEAR', 'MOTA', True),
    'FN': ('CLEAR', 'CLR_FN', False),
    'FP': ('CLEAR', 'CLR_FP', False),
    'IDs': ('CLEAR', 'IDSW', False),
    'IDR': ('Identity', 'IDR', True),
    'IDP': ('Identity', 'IDP', True),
    'IDF1': ('Identity', 'IDF1', True),
}

PEDESTRIAN = 1
MOT17_DISTRACTORS = (
    2,
    7,
    8,
    12,
)  # person on vehicle, static person, distractor, reflection
# Distractor classes of each benchmark; None: the truth has no classes.
PREPROCESSING: dict[str, tuple[int, ...] | None] = {
    'none': None,
    'mot15': None,
    'mot16': MOT17_DISTRACTORS,
    'mot17': MOT17_DISTRACTORS,
    'mot20': (*MOT17_DISTRACTORS, 6),  # 6: non-motorised vehicle
}
AUTO = 'auto'
_EPS = np.finfo(float).eps

Result = dict[str, dict[str, Any]]


def evaluate_sequence(
    gt: Trajectories,
    pred: Trajectories,
    frame_ids: np.ndarray,
    preprocessing: str = AUTO,
) -> Result:
    """Score the predicted trajectories of one sequence.

    Args:
        gt: The truth; boxes with score 0 are not considered.
        pred: The prediction, in the same coordinate space.
        frame_ids: (T,) original numbers of the frames that were looked at. Truth on
            other frames is not counted.
        preprocessing: ``'mot16'``, ``'mot17'`` or ``'mot20'``: only class 1 counts, and
            predictions that cover a distractor are taken away first, as MOTChallenge
            does; ``'mot15'`` and ``'none'``: the classes are not looked at.
            ``'auto'``: ``'mot17'`` where the truth has classes, else ``'mot15'``.

    Returns:
        trackeval's fields by metric: ``{'HOTA': {...}, 'CLEAR': {...}, 'Identity':
        {...}}``, fractions, not percent.

    Raises:
        ValueError: The coordinate spaces differ, a predicted frame was not looked at, or
            there is no such preprocessing.
    """
    gt.space.require(pred.space, 'evaluate tracks')
    if preprocessing == AUTO:
        preprocessing = 'mot17' if (gt.labels > 0).any() else 'mot15'
    if preprocessing not in PREPROCESSING:
        raise ValueError(
            f'unknown preprocessing {preprocessing!r}; known: {", ".join([AUTO, *PREPROCESSING])}'
        )
    frame_ids = np.unique(np.asarray(frame_ids, dtype=np.int64))
    _require_frames(pred, frame_ids)
    data = _sequence_data(gt, pred, frame_ids, PREPROCESSING[preprocessing])
    return {name: metric.eval_sequence(data) for name, metric in _metrics().items()}


def combine_sequences(results: dict[str, Result]) -> Result:
    """One result for all sequences, pooled over their boxes as trackeval does."""
    return {
        name: metric.combine_sequences({key: r[name] for key, r in results.items()})
        for name, metric in _metrics().items()
    }


def summarize(result: Result) -> dict[str, float]:
    """The paper's columns of a result: percent, and counts as integers.

    HOTA, AssA, DetA and LocA are means over the 19 localisation thresholds.
    """
    summary = {}
    for column, (metric, key, is_fraction) in COLUMNS.items():
        value = np.mean(result[metric][key])
        summary[column] = float(100 * value) if is_fraction else int(value)
    return summary


@lru_cache(maxsize=1)
def _metrics() -> dict[str, Any]:
    from trackeval.metrics import CLEAR, HOTA, Identity  # here: pulls in scipy.optimize

    quiet = {'PRINT_CONFIG': False}
    return {'HOTA': HOTA(), 'CLEAR': CLEAR(quiet), 'Identity': Identity(quiet)}


def _require_frames(pred: Trajectories, frame_ids: np.ndarray) -> None:
    strange = ~np.isin(pred.frame_ids, frame_ids)
    if strange.any():
        first = int(pred.frame_ids[strange][0])
        span = f'{frame_ids[0]} to {frame_ids[-1]}' if len(frame_ids) else 'none'
        raise ValueError(
            f'{int(strange.sum())} predicted boxes lie on frames that were not looked at, '
            f'the first on frame {first} (looked at: {len(frame_ids)} frames, {span}). '
            'Predictions carry the original frame numbers, not positions.'
        )


def _sequence_data(
    gt: Trajectories,
    pred: Trajectories,
    frame_ids: np.ndarray,
    distractors: tuple[int, ...] | None,
) -> dict[str, Any]:
    """The dictionary that trackeval's metrics take."""
    outside = int((~np.isin(gt.frame_ids, frame_ids)).sum())
    if outside:
        print_log(
            f'{outside} true boxes lie on frames not looked at; not counted',
            logger='current',
            level=logging.INFO,
        )
    gt_slices = _slices(gt, frame_ids)
    pred_slices = _slices(pred, frame_ids)
    gt_ids, pred_ids, similarities = [], [], []
    for g, p in zip(gt_slices, pred_slices, strict=True):
        similarity = pairwise_iou(gt.boxes[g], pred.boxes[p])
        considered = gt.scores[g] != 0
        kept = np.ones(similarity.shape[1], bool)
        if distractors is not None:
            kept[_on_distractors(similarity, gt.labels[g], distractors)] = False
            considered &= gt.labels[g] == PEDESTRIAN
        gt_ids.append(gt.ids[g][considered])
        pred_ids.append(pred.ids[p][kept])
        similarities.append(similarity[considered][:, kept])
    gt_names, gt_ids = _relabelled(gt_ids)
    pred_names, pred_ids = _relabelled(pred_ids)
    return {
        'num_timesteps': len(frame_ids),
        'gt_ids': gt_ids,
        'tracker_ids': pred_ids,
        'similarity_scores': similarities,
        'num_gt_ids': len(gt_names),
        'num_tracker_ids': len(pred_names),
        'num_gt_dets': sum(map(len, gt_ids)),
        'num_tracker_dets': sum(map(len, pred_ids)),
    }


def _slices(trajectories: Trajectories, frame_ids: np.ndarray) -> list[slice]:
    starts = np.searchsorted(trajectories.frame_ids, frame_ids, 'left')
    ends = np.searchsorted(trajectories.frame_ids, frame_ids, 'right')
    return [slice(a, b) for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]


def _on_distractors(
    similarity: np.ndarray, labels: np.ndarray, distractors: tuple[int, ...]
) -> np.ndarray:
    """The predictions matched, at IoU .5, with a true box of a distractor class."""
    if not similarity.size:
        return np.empty(0, np.int64)
    from scipy.optimize import linear_sum_assignment

    scores = np.where(similarity < 0.5 - _EPS, 0, similarity)
    rows, columns = linear_sum_assignment(-scores)
    matched = scores[rows, columns] > _EPS
    return columns[matched & np.isin(labels[rows], distractors)]


def _relabelled(ids: list[np.ndarray]) -> tuple[np.ndarray, list[np.ndarray]]:
    """Distinct ids, and the ids of each frame as positions among them."""
    lengths = [len(frame) for frame in ids]
    every = np.concatenate(ids) if ids else np.empty(0, np.int64)
    names, positions = np.unique(every, return_inverse=True)
    return names, np.split(positions, np.cumsum(lengths)[:-1]) if ids else []
