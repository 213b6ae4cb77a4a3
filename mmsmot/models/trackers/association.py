"""Who is who: overlaps and assignments, without a loop over tracks."""

from __future__ import annotations

import numpy as np

# Up to this many pairs the solver is faster than looking for pairs it need not see.
SMALL = 100 * 100
# From this many pairs on, a solver that sees only the edges is faster than a dense one.
LARGE = 1000 * 1000


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
    if len(rest_rows) * len(rest_columns) <= LARGE:
        rest = np.maximum(weights[rest_rows[:, None], rest_columns], 0)
        i, j = linear_assignment(-rest)
        taken = rest[i, j] > 0
        i, j = rest_rows[i[taken]], rest_columns[j[taken]]
    else:
        i, j = _match_edges(rows[~alone], columns[~alone], weights)
    matched_rows = np.concatenate([rows[alone], i])
    order = np.argsort(matched_rows)
    return matched_rows[order], np.concatenate([columns[alone], j])[order]


def _match_edges(
    rows: np.ndarray, columns: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The same by a solver that sees only the edges, for crowds of thousands."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    names, i = np.unique(rows, return_inverse=True)
    count = weights.shape[1]
    # A column of its own lets each row stay unmatched; the solver wants costs above 0.
    nobody = np.arange(len(names))
    value = weights[rows, columns]
    ceiling = value.max() + 1
    cost = np.concatenate([ceiling - value, np.full(len(names), ceiling)])
    ends = np.concatenate([i, nobody]), np.concatenate([columns, count + nobody])
    graph = csr_array((cost, ends), shape=(len(names), count + len(names)))
    i, j = min_weight_full_bipartite_matching(graph)
    return names[i[j < count]], j[j < count]


def remaining(candidates: np.ndarray, taken: np.ndarray) -> np.ndarray:
    """The candidates (distinct indices) that are not among ``taken``, in their order."""
    if not len(candidates) or not len(taken):
        return candidates
    free = np.ones(max(candidates.max(), taken.max()) + 1, bool)
    free[taken] = False
    return candidates[free[candidates]]
