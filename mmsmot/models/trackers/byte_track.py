"""ByteTrack: associating every detection box."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...registry import TRACKERS
from ...structures import Detections, Frame, Tracks
from ...utils.number_ranges import (
    FINITE,
    FRACTION,
    NON_NEGATIVE,
    NON_NEGATIVE_INT,
    POSITIVE,
    require_choice,
    require_numbers,
)
from .association import AssociationOverlaps, unassociated_candidates
from .camera_motion import CameraMotion
from .kalman_filter import VELOCITY, BoxKalmanFilter, XYAHFilter
from .table_tracker import TableTracker

TENTATIVE, CONFIRMED, LOST = range(3)

COLUMNS = [
    ('stage', np.int64),
    ('first_frame', np.int64),
    ('last_frame', np.int64),
    ('expired', np.bool_),
]


@TRACKERS.register_module()
class ByteTrack(TableTracker):
    """ByteTrack (Zhang et al., ECCV 2022), equal to the authors' code.

    Reports the filtered boxes of the confirmed tracks matched in this frame: old ones,
    new ones, then those found again. Kept from the original: a track lost for
    ``track_buffer`` frames can still be found one frame later, but then not a second
    time; tentative tracks are not predicted; pixels are counted (w = x2 - x1 + 1).

    Args:
        track_threshold: Detections above it are matched first (the paper's tau_high);
            those from ``low_threshold`` up to it second. A score equal to it is in
            neither set, as in the original.
        low_threshold: Detections at or below it are dropped (tau_low).
        birth_threshold: Least score of a new track (epsilon); by default
            ``track_threshold + 0.1`` as in the original.
        match_threshold: Greatest cost of a match in the first round.
        second_match_threshold: Greatest IoU distance in the second round.
        tentative_match_threshold: Greatest cost of a match with a one-frame-old track.
        duplicate_threshold: Of a confirmed and a lost track closer than this IoU
            distance, the one of shorter life is dropped.
        track_buffer: Frames at 30 fps that a lost track is remembered.
        frame_rate: Frame rate of the video, scales ``track_buffer``.
        fuse_score: Multiply IoU by the detection's score in the first round and with
            tentative tracks (the released code; off for its ``mot20`` switch).
        report_detections: Report the detection's own box, as OC-SORT does, instead of the
            filter's (ours). At few frames a second the filter lags behind the person.
        pixel_offset: See :func:`~mmsmot.structures.pairwise_iou`.
        camera_motion: See :class:`~.table_tracker.TableTracker`.
        class_agnostic: See :class:`~.table_tracker.TableTracker`.
    """

    _COLUMNS = COLUMNS
    _FILTER: type[BoxKalmanFilter] = XYAHFilter
    # Coordinates that whoever is out of sight is not assumed to go on changing: height.
    _SIZES = slice(3, 4)

    def __init__(
        self,
        *,
        track_threshold: float = 0.6,
        low_threshold: float = 0.1,
        birth_threshold: float | None = None,
        match_threshold: float = 0.8,
        second_match_threshold: float = 0.5,
        tentative_match_threshold: float = 0.7,
        duplicate_threshold: float = 0.15,
        track_buffer: int = 30,
        frame_rate: float = 30.0,
        fuse_score: bool = True,
        report_detections: bool = False,
        pixel_offset: float = 1.0,
        camera_motion: dict | CameraMotion | None = None,
        class_agnostic: bool = False,
    ) -> None:
        super().__init__(self._FILTER(), self._COLUMNS, camera_motion, class_agnostic)
        owner = type(self).__name__
        require_numbers(
            owner,
            FRACTION,
            match_threshold=match_threshold,
            second_match_threshold=second_match_threshold,
            tentative_match_threshold=tentative_match_threshold,
            duplicate_threshold=duplicate_threshold,
        )
        require_numbers(
            owner, FINITE, track_threshold=track_threshold, low_threshold=low_threshold
        )
        require_numbers(owner, FINITE.or_none, birth_threshold=birth_threshold)
        require_numbers(owner, NON_NEGATIVE_INT, track_buffer=track_buffer)
        require_numbers(owner, POSITIVE, frame_rate=frame_rate)
        require_numbers(owner, NON_NEGATIVE, pixel_offset=pixel_offset)
        require_choice(
            owner,
            (True, False),
            fuse_score=fuse_score,
            report_detections=report_detections,
        )
        if low_threshold > track_threshold:
            raise ValueError(
                f'{owner}: low_threshold must be at most track_threshold, got '
                f'{low_threshold} and {track_threshold}'
            )
        self.track_threshold = track_threshold
        self.low_threshold = low_threshold
        self.birth_threshold = (
            track_threshold + 0.1 if birth_threshold is None else birth_threshold
        )
        self.match_threshold = match_threshold
        self.second_match_threshold = second_match_threshold
        self.tentative_match_threshold = tentative_match_threshold
        self.duplicate_threshold = duplicate_threshold
        self.max_time_lost = int(frame_rate / 30.0 * track_buffer)
        self.fuse_score = fuse_score
        self.report_detections = report_detections
        self.pixel_offset = pixel_offset

    def update(self, detections: Detections, frame: Frame | None = None) -> Tracks:
        self._begin(detections)
        scores = detections.scores
        high = np.flatnonzero(scores > self.track_threshold)
        low = np.flatnonzero(
            (scores > self.low_threshold) & (scores < self.track_threshold)
        )
        boxes = self._predict(frame)
        stage = self._tracks.rows['stage'].copy()
        tentative = np.flatnonzero(stage == TENTATIVE)
        pool = np.flatnonzero(stage != TENTATIVE)

        # First the confident detections, with confirmed and lost tracks alike.
        first_pairs = self._match_first(boxes, pool, detections, high)
        # Then what the confident ones missed: occluded people score low.
        missed = unassociated_candidates(pool[stage[pool] == CONFIRMED], first_pairs[0])
        limit = self.second_match_threshold
        second_pairs = self._match(boxes, missed, detections, low, limit, False)
        # Last, tracks that were born in the frame before.
        high = unassociated_candidates(high, first_pairs[1])
        third_pairs = self._match_tentative(boxes, tentative, detections, high)
        high = unassociated_candidates(high, third_pairs[1])

        rows, det_index = np.concatenate(
            [first_pairs, second_pairs, third_pairs], axis=1
        )
        self._take(rows, det_index, detections)
        self._start(high[scores[high] >= self.birth_threshold], detections)
        self._retire(stage)
        reported = self._report_rows(np.flatnonzero(self._is_reported()))
        if self.report_detections:
            return replace(reported, boxes=detections.boxes[reported.det_index])
        return reported

    def _predict(self, frame: Frame | None) -> np.ndarray:
        """Move confirmed and lost tracks one frame on; return all boxes (N, 4)."""
        self._follow_camera(frame)
        self._move()
        return self._filter.to_boxes(self._tracks.state)

    def _move(self) -> None:
        """Predict confirmed and lost tracks."""
        tracks = self._tracks.rows
        tracks['det_index'] = -1
        state = self._tracks.state
        # Whoever is out of sight is not assumed to go on growing or shrinking.
        state[VELOCITY, tracks['stage'] == LOST, self._SIZES] = 0
        moving = tracks['stage'] != TENTATIVE
        state[:, moving] = self._filter.predict(state[:, moving])

    def _is_reported(self) -> np.ndarray:
        """(N,) mask of the tracks."""
        return self._tracks.rows['stage'] == CONFIRMED

    def _match_first(
        self,
        boxes: np.ndarray,
        rows: np.ndarray,
        detections: Detections,
        columns: np.ndarray,
    ) -> np.ndarray:
        """The first round; as :meth:`_match`."""
        return self._match(
            boxes, rows, detections, columns, self.match_threshold, self.fuse_score
        )

    def _match_tentative(
        self,
        boxes: np.ndarray,
        rows: np.ndarray,
        detections: Detections,
        columns: np.ndarray,
    ) -> np.ndarray:
        """The round of tracks born in the frame before; as :meth:`_match`."""
        limit = self.tentative_match_threshold
        return self._match(boxes, rows, detections, columns, limit, self.fuse_score)

    def _match(
        self,
        boxes: np.ndarray,
        rows: np.ndarray,
        detections: Detections,
        columns: np.ndarray,
        limit: float,
        fuse_score: bool,
    ) -> np.ndarray:
        """Match tracks ``rows`` with detections ``columns``.

        Returns:
            (2, K): tracks over detections, pairs whose cost is below ``limit``.
        """

        def match(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
            track_boxes, det_boxes = boxes[rows], detections.boxes[columns]
            overlaps = AssociationOverlaps.of(track_boxes, det_boxes, self.pixel_offset)
            if fuse_score:
                overlaps = overlaps.scaled(detections.scores[columns])
            i, j = overlaps.match(1 - limit)
            return np.array([rows[i], columns[j]])

        return self._match_in_classes(match, rows, columns, detections)

    def _take(
        self, rows: np.ndarray, det_index: np.ndarray, detections: Detections
    ) -> None:
        self._correct(rows, det_index, detections)
        tracks = self._tracks.rows
        tracks['stage'][rows] = CONFIRMED
        tracks['last_frame'][rows] = self._frame_count

    def _start(self, det_index: np.ndarray, detections: Detections) -> np.ndarray:
        fresh = self._init_tracks(det_index, detections)
        fresh['stage'] = CONFIRMED if self._frame_count == 1 else TENTATIVE
        fresh['first_frame'] = fresh['last_frame'] = self._frame_count
        return fresh

    def _retire(self, stage: np.ndarray) -> None:
        """Lose or bury the tracks that found nothing, and put all in reporting order.

        Args:
            stage: The stages before this frame, of the tracks that existed then.
        """
        tracks = self._tracks.rows
        old = len(stage)
        matched = tracks['det_index'] >= 0
        was_lost = np.zeros(len(tracks), bool)
        was_lost[:old] = stage == LOST
        is_new = np.arange(len(tracks)) >= old
        buried = ~matched & (tracks['stage'] == TENTATIVE)
        tracks['stage'][~matched] = LOST
        # The original buries an expired track one frame late, and one that was found
        # in that frame as soon as it is lost again.
        buried |= ~matched & tracks['expired']
        age = self._frame_count - tracks['last_frame']
        tracks['expired'] |= was_lost & (age > self.max_time_lost)
        # Old ones, new ones, found again; then the lost, those of before first.
        group = np.where(matched, was_lost * 2 + is_new, 4 - was_lost)
        order = np.argsort(group, kind='stable')
        order = order[~buried[order]]
        self._tracks.keep(order[self._distinct(order)])

    def _distinct(self, order: np.ndarray) -> np.ndarray:
        """(K,) mask that drops one of each confirmed and lost track on the same spot."""
        tracks = self._tracks.rows[order]
        is_kept = np.ones(len(tracks), bool)
        lost = np.flatnonzero(tracks['stage'] == LOST)
        visible = np.flatnonzero(tracks['stage'] != LOST)
        if not len(lost) or not len(visible):
            return is_kept
        boxes = self._filter.to_boxes(self._tracks.state[:, order])
        overlaps = AssociationOverlaps.of(
            boxes[visible], boxes[lost], self.pixel_offset
        )
        i, j = overlaps.where(lambda iou: 1 - iou < self.duplicate_threshold)
        if self._has_classes:
            is_one_class = tracks['label'][visible[i]] == tracks['label'][lost[j]]
            i, j = i[is_one_class], j[is_one_class]
        life = tracks['last_frame'] - tracks['first_frame']
        older = life[visible[i]] > life[lost[j]]  # on a tie the visible one goes
        is_kept[np.where(older, lost[j], visible[i])] = False
        return is_kept
