"""Appearance galleries: the last embeddings of each track."""

from __future__ import annotations

import numpy as np

from ...structures import Detections

CHUNK = 1 << 18  # numbers compared at once: what is gathered stays in the cache


class AppearanceGallery:
    """The last appearance vectors of each track, in one array.

    A track holds a slot; the array grows when slots run out and is reused when tracks
    die.

    Args:
        budget: Vectors kept for a track; a new one takes the place of the oldest.
    """

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.clear()

    def clear(self) -> None:
        """Forget everything, the vectors' length too."""
        self._vectors = np.zeros((0, self.budget, 0), np.float32)
        self._counts = np.zeros(0, np.int64)
        self._free = np.empty(0, np.int64)

    def allot(self, count: int, dimensions: int) -> np.ndarray:
        """(count,) empty slots for vectors of D ``dimensions``."""
        missing = count - len(self._free)
        if missing > 0:
            self._grow(max(missing, len(self._counts), 16), dimensions)
        slots, self._free = self._free[:count], self._free[count:]
        self._counts[slots] = 0
        return slots

    def release(self, slots: np.ndarray) -> None:
        """Give slots back."""
        self._free = np.concatenate([self._free, slots])

    def add(self, slots: np.ndarray, vectors: np.ndarray) -> None:
        """Remember one vector, (K, D) of unit length, for each of K slots.

        Raises:
            ValueError: D is not that of the vectors before.
        """
        self._require(vectors.shape[1])
        self._vectors[slots, self._counts[slots] % self.budget] = vectors
        self._counts[slots] += 1

    def distances(self, slots: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        """Least cosine distance of each of P pairs (DeepSORT, eq. 3).

        Args:
            slots: (P,), may repeat; none may be empty.
            vectors: (P, D) of unit length.

        Returns:
            (P,) float64, 1 minus the cosine with the most similar vector of the slot.
        """
        if not len(slots):
            return np.empty(0)
        self._require(vectors.shape[1])
        held = np.minimum(self._counts[slots], self.budget)
        num_used = int(held.max())
        cosine = np.empty((len(slots), num_used), np.float32)
        size = max(1, CHUNK // (num_used * vectors.shape[1]))
        for start in range(0, len(slots), size):
            part = slice(start, start + size)
            looks = self._vectors[slots[part], :num_used]
            cosine[part] = (looks @ vectors[part, :, None])[..., 0]
        cosine[np.arange(num_used) >= held[:, None]] = -np.inf
        return 1 - cosine.max(axis=1).astype(np.float64)

    def _require(self, dimensions: int) -> None:
        if self._vectors.shape[2] != dimensions:
            raise ValueError(
                f'embeddings of length {dimensions} after some of length '
                f'{self._vectors.shape[2]}; one ReID part serves a whole video'
            )

    def _grow(self, count: int, dimensions: int) -> None:
        old = len(self._counts)
        if old == 0:
            self._vectors = np.zeros((0, self.budget, dimensions), np.float32)
        self._require(dimensions)
        num_used = min(self.budget, int(self._counts.max(initial=0)))
        vectors = np.zeros((old + count, self.budget, dimensions), np.float32)
        # The system gives memory only to what is written.
        vectors[:old, :num_used] = self._vectors[:, :num_used]
        self._vectors = vectors
        self._counts = np.concatenate([self._counts, np.zeros(count, np.int64)])
        self._free = np.concatenate([self._free, np.arange(old, old + count)])


class SmoothedAppearanceGallery(AppearanceGallery):
    """One vector for each track, the moving average of its embeddings.

    StrongSORT's EMA: e_i^t = alpha e_i^(t-1) + (1 - alpha) f_i^t, brought
    back to unit length.

    Args:
        alpha: Weight of the past.
    """

    def __init__(self, alpha: float) -> None:
        super().__init__(budget=1)
        self.alpha = alpha

    def add(
        self, slots: np.ndarray, vectors: np.ndarray, alphas: np.ndarray | None = None
    ) -> None:
        """Mix one vector, (K, D) of unit length, into each of K slots.

        Args:
            slots: (K,).
            vectors: The new vectors; an empty slot takes its as it is.
            alphas: (K,) weight of the past for each; ``alpha`` where it is left out.
        """
        self._require(vectors.shape[1])
        has_past = (self._counts[slots] > 0)[:, None]
        past = self._vectors[slots, 0]
        alpha = self.alpha if alphas is None else alphas[:, None].astype(np.float32)
        mixed = np.where(has_past, alpha * past + (1 - alpha) * vectors, vectors)
        super().add(slots, _normalized(mixed))

    def similarities(self, slots: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        """Cosines of all K slots with all M vectors.

        Args:
            slots: (K,), none empty.
            vectors: (M, D) of unit length.

        Returns:
            (K, M) float64.
        """
        if not len(slots):
            return np.empty((0, len(vectors)))
        self._require(vectors.shape[1])
        return (self._vectors[slots, 0] @ vectors.T).astype(np.float64)


def gallery_unit_embeddings(detections: Detections, tracker: str) -> np.ndarray:
    """The detections' embeddings, (N, D) float32 of unit length.

    Raises:
        ValueError: There are detections, and they have none; names the tracker.
    """
    vectors = detections.embeddings
    if vectors is None:
        if len(detections):
            raise ValueError(
                f'{tracker} needs the appearance of each detection (embeddings), but '
                'there is none: set model.reid in the config, such as reid=dict(type='
                "'ONNXReID', model='osnet.onnx'), or take a tracker without appearance"
            )
        return np.empty((0, 0), np.float32)
    return _normalized(vectors)


def _normalized(vectors: np.ndarray) -> np.ndarray:
    """Vectors (N, D) brought to unit length; one of zeros stays."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.maximum(norms, np.finfo(np.float32).tiny)
