"""What tracks looked like lately."""

from __future__ import annotations

import numpy as np


class Gallery:
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
        self._vectors[slots] = 0
        self._counts[slots] = 0
        return slots

    def release(self, slots: np.ndarray) -> None:
        """Give slots back."""
        self._free = np.concatenate([self._free, slots])

    def add(self, slots: np.ndarray, vectors: np.ndarray) -> None:
        """Remember one vector, (K, D) of unit length, for each of K slots."""
        self._vectors[slots, self._counts[slots] % self.budget] = vectors
        self._counts[slots] += 1

    def cosine_distance(self, slots: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        """Least cosine distance (K, M) of M vectors from what K slots hold.

        DeepSORT, eq. 3. An empty place holds zeros, which are at distance 1.
        """
        used = min(self.budget, int(self._counts[slots].max(initial=1)))
        held = self._vectors[slots, :used]
        flat = held.reshape(-1, held.shape[2]) @ vectors.T
        return 1 - flat.reshape(len(slots), used, len(vectors)).max(axis=1)

    def _grow(self, count: int, dimensions: int) -> None:
        old = len(self._counts)
        if old == 0:
            self._vectors = np.zeros((0, self.budget, dimensions), np.float32)
        if self._vectors.shape[2] != dimensions:
            raise ValueError(
                f'embeddings of length {dimensions} after some of length '
                f'{self._vectors.shape[2]}; one ReID part serves a whole video'
            )
        fresh = np.zeros((count, self.budget, dimensions), np.float32)
        self._vectors = np.concatenate([self._vectors, fresh])
        self._counts = np.concatenate([self._counts, np.zeros(count, np.int64)])
        self._free = np.concatenate([self._free, np.arange(old, old + count)])
