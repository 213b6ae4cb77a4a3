"""ByteTrack's bookkeeping with an appearance vector for each track."""

from __future__ import annotations

import numpy as np

from ...structures import Detections, Frame, Tracks
from .base import require_tracker_detections
from .byte_track import COLUMNS, ByteTrack
from .gallery import SmoothedAppearanceGallery, gallery_unit_embeddings


class ReIDByteTrack(ByteTrack):
    """ByteTrack that keeps a smoothed appearance vector of each track.

    Subclasses say which round looks at it, and make the gallery.

    Attributes:
        with_reid: Whether it does; detections then need ``embeddings`` (``model.reid``).
    """

    with_reid: bool = True
    _COLUMNS = [*COLUMNS, ('slot', np.int64)]
    _gallery: SmoothedAppearanceGallery

    def reset(self) -> None:
        super().reset()
        self._gallery.clear()

    def update(self, detections: Detections, frame: Frame | None = None) -> Tracks:
        if self.with_reid:
            require_tracker_detections(detections, type(self).__name__)
            self._vectors = gallery_unit_embeddings(detections, type(self).__name__)
        return super().update(detections, frame)

    def _take(
        self, rows: np.ndarray, det_index: np.ndarray, detections: Detections
    ) -> None:
        super()._take(rows, det_index, detections)
        if self.with_reid:
            is_learnt = self._is_learnt(detections.scores[det_index])
            rows, det_index = rows[is_learnt], det_index[is_learnt]
            if len(rows):
                slots = self._tracks.rows['slot'][rows]
                self._gallery.add(slots, self._vectors[det_index])

    def _is_learnt(self, scores: np.ndarray) -> np.ndarray:
        """(K,) mask of the matched detections that a track's appearance takes up: all."""
        return np.ones(len(scores), bool)

    def _start(self, det_index: np.ndarray, detections: Detections) -> np.ndarray:
        fresh = super()._start(det_index, detections)
        if self.with_reid and len(fresh):
            vectors = self._vectors[det_index]
            fresh['slot'] = self._gallery.allot(len(fresh), vectors.shape[1])
            self._gallery.add(fresh['slot'], vectors)
        return fresh

    def _retire(self, stage: np.ndarray) -> None:
        old_slots = self._tracks.rows['slot'].copy()
        super()._retire(stage)
        if self.with_reid:
            self._gallery.release(np.setdiff1d(old_slots, self._tracks.rows['slot']))
