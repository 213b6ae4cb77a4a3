"""ST-mAP: track average precision with a gate on the interactions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmsmot.utils.number_ranges import require_choice
from projects.semtracker.datasets.relation_tracks import (
    AnnotatedCategories,
    RelationTracks,
)
from projects.semtracker.evaluation.relation_match import (
    has_unknown_relation,
    relation_is_positive,
    same_frame_rows,
)

IOU_THRESHOLDS = np.arange(0.05, 0.99, 0.05)
RECALL_THRESHOLDS = np.linspace(0, 1, 101)
RELATION_RATE = 0.7  # of the union's frames must be right
MODES = ('fixed', 'released')
GtAndPrediction = tuple[RelationTracks, RelationTracks]


@dataclass(frozen=True, eq=False)
class TrackMatches:
    """The predicted tracks of one sequence and category, the surest first.

    Attributes:
        scores: (D,) their scores.
        is_true: (19, D) bool: matched, and with the right interactions.
        is_ignored: (19, D) bool: unmatched where not all true tracks are annotated.
        num_gt: True tracks.
    """

    scores: np.ndarray
    is_true: np.ndarray
    is_ignored: np.ndarray
    num_gt: int


def st_map(
    sequences: Sequence[GtAndPrediction],
    mode: str = 'fixed',
    relation_rate: float = RELATION_RATE,
    coverage: Sequence[AnnotatedCategories] | None = None,
) -> dict[str, np.ndarray]:
    """ST-mAP over sequences, averaged over the categories with ground truth.

    TAO's track average precision over the 3D IoU .05 to .95, where a matched track counts
    only if .7 of the union's frames have the right interaction
    (:func:`~.relation_tracks.relation_is_positive`; frames without one of the two boxes
    are wrong).

    ``'released'`` is the published evaluation, with its bugs, by name:

    - ``gate_after_loop``: the gate stands behind the loop over predictions, so that it
      judges only the last one, with the counts of the last *matched* one, which outlive
      the threshold;
    - ``unsorted_relations``: predictions are sorted by score, their interactions stay in
      the order in which the file names the tracks first;
    - ``operator_precedence``: ``a and b or c`` where ``a and (b or c)`` is meant. It
      shows in CLEARTR (:mod:`.clear_tr`) and changes nothing here.

    It also takes "none" for a class like others (``relation_is_positive``). ``'fixed'``
    leaves frames whose true class is not in the vocabulary out of the gate's count.

    Area and time ranges of the released fields are not given: ``_all`` alone.

    Args:
        sequences: (truth, prediction) of each (video, query).
        mode: ``'fixed'`` or ``'released'``.
        relation_rate: Least share of frames with the right interaction; 0 leaves the gate
            open, which is TrackMAP.
        coverage: What is annotated in each sequence, for TAO's federated rule:
            predictions of a category that is neither annotated nor said to be absent are
            left out, and unmatched ones of a category that is not annotated exhaustively
            are no false alarms. ``None``: all categories are annotated everywhere.

    Returns:
        ``TI_AP_all`` and ``TI_AR_all``, (19,) each, a number a threshold; nan where there
        is no true track.
    """
    require_choice('st_map', MODES, mode=mode)
    categories = sorted({int(c) for gt, _ in sequences for c in np.unique(gt.labels)})
    if coverage is None:
        coverage = [AnnotatedCategories({*categories})] * len(sequences)
    curves = []
    for category in categories:
        matches = [
            _category_matches(category, gt, dt, annotated, mode, relation_rate)
            for (gt, dt), annotated in zip(sequences, coverage, strict=True)
        ]
        curves.append(average_precision(matches))
    if not curves:
        empty = np.full(len(IOU_THRESHOLDS), np.nan)
        return {'TI_AP_all': empty, 'TI_AR_all': empty}
    precision, recall = np.mean(curves, axis=0)
    return {'TI_AP_all': precision, 'TI_AR_all': recall}


def _category_matches(
    category: int,
    gt: RelationTracks,
    dt: RelationTracks,
    annotated: AnnotatedCategories,
    mode: str,
    relation_rate: float,
) -> TrackMatches:
    """One category of a sequence, as far as the federated rule judges it."""
    gt, dt = gt[gt.labels == category], dt[dt.labels == category]
    if not len(gt) and category not in annotated.negative:
        dt = dt[:0]
    is_partial = category in annotated.not_exhaustive
    return matched_tracks(gt, dt, mode, relation_rate, is_partial)


def matched_tracks(
    gt: RelationTracks,
    dt: RelationTracks,
    mode: str,
    relation_rate: float,
    is_partial: bool = False,
) -> TrackMatches:
    """Match the tracks of one sequence and category, and gate the matches.

    Args:
        gt: The true tracks.
        dt: The predicted ones.
        mode: As of :func:`st_map`.
        relation_rate: Likewise.
        is_partial: Not all true tracks are annotated: unmatched ones are ignored.
    """
    gt_ids, gt_index = _in_file_order(gt.ids)
    dt_ids, dt_index = _in_file_order(dt.ids)
    counts = np.bincount(dt_index, minlength=len(dt_ids))
    scores = np.bincount(dt_index, dt.scores, minlength=len(dt_ids)) / counts.clip(1)
    order = np.argsort(-scores, kind='mergesort')
    shape = len(dt_ids), len(gt_ids)
    iou, positive, union = _overlaps(gt, dt, gt_index, dt_index, shape, mode)
    iou = iou[order]
    if mode == 'fixed':  # unsorted_relations
        positive, union = positive[order], union[order]
    columns = np.stack([_matched_columns(iou, t) for t in IOU_THRESHOLDS])
    rate = positive / np.maximum(union, 1)
    is_true = columns >= 0
    if mode == 'fixed':
        if len(gt_ids):
            # A match with no frame whose class is known is judged by its boxes alone.
            passes = (rate >= relation_rate) | (union == 0)
            is_true &= passes[np.arange(len(order)), columns]
    else:
        is_true = _gated_after_loop(columns, rate, union, relation_rate)
    is_ignored = (columns < 0) & is_partial
    return TrackMatches(scores[order], is_true, is_ignored, len(gt_ids))


def average_precision(matches: Sequence[TrackMatches]) -> np.ndarray:
    """(2, 19) mean precision over 101 recalls, and the greatest recall, a threshold."""
    num_gt = sum(part.num_gt for part in matches)
    scores = np.concatenate([part.scores for part in matches])
    order = np.argsort(-scores, kind='mergesort')
    is_true = np.concatenate([part.is_true for part in matches], axis=1)[:, order]
    if not num_gt or not len(order):
        return np.full((2, len(IOU_THRESHOLDS)), np.nan if not num_gt else 0.0)
    is_ignored = np.concatenate([part.is_ignored for part in matches], axis=1)
    num_true = is_true.cumsum(axis=1)
    recall = num_true / num_gt
    precision = num_true / (~is_ignored[:, order]).cumsum(axis=1).clip(min=1)
    precision = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    means = []
    for precisions, recalls in zip(precision, recall, strict=True):
        columns = np.searchsorted(recalls, RECALL_THRESHOLDS, 'left')
        means.append(np.append(precisions, 0.0)[columns].mean())
    return np.stack([means, recall[:, -1]])


def _overlaps(
    gt: RelationTracks,
    dt: RelationTracks,
    gt_index: np.ndarray,
    dt_index: np.ndarray,
    shape: tuple[int, int],
    mode: str,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """3D IoU, frames with the right interaction, and frames of the union, of all pairs."""
    dt_rows, gt_rows = same_frame_rows(dt, gt)
    pair = dt_index[dt_rows] * shape[1] + gt_index[gt_rows]
    dt_boxes, gt_boxes = dt.boxes[dt_rows], gt.boxes[gt_rows]
    low = np.maximum(dt_boxes[:, :2], gt_boxes[:, :2])
    high = np.minimum(dt_boxes[:, 2:], gt_boxes[:, 2:])
    size = shape[0] * shape[1]

    def total(weights: np.ndarray | None = None) -> np.ndarray:
        return np.bincount(pair, weights, minlength=size).reshape(shape)

    inter = total((high - low).clip(min=0).prod(axis=1))
    areas = [
        np.bincount(index, (t.boxes[:, 2:] - t.boxes[:, :2]).prod(axis=1), minlength=n)
        for t, index, n in ((dt, dt_index, shape[0]), (gt, gt_index, shape[1]))
    ]
    lengths = [
        np.bincount(i, minlength=n)
        for i, n in zip((dt_index, gt_index), shape, strict=True)
    ]
    is_positive = relation_is_positive(gt[gt_rows], dt[dt_rows], mode)
    positive = total(is_positive.astype(float))
    union = lengths[0][:, None] + lengths[1] - total()
    if mode == 'fixed':  # frames whose true class is not in the vocabulary say nothing
        is_unknown = has_unknown_relation(gt)
        positive = total((is_positive & ~is_unknown[gt_rows]).astype(float))
        union = union - np.bincount(gt_index, is_unknown, minlength=shape[1])
    area = areas[0][:, None] + areas[1] - inter
    return inter / np.maximum(area, 1e-12), positive, union


def _in_file_order(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The ids by their first row, and the place of each row's id among them."""
    values, first, index = np.unique(ids, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return values[order], place[index]


def _matched_columns(iou: np.ndarray, threshold: float) -> np.ndarray:
    """(D,) the true track that each takes, the surest first: its best one that is free."""
    columns = np.full(len(iou), -1)
    is_free = np.ones(iou.shape[1], bool)
    least = min(threshold, 1 - 1e-10) - np.finfo(float).eps
    for row, overlaps in enumerate(iou):
        free_iou = np.where(is_free, overlaps, -1.0)
        # The last of equals, as the original's comparison takes it.
        best = len(free_iou) - 1 - int(free_iou[::-1].argmax()) if len(free_iou) else -1
        if best >= 0 and free_iou[best] >= least:
            columns[row], is_free[best] = best, False
    return columns


def _gated_after_loop(
    columns: np.ndarray, rate: np.ndarray, union: np.ndarray, relation_rate: float
) -> np.ndarray:
    """(19, D) bool of the released gate; see :func:`st_map`."""
    is_true = columns >= 0
    last_rate = None  # of the last match so far, over all thresholds
    for line, matched in zip(is_true, columns, strict=True):
        rows = np.flatnonzero(matched >= 0)
        if len(rows):
            row = rows[-1]
            last_rate = rate[row, matched[row]] if union[row, matched[row]] else None
        if last_rate is not None and last_rate < relation_rate and len(line):
            line[-1] = False
    return is_true
