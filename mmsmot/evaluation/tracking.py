"""Tracking scores of one sequence and of many: HOTA, CLEAR and Identity, in memory.

The numbers are those of ``trackeval``; its metric classes get arrays instead of the
folders that it would read.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Any

import numpy as np
from mmengine.logging import print_log

from ..structures import Trajectories, VideoInfo, pairwise_iou
from ..structures.frame_numbering import require_numbered_frames
from .preprocessing import (
    AUTO,
    distractor_classes,
    distractor_matches,
    preprocessed_gt,
    preprocessing_for,
)

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

COMBINED = 'COMBINED'  # the row of all sequences together

Result = dict[str, dict[str, Any]]


def evaluate_sequence(
    gt: Trajectories,
    pred: Trajectories,
    frame_ids: np.ndarray,
    preprocessing: str = AUTO,
    video: VideoInfo | None = None,
) -> Result:
    """Score the predicted trajectories of one sequence.

    Where truth or prediction has no box the scores are trackeval's: HOTA, MOTA and IDF1
    are 0, LocA is 1. False positives without any truth still count when combined.

    Args:
        gt: The truth; boxes with score 0 are not considered.
        pred: The prediction, in the same coordinate space; its labels are
            not used.
        frame_ids: (T,) original numbers of the frames that were processed. Truth on
            other frames is not counted, which is logged.
        preprocessing: ``'mot16'``, ``'mot17'`` or ``'mot20'``: only class 1 counts, and
            predictions that cover a distractor are taken away first, as MOTChallenge
            does; ``'mot15'`` and ``'none'``: the classes are not used.
            ``'auto'``: see :func:`~.preprocessing.preprocessing_for`.
        video: Which video it is: its name may tell the benchmark.

    Returns:
        trackeval's fields by metric: ``{'HOTA': {...}, 'CLEAR': {...}, 'Identity':
        {...}, 'Count': {...}}``, fractions, not percent. HOTA's arrays hold a number
        for each of the 19 localisation thresholds .05, .1, ..., .95; CLEAR's and
        Identity's threshold is .5.

    Raises:
        ValueError: The coordinate spaces differ, a predicted frame was not processed,
            there is no such preprocessing, or it does not fit the truth's classes.
    """
    return evaluate_and_match_sequence(gt, pred, frame_ids, preprocessing, video=video)[
        0
    ]


def evaluate_and_match_sequence(
    gt: Trajectories,
    pred: Trajectories,
    frame_ids: np.ndarray,
    preprocessing: str = AUTO,
    threshold: float = 0.5,
    video: VideoInfo | None = None,
) -> tuple[Result, dict[tuple[int, int], int]]:
    """The scores of one sequence, and the pairs of ids that HOTA matches.

    Args:
        gt: As of :func:`evaluate_sequence`.
        pred: As of :func:`evaluate_sequence`.
        frame_ids: As of :func:`evaluate_sequence`.
        preprocessing: As of :func:`evaluate_sequence`.
        threshold: Least IoU of a match.
        video: As of :func:`evaluate_sequence`.

    Returns:
        The result, and the number of matched boxes by (true id, predicted id), of those
        with any.

    Raises:
        ValueError: As :func:`evaluate_sequence`.
    """
    data, names = tracking_sequence_data(gt, pred, frame_ids, preprocessing, video)
    result = {name: metric.eval_sequence(data) for name, metric in _metrics().items()}
    return result, _matched_boxes(data, *names, threshold)


def tracking_sequence_data(
    gt: Trajectories,
    pred: Trajectories,
    frame_ids: np.ndarray,
    preprocessing: str = AUTO,
    video: VideoInfo | None = None,
) -> tuple[dict[str, Any], tuple[np.ndarray, np.ndarray]]:
    """The arrays that trackeval's metrics take, for a metric that it has not.

    Args:
        gt: As of :func:`evaluate_sequence`.
        pred: As of :func:`evaluate_sequence`.
        frame_ids: As of :func:`evaluate_sequence`.
        preprocessing: As of :func:`evaluate_sequence`.
        video: As of :func:`evaluate_sequence`.

    Returns:
        trackeval's dictionary, where ids are numbered from 0, and the true and the
        predicted ids that the numbers stand for.

    Raises:
        ValueError: As :func:`evaluate_sequence`.
    """
    gt.space.require(pred.space, 'evaluate tracks')
    frame_ids = np.unique(np.asarray(frame_ids, dtype=np.int64))
    require_numbered_frames(pred, frame_ids)
    preprocessing = preprocessing_for(preprocessing, gt, video)
    gt = _on_frames(gt, frame_ids)
    distractors = distractor_classes(preprocessing, gt)
    gt_mask = preprocessed_gt(gt, preprocessing, video)
    return _sequence_data(gt, pred, frame_ids, gt_mask, distractors)


def _matched_boxes(
    data: dict[str, Any], gt_names: np.ndarray, pred_names: np.ndarray, threshold: float
) -> dict[tuple[int, int], int]:
    from .hota import match_hota

    if not data['num_gt_dets'] or not data['num_tracker_dets']:
        return {}
    gt_index, pred_index, similarity = match_hota(data)
    good = similarity >= threshold - np.finfo(float).eps
    ids = [gt_names[gt_index[good]], pred_names[pred_index[good]]]
    pairs, counts = np.unique(ids, axis=1, return_counts=True)
    return {(int(g), int(p)): int(n) for g, p, n in zip(*pairs, counts, strict=True)}


def combine_tracking_sequences(results: dict[str, Result]) -> Result:
    """One result for all sequences, pooled over their boxes as trackeval does.

    Raises:
        ValueError: There is no sequence.
    """
    if not results:
        raise ValueError('no sequence to combine the scores of')
    return {
        name: metric.combine_sequences({key: r[name] for key, r in results.items()})
        for name, metric in _metrics().items()
    }


def summarize_tracking(result: Result) -> dict[str, float]:
    """The paper's columns of a result: percent, and counts as integers.

    HOTA, AssA, DetA and LocA are means over the 19 localisation thresholds.
    """
    summary = {}
    for column, (metric, key, is_fraction) in COLUMNS.items():
        value = np.mean(result[metric][key])
        summary[column] = float(100 * value) if is_fraction else int(value)
    return summary


def tracking_score_rows(results: dict[str, Result]) -> dict[str, dict[str, float]]:
    """The paper's columns of each sequence, and of all together as ``COMBINED``.

    Raises:
        ValueError: There is no sequence.
    """
    rows = {name: summarize_tracking(result) for name, result in results.items()}
    return {**rows, COMBINED: summarize_tracking(combine_tracking_sequences(results))}


@lru_cache(maxsize=1)
def _metrics() -> dict[str, Any]:
    from trackeval.metrics import CLEAR, Count, Identity  # here: slow to import

    from .hota import HOTA

    quiet = {'PRINT_CONFIG': False}
    metrics = HOTA(), CLEAR(quiet), Identity(quiet), Count()
    return {metric.get_name(): metric for metric in metrics}


def _on_frames(gt: Trajectories, frame_ids: np.ndarray) -> Trajectories:
    inside = np.isin(gt.frame_ids, frame_ids)
    if inside.all():
        return gt
    print_log(
        f'{int((~inside).sum())} of {len(gt)} true boxes lie on frames not processed; '
        'not counted',
        logger='current',
        level=logging.INFO,
    )
    return gt[inside]


def _sequence_data(
    gt: Trajectories,
    pred: Trajectories,
    frame_ids: np.ndarray,
    gt_mask: np.ndarray,
    distractors: tuple[int, ...] | None,
) -> tuple[dict[str, Any], tuple[np.ndarray, np.ndarray]]:
    """The dictionary that trackeval's metrics take, and the ids that it numbers."""
    is_distractor = np.isin(gt.labels, distractors or ())
    pred_mask = np.ones(len(pred), bool)
    similarities = []
    for g, p in zip(_slices(gt, frame_ids), _slices(pred, frame_ids), strict=True):
        similarity = pairwise_iou(gt.boxes[g], pred.boxes[p])
        pred_mask[p] = ~distractor_matches(similarity, is_distractor[g])
        # Columns first, as in trackeval: the other way leaves another memory layout,
        # and so another last bit in sums over it.
        similarities.append(similarity[:, pred_mask[p]][gt_mask[g]])
    gt_ids, gt_names = _numbered(gt, gt_mask, frame_ids)
    pred_ids, pred_names = _numbered(pred, pred_mask, frame_ids)
    data = {
        'num_timesteps': len(frame_ids),
        'gt_ids': gt_ids,
        'tracker_ids': pred_ids,
        'similarity_scores': similarities,
        'num_gt_ids': len(gt_names),
        'num_tracker_ids': len(pred_names),
        'num_gt_dets': int(gt_mask.sum()),
        'num_tracker_dets': int(pred_mask.sum()),
    }
    return data, (gt_names, pred_names)


def _slices(trajectories: Trajectories, frame_ids: np.ndarray) -> list[slice]:
    starts = np.searchsorted(trajectories.frame_ids, frame_ids, 'left')
    ends = np.searchsorted(trajectories.frame_ids, frame_ids, 'right')
    return [slice(a, b) for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]


def _numbered(
    trajectories: Trajectories, rows: np.ndarray, frame_ids: np.ndarray
) -> tuple[list[np.ndarray], np.ndarray]:
    """The ids of the rows in each frame, numbered from 0, and the ids themselves."""
    names, ids = np.unique(trajectories.ids[rows], return_inverse=True)
    ends = np.searchsorted(trajectories.frame_ids[rows], frame_ids, 'right')
    return np.split(ids, ends[:-1]), names
