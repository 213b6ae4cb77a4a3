"""How many people a video shows at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...structures import pairwise_iou

MIN_AGE = 0.5  # seconds that a track must have been there to be counted
# Seconds that it may be missed: a detector overlooks somebody now and then, and whoever
# goes on under another id is counted anew after MIN_AGE.
MAX_MISS = 1.0
DUPLICATE_IOU = 0.6  # of two boxes on one person; two people side by side have less


class Crowd:
    """How long at least so many people were tracked at the same time, without a break.

    The number of tracks of a video says little: one person may have several, one after
    another. So many at the same time are as many people. False detections are short, and
    do not add up, as a time with a break begins anew.
    """

    def __init__(self) -> None:
        self._lengths: list[float] = []  # of the time going on with 1, 2, ... people
        self._longest: list[float] = []
        self._first: dict[int, float] = {}
        self._latest: dict[int, tuple[float, np.ndarray]] = {}  # second and box
        self._last_time: float | None = None

    def count(self, samples: np.ndarray, time: float) -> None:
        """Take in the samples of one bin of time.

        Args:
            samples: One of each track.
            time: Seconds, the end of the bin.
        """
        elapsed = 0.0 if self._last_time is None else min(time - self._last_time, 1.0)
        self._last_time = time
        for track_id, box in zip(samples['id'].tolist(), samples['box'], strict=True):
            self._first.setdefault(track_id, time)
            self._latest[track_id] = time, box
        self._latest = {
            i: sighting
            for i, sighting in self._latest.items()
            if time - sighting[0] <= MAX_MISS
        }
        counted = [
            box
            for track_id, (last_time, box) in self._latest.items()
            if last_time - self._first[track_id] >= MIN_AGE
        ]
        boxes = np.array(counted).reshape(-1, 4)
        overlaps = np.triu(pairwise_iou(boxes, boxes), k=1)
        count = len(boxes) - int((overlaps > DUPLICATE_IOU).any(axis=0).sum())
        self._lengths += [0.0] * (count - len(self._lengths))
        self._longest += [0.0] * (count - len(self._longest))
        for row, length in enumerate(self._lengths):
            self._lengths[row] = length + elapsed if row < count else 0.0
            self._longest[row] = max(self._longest[row], self._lengths[row])

    def at_least(self, seconds: float) -> int:
        """The greatest number that was there for so many seconds without a break."""
        is_long = [length >= seconds - 1e-9 for length in self._longest]
        return sum(is_long)

    def forget(self, ids: Sequence[int]) -> None:
        """Drop tracks that have ended."""
        for track_id in ids:
            self._first.pop(track_id, None)
            self._latest.pop(track_id, None)

    def rename(self, names: dict[int, int]) -> None:
        """Give tracks other ids."""
        for old, new in names.items():
            if old in self._first:
                time = self._first.pop(old)
                self._first[new] = min(time, self._first.get(new, time))
                latest = [self._latest.pop(i) for i in (old, new) if i in self._latest]
                if latest:
                    self._latest[new] = max(latest, key=lambda sighting: sighting[0])
