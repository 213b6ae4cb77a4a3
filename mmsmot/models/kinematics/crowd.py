"""How many people a video shows at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from ...structures import pairwise_iou

MIN_AGE = 0.5  # seconds that a track must have been there to be counted
DUPLICATE_IOU = 0.6  # of two boxes on one person; two people side by side have less


class Crowd:
    """Seconds in which so many people were tracked at the same time.

    The number of tracks of a video says little: one person may have several, one after
    another. So many at the same time are as many people.
    """

    def __init__(self) -> None:
        self._seconds: defaultdict[int, float] = defaultdict(float)
        self._first: dict[int, float] = {}
        self._last_time: float | None = None

    def count(self, samples: np.ndarray, time: float) -> None:
        """Take in the samples of one bin of time.

        Args:
            samples: One of each track.
            time: Seconds, the end of the bin.
        """
        elapsed = 0.0 if self._last_time is None else time - self._last_time
        self._last_time = time
        for track_id in samples['id'].tolist():
            self._first.setdefault(track_id, time)
        ages = [time - self._first[i] for i in samples['id'].tolist()]
        boxes = samples['box'][np.array(ages) >= MIN_AGE] if ages else np.empty((0, 4))
        overlaps = np.triu(pairwise_iou(boxes, boxes), k=1)
        count = len(boxes) - int((overlaps > DUPLICATE_IOU).any(axis=0).sum())
        self._seconds[count] += min(elapsed, 1.0)

    def at_least(self, seconds: float) -> int:
        """The greatest number that was there for so many seconds in all."""
        total = 0.0
        for count in sorted(self._seconds, reverse=True):
            total += self._seconds[count]
            if total >= seconds - 1e-9:
                return count
        return 0

    def forget(self, ids: Sequence[int]) -> None:
        """Drop tracks that have ended."""
        for track_id in ids:
            self._first.pop(track_id, None)

    def rename(self, names: dict[int, int]) -> None:
        """Give tracks other ids."""
        for old, new in names.items():
            if old in self._first:
                time = self._first.pop(old)
                self._first[new] = min(time, self._first.get(new, time))
