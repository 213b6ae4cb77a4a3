"""SORT: Simple Online and Realtime Tracking."""

from __future__ import annotations

import numpy as np

from ...registry import TRACKERS
from ...structures import Detections, Frame, Tracks, overlapping_pairs, pairwise_iou
from ...utils.number_ranges import FINITE, FRACTION, NON_NEGATIVE_INT, require_numbers
from .association import LARGE, match_by_weight, match_edges, remaining
from .camera_motion import CameraMotion
from .kalman_filter import XYSRFilter
from .table_tracker import TableTracker

COLUMNS = [('time_since_update', np.int64), ('hit_streak', np.int64)]


@TRACKERS.register_module()
class SORT(TableTracker):
    """SORT (Bewley et al., ICIP 2016), equal to the authors' code.

    Reports the filtered boxes of the tracks matched in this frame, newest first.

    Args:
        max_age: A track dies when it was missed more than this many frames in a row (the
            paper's T_lost).
        min_hits: Matches in a row, the birth not counted, before a track is reported; in
            the first ``min_hits`` frames of a video all are.
        iou_threshold: Least IoU of a match (the paper's IoU_min).
        score_threshold: Detections below it are not looked at.
        camera_motion: See :class:`~.table_tracker.TableTracker`.
        class_agnostic: See :class:`~.table_tracker.TableTracker`.
    """

    def __init__(
        self,
        *,
        max_age: int = 1,
        min_hits: int = 3,
        iou_threshold: float = 0.3,
        score_threshold: float = 0.0,
        camera_motion: dict | CameraMotion | None = None,
        class_agnostic: bool = False,
    ) -> None:
        super().__init__(XYSRFilter(), COLUMNS, camera_motion, class_agnostic)
        owner = type(self).__name__
        require_numbers(owner, NON_NEGATIVE_INT, max_age=max_age, min_hits=min_hits)
        require_numbers(owner, FRACTION, iou_threshold=iou_threshold)
        require_numbers(owner, FINITE, score_threshold=score_threshold)
        self.max_age = max_age
        self.min_hits = min_hits
        self.iou_threshold = iou_threshold
        self.score_threshold = score_threshold

    def update(self, detections: Detections, frame: Frame | None = None) -> Tracks:
        self._begin(detections)
        candidates = np.flatnonzero(detections.scores >= self.score_threshold)
        predicted = self._predict(frame)

        def match(rows: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, ...]:
            boxes = detections.boxes[columns]
            others = predicted if len(rows) == len(predicted) else predicted[rows]
            if len(boxes) * len(others) > LARGE:
                pairs = overlapping_pairs(boxes, others)
                i, j = match_sort_edges(*pairs, self.iou_threshold)
            else:
                i, j = match_sort(pairwise_iou(boxes, others), self.iou_threshold)
            return rows[j], columns[i]

        everybody = np.arange(len(predicted))
        rows, matched = self._match_in_classes(match, everybody, candidates, detections)
        self._take(rows, matched, detections)
        self._init_tracks(remaining(candidates, matched), detections)
        return self._report()

    def _predict(self, frame: Frame | None) -> np.ndarray:
        """Move all tracks one frame on and return their boxes (N, 4)."""
        self._follow_camera(frame)
        tracks = self._tracks.rows
        state = self._filter.predict(self._tracks.state)
        self._tracks.state[:] = state
        tracks['hit_streak'][tracks['time_since_update'] > 0] = 0
        tracks['time_since_update'] += 1
        tracks['det_index'] = -1
        boxes = self._filter.to_boxes(state)
        if np.isfinite(boxes.sum()):  # faster than to ask each box, and mostly so
            return boxes
        sound = np.isfinite(boxes).all(axis=1)
        self._tracks.keep(np.flatnonzero(sound))
        return boxes[sound]

    def _take(
        self, rows: np.ndarray, det_index: np.ndarray, detections: Detections
    ) -> None:
        self._correct(rows, det_index, detections)
        tracks = self._tracks.rows
        tracks['time_since_update'][rows] = 0
        tracks['hit_streak'][rows] += 1

    def _report(self) -> Tracks:
        """The tracks to show, newest first; then bury those missed for too long."""
        tracks = self._tracks.rows
        shown = tracks['time_since_update'] == 0
        if self._frame_count > self.min_hits:
            shown &= tracks['hit_streak'] >= self.min_hits
        reported = self._report_rows(np.flatnonzero(shown)[::-1])
        if not np.isfinite(reported.boxes.sum()):
            reported = reported[np.isfinite(reported.boxes).all(axis=1)]
        alive = tracks['time_since_update'] <= self.max_age
        if not alive.all():
            self._tracks.keep(np.flatnonzero(alive))
        return reported


def match_sort(iou: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """The matching of the released SORT.

    Pairs above the threshold are taken as they are if nobody has two of them; otherwise
    the assignment of greatest total IoU is sought over *all* pairs and those below the
    threshold are undone, which is not the same as seeking it over the pairs above.

    Returns:
        Rows and columns of ``iou`` that belong together.
    """
    above = iou > threshold
    if above.any() and above.sum(0).max() == 1 and above.sum(1).max() == 1:
        return np.nonzero(above)
    rows, columns = match_by_weight(iou)
    good = iou[rows, columns] >= threshold
    return rows[good], columns[good]


def match_sort_edges(
    rows: np.ndarray, columns: np.ndarray, iou: np.ndarray, threshold: float
) -> tuple[np.ndarray, np.ndarray]:
    """:func:`match_sort` over the pairs that overlap at all (K,), for crowds.

    Equal to it where only one assignment has the greatest total IoU: pairs without
    overlap add nothing to a total. A threshold of 0 takes none of those here.
    """
    above = iou > threshold
    i, j = rows[above], columns[above]
    if len(i) and np.bincount(i).max() == 1 and np.bincount(j).max() == 1:
        return i, j
    i, j = match_edges(rows, columns, iou)
    place = np.searchsorted(_keys(rows, columns), _keys(i, j))
    good = iou[place] >= threshold
    return i[good], j[good]


def _keys(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """(K,) one number for each pair, ascending as pairs are sorted."""
    return (rows << 32) | columns
