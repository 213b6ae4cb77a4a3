"""Who is who: overlaps and assignments, without a loop over tracks."""

from __future__ import annotations

import numpy as np

# Up to this many pairs the solver is faster than looking for pairs it need not see.
SMALL = 100 * 100


def linear_assignment(cost: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the assignment of least total cost of (N, M) costs."""
    from scipy.optimize import linear_sum_assignment  # here: slow to import

    return linear_sum_assignment(cost)


def match_by_weight(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Maximum-weight matching over the pairs of positive weight.

    With ``weights = limit - cost`` this is the optimum in which an unmatched track and an
    unmatched detection cost ``limit`` together, what ``lap.lapjv(extend_cost=True,
    cost_limit=limit)`` computes for ByteTrack; with ``weights = iou`` the assignment of
    SORT less its pairs without overlap.

    In a large problem most tracks and detections have only each other. These pairs are
    taken at once, and only what is left, usually a small part, goes to the solver.

    Args:
        weights: (N, M) float64.

    Returns:
        Rows and columns of the matched pairs, rows ascending.
    """
    if weights.size <= SMALL:
        rows, columns = linear_assignment(-np.maximum(weights, 0))
        taken = weights[rows, columns] > 0
        return rows[taken], columns[taken]
    return _match_sparse(weights)


def _match_sparse(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = np.nonzero(weights > 0)
    row_degree = np.bincount(rows, minlength=weights.shape[0])
    column_degree = np.bincount(columns, minlength=weights.shape[1])
    alone = (row_degree[rows] == 1) & (column_degree[columns] == 1)
    if alone.all():
        return rows, columns
    row_degree[rows[alone]] = 0
    column_degree[columns[alone]] = 0
    rest_rows, rest_columns = np.flatnonzero(row_degree), np.flatnonzero(column_degree)
    rest = np.maximum(weights[rest_rows[:, None], rest_columns], 0)
    i, j = linear_assignment(-rest)
    taken = rest[i, j] > 0
    matched_rows = np.concatenate([rows[alone], rest_rows[i[taken]]])
    matched_columns = np.concatenate([columns[alone], rest_columns[j[taken]]])
    order = np.argsort(matched_rows)
    return matched_rows[order], matched_columns[order]


def remaining(candidates: np.ndarray, taken: np.ndarray) -> np.ndarray:
    """The candidates (distinct indices) that are not among ``taken``, in their order."""
    if not len(candidates) or not len(taken):
        return candidates
    free = np.ones(max(candidates.max(), taken.max()) + 1, bool)
    free[taken] = False
    return candidates[free[candidates]]
