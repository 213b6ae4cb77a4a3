"""SORT: Simple Online and Realtime Tracking."""

from __future__ import annotations

import numpy as np

from ...registry import TRACKERS
from ...structures import Detections, Frame, Tracks
from ...utils.number_ranges import FINITE, FRACTION, NON_NEGATIVE_INT, require_numbers
from .association import AssociationOverlaps, associate_by_iou, unassociated_candidates
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
        score_threshold: Detections below it are dropped.
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

        def match(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
            boxes = detections.boxes[columns]
            all_tracks = len(rows) == len(predicted)
            track_boxes = predicted if all_tracks else predicted[rows]
            overlaps = AssociationOverlaps.of(boxes, track_boxes)
            i, j = associate_by_iou(overlaps, self.iou_threshold)
            return np.array([rows[j], columns[i]])

        rows, matched = self._match_in_classes(
            match, np.arange(len(predicted)), candidates, detections
        )
        self._take(rows, matched, detections)
        self._init_tracks(unassociated_candidates(candidates, matched), detections)
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
        """The tracks to report, newest first; then remove those missed for too long."""
        tracks = self._tracks.rows
        is_reported = tracks['time_since_update'] == 0
        if self._frame_count > self.min_hits:
            is_reported &= tracks['hit_streak'] >= self.min_hits
        reported = self._report_rows(np.flatnonzero(is_reported)[::-1])
        if not np.isfinite(reported.boxes.sum()):
            reported = reported[np.isfinite(reported.boxes).all(axis=1)]
        alive = tracks['time_since_update'] <= self.max_age
        if not alive.all():
            self._tracks.keep(np.flatnonzero(alive))
        return reported
