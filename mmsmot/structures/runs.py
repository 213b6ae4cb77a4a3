"""Runs: groups of rows that follow each other in one flat column."""

from __future__ import annotations

import numpy as np


def positions_in_runs(counts: np.ndarray) -> np.ndarray:
    """The place of each row in its run: 0, 1, ... again and again.

    Args:
        counts: (N,) int64, the length of each run, 0 or more.

    >>> positions_in_runs(np.array([2, 0, 3])).tolist()
    [0, 1, 0, 1, 2]
    """
    starts = np.cumsum(counts) - counts
    return np.arange(counts.sum()) - np.repeat(starts, counts)
