"""Online linking of tracklets to tracks by appearance (section 5)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mmsmot.models.trackers.association import associate_by_weight
from mmsmot.registry import TASK_UTILS
from mmsmot.utils.number_ranges import COUNT, require_numbers

from .appearance_gate import EMBEDDING_DISTANCE, appearance_weights
from .track_table import TrackTable, require_embedding_length


@dataclass
class FeatureBank(TrackTable):
    """One identity embedding for each track that may still be reported.

    Attributes:
        ids: (M,) int64.
        labels: (M,) int64.
        sums: (M, D) float64, of the unit embeddings of each track.
        inactive: (M,) int64, frames since the track was seen last.
    """

    COLUMNS = ('ids', 'labels', 'sums', 'inactive')

    ids: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    labels: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    sums: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    inactive: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))

    def add(self, ids: np.ndarray, labels: np.ndarray, embeddings: np.ndarray) -> None:
        """Add embeddings (N, D) to the tracks of ``ids`` (N,); new ids get a row."""
        is_new = ~np.isin(ids, self.ids)
        if not len(self.ids):
            self.sums = np.empty((0, embeddings.shape[1]))
        require_embedding_length(embeddings, self.sums.shape[1])
        self.add_rows(
            ids=ids[is_new],
            labels=labels[is_new],
            sums=np.zeros((is_new.sum(), embeddings.shape[1])),
            inactive=np.zeros(is_new.sum(), np.int64),
        )
        order = np.argsort(self.ids)
        rows = order[np.searchsorted(self.ids, ids, sorter=order)]
        np.add.at(self.sums, rows, embeddings)


@TASK_UTILS.register_module()
class TrackletLinker:
    """Gives a new tracklet the id of the inactive track that it resembles.

    ::

        new tracklets -> reid -> embeddings (N, D) -+- bipartite matching -> ids
        inactive tracks' mean embeddings (M, D) ----+  up to max_distance

    The bank holds the sum of a track's unit embeddings: that of each of its tracklets
    when it is new, and of every ``update_interval``-th frame after. It does not link
    across classes.

    Args:
        max_distance: Greatest Euclidean distance of two unit vectors, 0 to 2. The paper's
            .97, for a face embedding of its own, is a cosine of .53.
        update_interval: Frames of a tracklet from one embedding to the next; ``None``: its
            first alone.
        max_inactive: Frames that a track is remembered; then it ends. ``None``: to the end
            of the video, as in the paper; the bank then grows with the number of tracks.
    """

    def __init__(
        self,
        *,
        max_distance: float = 0.97,
        update_interval: int | None = 10,
        max_inactive: int | None = None,
    ) -> None:
        require_numbers('TrackletLinker', EMBEDDING_DISTANCE, max_distance=max_distance)
        require_numbers(
            'TrackletLinker',
            COUNT.or_none,
            update_interval=update_interval,
            max_inactive=max_inactive,
        )
        self.max_distance = max_distance
        self.update_interval = update_interval
        self.max_inactive = max_inactive

    def is_due(self, ages: np.ndarray) -> np.ndarray:
        """(L,) mask of the tracklets to embed again, of (L,) frames since each began."""
        if self.update_interval is None:
            return np.zeros(len(ages), bool)
        return (ages > 0) & (ages % self.update_interval == 0)

    def forget(self, bank: FeatureBank, active_ids: np.ndarray) -> np.ndarray:
        """End a frame: tracks that were not seen for too long leave the bank.

        Args:
            bank: The video's.
            active_ids: Of the tracks that are seen in this frame.

        Returns:
            Ids of tracks that never come back.
        """
        is_active = np.isin(bank.ids, active_ids)
        bank.inactive = np.where(is_active, 0, bank.inactive + 1)
        if self.max_inactive is None:
            return np.empty(0, np.int64)
        is_forgotten = bank.inactive > self.max_inactive
        ended_ids = bank.ids[is_forgotten]
        bank.keep(~is_forgotten)
        return ended_ids

    def match(
        self,
        bank: FeatureBank,
        embeddings: np.ndarray,
        labels: np.ndarray,
        active_ids: np.ndarray,
    ) -> np.ndarray:
        """The tracks of new tracklets.

        Args:
            bank: The video's.
            embeddings: (N, D) of unit length.
            labels: (N,) classes.
            active_ids: Of the tracks that are seen in this frame.

        Returns:
            (N,) ids of inactive tracks, -1 for none.
        """
        ids = np.full(len(embeddings), -1)
        inactive = np.flatnonzero(~np.isin(bank.ids, active_ids))
        if not len(inactive):
            return ids
        means = bank.sums[inactive]
        norms = np.linalg.norm(means, axis=1, keepdims=True)
        means = means / np.maximum(norms, np.finfo(np.float64).tiny)
        cosine = embeddings.astype(np.float64) @ means.T
        distance = np.sqrt(np.maximum(2 - 2 * cosine, 0))
        weights = appearance_weights(distance, self.max_distance)
        weights[labels[:, None] != bank.labels[inactive]] = -1
        rows, columns = associate_by_weight(weights)
        ids[rows] = bank.ids[inactive[columns]]
        return ids
