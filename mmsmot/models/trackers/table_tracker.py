"""What the trackers share that filter boxes and keep their tracks in a table."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...registry import TRACKERS
from ...structures import Detections, Frame, Tracks
from ...utils.number_ranges import require_choice
from .base import BaseTracker, require_tracker_detections
from .camera_motion import CameraMotion
from .kalman_filter import BoxKalmanFilter
from .track_table import TrackTable

# The columns that every track has; a tracker appends its own.
TRACK = [
    ('id', np.int64),
    ('label', np.int64),
    ('score', np.float64),
    ('det_index', np.int64),
]


class TableTracker(BaseTracker):
    """A tracker with a table of tracks, a Kalman filter and a camera that may move.

    Args:
        motion: The filter of the boxes.
        columns: Name and type of the columns beside :data:`TRACK`.
        camera_motion: Part of :mod:`.camera_motion`, or its config, that tells how the
            background moved since the last frame; tracks are carried along before they
            are predicted. ``None`` for a camera at rest; anything else looks at every
            image.
        class_agnostic: A track may take a detection of another class, as in the
            published code, which knows of none. By default each class is tracked as by
            a tracker of its own; only the ids are drawn from one row of numbers.
    """

    def __init__(
        self,
        motion: BoxKalmanFilter,
        columns: list[tuple],
        camera_motion: dict | CameraMotion | None = None,
        class_agnostic: bool = False,
    ) -> None:
        owner = type(self).__name__
        require_choice(owner, (True, False), class_agnostic=class_agnostic)
        if isinstance(camera_motion, dict):
            camera_motion = TRACKERS.build(camera_motion)
        if not isinstance(camera_motion, CameraMotion | None):
            raise TypeError(
                f'{owner}: camera_motion must be a CameraMotion, its config such as '
                f"dict(type='ECC'), or None, got {camera_motion!r}"
            )
        self.camera_motion = camera_motion
        self.class_agnostic = class_agnostic
        self._filter = motion
        self._tracks = TrackTable(np.dtype([*TRACK, *columns]), motion.planes)
        self._forget_frames()

    def reset(self) -> None:
        self._tracks.clear()
        self._forget_frames()
        if self.camera_motion is not None:
            self.camera_motion.reset()

    def _forget_frames(self) -> None:
        self._frame_count = 0
        self._background_motion: np.ndarray | None = None  # since the last frame
        self._label: int | None = None  # of all that was seen, until there is another
        self._has_classes = False

    def _begin(self, detections: Detections) -> None:
        """Count a frame, and note whether there is more than one class."""
        require_tracker_detections(detections, type(self).__name__)
        self._frame_count += 1
        if self.class_agnostic or self._has_classes or not len(detections):
            return
        if self._label is None:
            self._label = int(detections.labels[0])
        # Mostly all are 0, and that is told faster.
        labels = detections.labels
        has_other = labels.any() if self._label == 0 else (labels != self._label).any()
        self._has_classes = bool(has_other)

    def _match_in_classes(
        self,
        match: Callable[[np.ndarray, np.ndarray], np.ndarray],
        rows: np.ndarray,
        columns: np.ndarray,
        detections: Detections,
    ) -> np.ndarray:
        """Match each class by itself.

        Args:
            match: Some tracks and some detections, to (2, K) of those that belong
                together, tracks over detections. Called with one of each at least.
            rows: Tracks.
            columns: Rows of the detections.
            detections: All of this frame.

        Returns:
            (2, K) as of ``match``, of all classes.
        """
        no_pairs = np.empty((2, 0), np.int64)
        if not len(rows) or not len(columns):
            return no_pairs
        if not self._has_classes:
            return match(rows, columns)
        labels = self._tracks.rows['label'][rows], detections.labels[columns]
        pairs: list[np.ndarray] = [no_pairs]
        for label in np.intersect1d(*labels):
            pairs.append(match(rows[labels[0] == label], columns[labels[1] == label]))
        return np.concatenate(pairs, axis=1)

    def live_ids(self) -> np.ndarray:
        return self._tracks.rows['id'].copy()

    def _follow_camera(self, frame: Frame | None) -> None:
        """Carry all tracks along with the background."""
        if self.camera_motion is None:
            return
        if frame is None:
            raise ValueError(
                f'{type(self).__name__} compensates camera motion and must see the '
                'image: call update(detections, frame) with a mmsmot.structures.Frame, '
                'or build the tracker with camera_motion=None'
            )
        motion = self.camera_motion.estimate(frame.image)
        if motion is None:  # tracks stay where they are, as in the originals
            self._background_motion = np.full((2, 3), np.nan)
        else:
            self._background_motion = motion
            self._warp(motion)

    def _warp(self, affine: np.ndarray) -> None:
        """Carry all that is remembered of positions along an affine motion (2, 3)."""
        self._tracks.state[:] = self._filter.warp(self._tracks.state, affine)

    def _correct(
        self,
        rows: np.ndarray,
        det_index: np.ndarray,
        detections: Detections,
        noise_scale: np.ndarray | None = None,
    ) -> None:
        """Correct the tracks ``rows`` by the detections ``det_index``."""
        tracks, state = self._tracks.rows, self._tracks.state
        boxes = detections.boxes[det_index]
        state[:, rows] = self._filter.update(state[:, rows], boxes, noise_scale)
        tracks['score'][rows] = detections.scores[det_index]
        tracks['label'][rows] = detections.labels[det_index]
        tracks['det_index'][rows] = det_index

    def _init_tracks(self, det_index: np.ndarray, detections: Detections) -> np.ndarray:
        """Start a track at each of the detections ``det_index``; view of their rows."""
        fresh = self._tracks.spawn(self._filter.initiate(detections.boxes[det_index]))
        fresh['score'] = detections.scores[det_index]
        fresh['label'] = detections.labels[det_index]
        fresh['det_index'] = det_index
        return fresh

    def _boxes_of(self, rows: np.ndarray) -> np.ndarray:
        """The boxes (K, 4) that tracks ``rows`` are reported with."""
        return self._filter.to_boxes(self._tracks.state[:, rows])

    def _report_rows(self, rows: np.ndarray) -> Tracks:
        """The tracks ``rows`` as they are reported, in this order."""
        reported = self._tracks.rows[rows]
        return Tracks(
            ids=reported['id'],
            boxes=self._boxes_of(rows),
            scores=reported['score'],
            labels=reported['label'],
            det_index=reported['det_index'],
            camera_motion=self._background_motion,
        )
