"""The tracks that a tracker reports for one frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Tracks:
    """The rows that one call of ``update`` reports, in the tracker's order.

    Attributes:
        ids: (N,) int64, from 1, unique in a frame.
        boxes: (N, 4) float64, x1, y1, x2, y2 in pixels of the original frame.
        scores: (N,) float64, of the detection the track took last.
        labels: (N,) int64.
        det_index: (N,) int64, the row of *this call's* detections that the track took,
            -1 where it took none (coasted).
        features: (N, K, d) tokens of each track, where the estimator gives them (NumPy or
            torch); ``None`` where it does not.
        camera_motion: (2, 3) affine motion of the background since the last frame, where
            the tracker estimates it (NaN: it could not be made out); ``None`` where it
            does not.

    Rows are not checked here: a tracker runs this once a frame, and the tests hold
    every tracker to it.
    """

    ids: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray
    labels: np.ndarray
    det_index: np.ndarray
    features: Any = None
    camera_motion: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, rows: np.ndarray | slice) -> Tracks:
        """The rows of a mask, an index array or a slice."""
        return Tracks(
            self.ids[rows],
            self.boxes[rows],
            self.scores[rows],
            self.labels[rows],
            self.det_index[rows],
            None if self.features is None else self.features[rows],
            self.camera_motion,
        )

    @classmethod
    def empty(cls) -> Tracks:
        """No track."""
        integers = np.empty(0, np.int64)
        return cls(integers, np.empty((0, 4)), np.empty(0), integers, integers)
