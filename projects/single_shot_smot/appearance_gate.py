"""The gate of appearance: how far apart embeddings of one track may be."""

from __future__ import annotations

import numpy as np

from mmsmot.utils.number_ranges import NumberRange

EMBEDDING_DISTANCE = NumberRange(0, 2)  # of unit vectors, which are never farther apart


def appearance_weights(distances: np.ndarray, max_distance: float) -> np.ndarray:
    """Weights of pairs for :func:`associate_by_weight`, above 0 up to the limit itself.

    Args:
        distances: (N, M) Euclidean, of unit vectors or means of such. Rounding takes those
            of opposite float32 vectors past 2, where they count as 2.
        max_distance: The greatest that is still a match, 0 to 2.

    >>> appearance_weights(np.array([[0.5, 0.7, 0.71]]), 0.7) > 0
    array([[ True,  True, False]])
    """
    limit = np.nextafter(max_distance, np.inf)
    return limit - np.minimum(distances, EMBEDDING_DISTANCE.high)
