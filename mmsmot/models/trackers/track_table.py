"""The memory of a tracker: one row a track, one array for all."""

from __future__ import annotations

import numpy as np


class TrackTable:
    """Rows of a structured dtype that grow and shrink without a copy a frame.

    ``rows`` is a view of the live rows; ``rows['id']`` is a column of all tracks. A view
    is good until the next call of a method.

    Args:
        dtype: The columns of a track. There must be an ``id``.
    """

    def __init__(self, dtype: np.dtype) -> None:
        self._dtype = dtype
        self.clear()

    def __len__(self) -> int:
        return self._count

    @property
    def rows(self) -> np.ndarray:
        """(N,) structured view of the live rows."""
        return self._storage[: self._count]

    def clear(self) -> None:
        """Forget every track; the next id is 1."""
        self._storage = np.zeros(64, self._dtype)
        self._count = 0
        self._last_id = 0

    def spawn(self, count: int) -> np.ndarray:
        """Append zeroed rows with the next ids and return the view of them."""
        end = self._count + count
        if end > len(self._storage):
            grown = np.zeros(max(end, 2 * len(self._storage)), self._dtype)
            grown[: self._count] = self.rows
            self._storage = grown
        fresh = self._storage[self._count : end]
        fresh[:] = np.zeros((), self._dtype)
        fresh['id'] = np.arange(self._last_id + 1, self._last_id + 1 + count)
        self._count, self._last_id = end, self._last_id + count
        return fresh

    def keep(self, index: np.ndarray) -> None:
        """Keep only the rows of an index array, in its order."""
        kept = self.rows.take(index)
        self._storage[: len(kept)] = kept
        self._count = len(kept)
