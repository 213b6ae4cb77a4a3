"""CLEARTR: mostly tracked targets whose interactions are mostly right (MTI, MTIR)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from mmsmot.structures import pairwise_iou
from mmsmot.utils.number_ranges import require_choice
from projects.semtracker.datasets.relation_tracks import RelationTracks
from projects.semtracker.evaluation.relation_match import (
    has_unknown_relation,
    relation_is_positive,
)
from projects.semtracker.evaluation.st_map import MODES

IOU_THRESHOLD = 0.5
TRACKED_RATIO, RELATION_RATIO = 0.8, 0.7  # a target must be above both
CONTINUES = 1000.0  # weight of the track that a target had in the frame before


@dataclass(frozen=True, eq=False)
class TargetCounts:
    """Frames of each true track of one sequence.

    Attributes:
        frames: (G,) in which it is.
        tracked: (G,) in which a prediction is matched to it.
        right: (G,) in which the interaction of that one is right.
        wrong: (G,) in which it is not.
    """

    frames: np.ndarray
    tracked: np.ndarray
    right: np.ndarray
    wrong: np.ndarray

    @property
    def num_mti(self) -> int:
        """Tracks that are mostly tracked with mostly right interactions."""
        num_judged = self.right + self.wrong
        # Where no frame's class is known the boxes alone judge.
        is_right = (self.right > RELATION_RATIO * num_judged) | (num_judged == 0)
        tracked_ratio = self.tracked / np.maximum(self.frames, 1)
        return int(((tracked_ratio > TRACKED_RATIO) & is_right).sum())


def clear_tr(
    sequences: Sequence[tuple[RelationTracks, RelationTracks]], mode: str = 'fixed'
) -> dict[str, float]:
    """MTI and MTIR over sequences.

    A true track counts where it is matched in more than .8 of its frames (IoU .5, a match
    goes on where it can) and its interaction is right in more than .7 of those matched.

    Every object category is scored apart. ``'released'`` judges a frame's boxes of the
    category as a whole instead of the pair that is matched (any box's class among any
    prediction's), and through ``operator_precedence`` takes
    ``a and b or c`` for ``a and (b or c)``: with swapped roles only the true subject's
    class among those as object counts.

    Args:
        sequences: (truth, prediction) of each (video, query).
        mode: ``'fixed'`` or ``'released'``.

    Returns:
        ``MTI``, a count, and ``MTIR``, its share of all true tracks; nan without any.
    """
    require_choice('clear_tr', MODES, mode=mode)
    counts = [
        target_counts(gt[gt.labels == label], dt[dt.labels == label], mode)
        for gt, dt in sequences
        for label in np.unique(gt.labels)
    ]
    total = sum(len(part.frames) for part in counts)
    num_mti = sum(part.num_mti for part in counts)
    return {'MTI': float(num_mti), 'MTIR': num_mti / total if total else float('nan')}


def target_counts(
    gt: RelationTracks, dt: RelationTracks, mode: str = 'fixed'
) -> TargetCounts:
    """The counts of one sequence and object category."""
    ids, index = np.unique(gt.ids, return_inverse=True)
    counts = TargetCounts(*(np.zeros(len(ids), np.int64) for _ in range(4)))
    np.add.at(counts.frames, index, 1)
    # Predicted id of each true track in the frame before.
    previous_ids: dict[int, int] = {}
    for frame_id in np.unique(gt.frame_ids).tolist():
        rows = np.flatnonzero(gt.frame_ids == frame_id)
        dt_in_frame = np.flatnonzero(dt.frame_ids == frame_id)
        if not len(dt_in_frame):
            continue
        gt_rows, dt_rows = _matches(gt, dt, rows, dt_in_frame, previous_ids)
        tracks = index[gt_rows]
        previous_ids = dict(
            zip(gt.ids[gt_rows].tolist(), dt.ids[dt_rows].tolist(), strict=True)
        )
        counts.tracked[tracks] += 1
        if mode == 'fixed':
            is_right = relation_is_positive(gt[gt_rows], dt[dt_rows])
            is_known = ~has_unknown_relation(gt[gt_rows])
            tracks, is_right = tracks[is_known], is_right[is_known]
        else:
            is_right = np.full(len(tracks), _frame_is_right(gt[rows], dt[dt_in_frame]))
        counts.right[tracks] += is_right
        counts.wrong[tracks] += ~is_right
    return counts


def _matches(
    gt: RelationTracks,
    dt: RelationTracks,
    rows: np.ndarray,
    dt_in_frame: np.ndarray,
    previous_ids: dict[int, int],
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the matched boxes of one frame."""
    iou = pairwise_iou(gt.boxes[rows], dt.boxes[dt_in_frame])
    previous = np.array([previous_ids.get(i, -1) for i in gt.ids[rows].tolist()])
    score = CONTINUES * (previous[:, None] == dt.ids[dt_in_frame]) + iou
    score[iou < IOU_THRESHOLD - np.finfo(float).eps] = 0
    pairs = linear_sum_assignment(-score)
    is_match = score[pairs] > np.finfo(float).eps
    gt_places, dt_places = (places[is_match] for places in pairs)
    return rows[gt_places], dt_in_frame[dt_places]


def _frame_is_right(gt: RelationTracks, dt: RelationTracks) -> bool:
    """What the released code says of a frame, in NumPy's sense of ``in``."""
    subject, object_ = gt.subject_relations[:, 0], gt.object_relations[:, 0]
    if _holds(dt.is_main, gt.is_main):
        return _holds(dt.subject_relations, subject) or _holds(
            dt.object_relations, object_
        )
    return _holds(dt.object_relations, subject)  # operator_precedence


def _holds(values: np.ndarray, item: np.ndarray) -> bool:
    """``item in values``: any equal after broadcasting; never where shapes do not fit."""
    try:
        np.broadcast_shapes(values.shape, item.shape)
    except ValueError:
        return False
    return bool((values == item).any())
