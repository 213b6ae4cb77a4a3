"""Runs: groups of rows that follow each other in one flat column."""

from __future__ import annotations

from itertools import pairwise

import numpy as np


def equal_runs(*columns: np.ndarray) -> list[tuple[int, int]]:
    """Start and end (exclusive) of each run of rows that agree in every column.

    Args:
        columns: (N,) each, at least one.

    >>> equal_runs(np.array([3, 3, 5]))
    [(0, 2), (2, 3)]
    """
    if not len(columns[0]):
        return []
    is_cut = np.any([np.diff(column) != 0 for column in columns], axis=0)
    return [*pairwise([0, *(np.flatnonzero(is_cut) + 1).tolist(), len(columns[0])])]


def run_slices(*columns: np.ndarray) -> list[slice]:
    """The same runs, as slices of the rows.

    Args:
        columns: (N,) each, at least one.

    >>> run_slices(np.array([3, 3, 5]))
    [slice(0, 2, None), slice(2, 3, None)]
    """
    return [slice(*run) for run in equal_runs(*columns)]


def positions_in_runs(counts: np.ndarray) -> np.ndarray:
    """The place of each row in its run: 0, 1, ... again and again.

    Args:
        counts: (N,) int64, the length of each run, 0 or more.

    >>> positions_in_runs(np.array([2, 0, 3])).tolist()
    [0, 1, 0, 1, 2]
    """
    starts = np.cumsum(counts) - counts
    return np.arange(counts.sum()) - np.repeat(starts, counts)
