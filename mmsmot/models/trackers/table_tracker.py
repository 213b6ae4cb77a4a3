"""What the trackers share that filter boxes and keep their tracks in a table."""

from __future__ import annotations

import numpy as np

from ...registry import TRACKERS
from ...structures import Detections, Frame, Tracks
from .base import BaseTracker
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
            picture.
    """

    def __init__(
        self,
        motion: BoxKalmanFilter,
        columns: list[tuple],
        camera_motion: dict | CameraMotion | None = None,
    ) -> None:
        if isinstance(camera_motion, dict):
            camera_motion = TRACKERS.build(camera_motion)
        self.camera_motion = camera_motion
        self._filter = motion
        self._tracks = TrackTable(np.dtype([*TRACK, *columns]))
        self._frame_count = 0

    def reset(self) -> None:
        self._tracks.clear()
        self._frame_count = 0
        if self.camera_motion is not None:
            self.camera_motion.reset()

    def _follow_camera(self, frame: Frame | None) -> None:
        """Carry all tracks along with the background."""
        if self.camera_motion is None:
            return
        if frame is None:
            raise ValueError(
                f'{type(self).__name__} compensates camera motion and must see the '
                'picture: call update(detections, frame) with a mmsmot.structures.Frame, '
                'or build the tracker with camera_motion=None'
            )
        self._warp(self.camera_motion.estimate(frame.image))

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

    def _spawn(self, det_index: np.ndarray, detections: Detections) -> np.ndarray:
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
        )
