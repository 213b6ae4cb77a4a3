"""The memory of a tracker: one row a track, for all tracks at once."""

from __future__ import annotations

import numpy as np

from .kalman_filter import PLANES


class TrackTable:
    """Rows of a structured dtype, and beside them the Kalman states.

    Storage is longer than the table, so that a birth or a death moves only what it must.
    A view is good until the next call of a method.

    Args:
        dtype: The columns of a track. There must be an ``id``.
        planes: Of the filter's states.
    """

    def __init__(self, dtype: np.dtype, planes: int = PLANES) -> None:
        self._dtype = dtype
        self._planes = planes
        self.clear()

    def __len__(self) -> int:
        return self._count

    @property
    def rows(self) -> np.ndarray:
        """(N,) structured view; ``rows['id']`` is a column of all tracks."""
        return self._rows[: self._count]

    @property
    def state(self) -> np.ndarray:
        """(planes, N, 4) view of the Kalman states."""
        return self._state[:, : self._count]

    def clear(self) -> None:
        """Forget every track; the next id is 1."""
        self._rows = np.zeros(64, self._dtype)
        self._state = np.zeros((self._planes, 64, 4))
        self._count = 0
        self._last_id = 0

    def spawn(self, state: np.ndarray) -> np.ndarray:
        """Append a track with the next id for each state of (planes, M, 4).

        Returns:
            View of the M new rows, zero but for their ids.
        """
        start, end = self._count, self._count + state.shape[1]
        if end > len(self._rows):
            self._grow(max(end, 2 * len(self._rows)))
        self._state[:, start:end] = state
        fresh = self._rows[start:end]
        fresh[:] = np.zeros((), self._dtype)
        fresh['id'] = np.arange(self._last_id + 1, self._last_id + 1 + len(fresh))
        self._count, self._last_id = end, self._last_id + len(fresh)
        return fresh

    def keep(self, index: np.ndarray) -> None:
        """Keep only the rows of an index array, in its order."""
        rows, state = self.rows.take(index), self.state.take(index, axis=1)
        self._count = len(index)
        self.rows[:] = rows
        self.state[:] = state

    def _grow(self, capacity: int) -> None:
        rows, state = self.rows, self.state
        self._rows = np.zeros(capacity, self._dtype)
        self._state = np.zeros((self._planes, capacity, 4))
        self.rows[:] = rows
        self.state[:] = state
