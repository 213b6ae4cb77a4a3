"""All that Tracktor knows of one video."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mmsmot.models.trackers.camera_motion import CameraMotion
from mmsmot.structures import Detections, Tracks

from .track_table import TrackTable, require_embedding_length


@dataclass
class TracktorState(TrackTable):
    """All that belongs to one video: a row for each track that may be reported again.

    Attributes:
        ids: (L,) int64.
        boxes: (L, 4) where each was seen last, moved with the camera.
        scores: (L,) float64.
        labels: (L,) int64.
        inactive: (L,) int64, frames since each was seen, 0 for those in the last frame.
        features: (L, F, D) the last F unit embeddings of each, in a ring.
        num_features: (L,) int64, embeddings that each ever had.
        next_id: Of the next new track.
        needs_features: Whether feature maps are asked for.
        size: Width and height of the frames, ``None`` before the first.
        camera_motion: This video's own, ``None`` for none.
        thumbnail: What the scene cut keeps of the last frame.
    """

    COLUMNS = (
        *('ids', 'boxes', 'scores', 'labels', 'inactive'),
        *('features', 'num_features'),
    )

    ids: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    boxes: np.ndarray = field(default_factory=lambda: np.empty((0, 4)))
    scores: np.ndarray = field(default_factory=lambda: np.empty(0))
    labels: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    inactive: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    features: np.ndarray = field(default_factory=lambda: np.empty((0, 0, 0)))
    num_features: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    next_id: int = 1
    needs_features: bool = False
    size: tuple[int, int] | None = None
    camera_motion: CameraMotion | None = None
    thumbnail: np.ndarray | None = None

    @property
    def is_active(self) -> np.ndarray:
        """(L,) mask of the tracks that are seen in the last frame."""
        return self.inactive == 0

    def append(self, detections: Detections, num_slots: int) -> np.ndarray:
        """Start a track at each detection, with room for its embeddings; their rows."""
        count, num_tracks = len(detections), len(self.ids)
        width = self.features.shape[2]
        if not num_tracks:
            self.features = np.zeros((0, num_slots, width))
        self.add_rows(
            ids=np.arange(self.next_id, self.next_id + count),
            boxes=detections.boxes,
            scores=detections.scores,
            labels=detections.labels,
            inactive=np.zeros(count, np.int64),
            features=np.zeros((count, num_slots, width)),
            num_features=np.zeros(count, np.int64),
        )
        self.next_id += count
        return np.arange(num_tracks, num_tracks + count)

    def add_features(self, rows: np.ndarray, embeddings: np.ndarray) -> None:
        """Remember an embedding (N, D) of each of N tracks; the oldest makes room.

        Raises:
            ValueError: D is not that of the embeddings before.
        """
        if not self.num_features.any():
            tracks_and_slots = self.features.shape[:2]
            self.features = np.zeros((*tracks_and_slots, embeddings.shape[1]))
        require_embedding_length(embeddings, self.features.shape[2])
        slots = self.num_features[rows] % self.features.shape[1]
        self.features[rows, slots] = embeddings
        self.num_features[rows] += 1

    def mean_features(self, rows: np.ndarray) -> np.ndarray:
        """(N, D) mean of the embeddings that each of N tracks has."""
        features = self.features[rows]
        counts = np.minimum(self.num_features[rows], features.shape[1])
        return features.sum(axis=1) / np.maximum(counts, 1)[:, None]


def tracks_of(state: TracktorState) -> Tracks:
    """The active tracks, as tracks of the frame that was read last."""
    active = state.is_active
    rows = np.arange(active.sum())
    return Tracks(
        state.ids[active],
        state.boxes[active],
        state.scores[active],
        state.labels[active],
        rows,
    )
