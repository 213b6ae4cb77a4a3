"""Sudden changes of a box, between the medians of two windows of samples."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .ground_plane import FOCAL_LENGTH

WINDOW = 3  # samples of a median; what takes it is written for three
# Body heights a second: beyond what a fast walker's distance from the camera changes.
DEPTH_SPEED = 1.2


def running_medians(columns: np.ndarray) -> np.ndarray:
    """Medians (K, max(0, N - WINDOW + 1)) of the windows that begin with each sample.

    Args:
        columns: (K, N) series, of samples in the order of time.
    """
    # Of three, which a sort is far slower for.
    starts, middles, ends = columns[:, :-2], columns[:, 1:-1], columns[:, 2:]
    return np.maximum(
        np.minimum(starts, middles), np.minimum(np.maximum(starts, middles), ends)
    )


def median_pairs(medians: np.ndarray, gap: int) -> tuple[np.ndarray, np.ndarray]:
    """Medians before and after each place in a series.

    Args:
        medians: Of :func:`running_medians`, of N samples.
        gap: Samples between both windows.

    Returns:
        Two of (K, max(0, N - 2 * WINDOW - gap + 1)); of column k the first window ends
        with sample ``k + WINDOW - 1``.
    """
    return medians[:, : -WINDOW - gap], medians[:, WINDOW + gap :]


def depth_change(elapsed: np.ndarray, heights: np.ndarray, *, width: int) -> np.ndarray:
    """The logarithm by which the size of somebody who walks changes at most, (N,).

    Args:
        elapsed: (N,) seconds.
        heights: (N,) pixels.
        width: Of the image.
    """
    return DEPTH_SPEED * elapsed * heights / (FOCAL_LENGTH * width)


def peak_rows(values: np.ndarray, reach: int) -> np.ndarray:
    """Rows of the greatest rises and of the greatest falls within so many rows.

    Of several that are equal the middle one.

    >>> peak_rows(np.array([0.0, 3, 3, 3, 0, -2, -1, 0, 2]), 2).tolist()
    [2, 5, 8]
    """
    if not len(values):
        return np.zeros(0, int)
    peaks = []
    for sizes in (np.maximum(values, 0), np.maximum(-values, 0)):
        windows = sliding_window_view(np.pad(sizes, reach), 2 * reach + 1)
        rows = np.flatnonzero((sizes > 0) & (sizes >= windows.max(axis=1)))
        groups = np.split(rows, np.flatnonzero(np.diff(rows) > reach) + 1)
        peaks.append(np.array([g[(len(g) - 1) // 2] for g in groups if len(g)], int))
    return np.sort(np.concatenate(peaks))
