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

    Args:
        weights: (N, M) float64.

    Returns:
        Rows and columns of the matched pairs, rows ascending.
    """
    if weights.size <= SMALL:
        rows, columns = linear_assignment(-np.maximum(weights, 0))
        taken = weights[rows, columns] > 0
        return rows[taken], columns[taken]
    rows, columns = np.nonzero(weights > 0)
    return match_edges(rows, columns, weights[rows, columns])


def match_edges(
    rows: np.ndarray, columns: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Maximum-weight matching over edges, each of positive weight.

    The same optimum as of :func:`match_by_weight` over the whole table: what is no edge
    adds nothing to a matching, so leaving it out loses nothing. Where several matchings
    have the greatest weight, which one is taken may differ.

    In a large problem most tracks and detections have only each other. These pairs are
    taken at once, and only what is left, usually a small part, goes to the solver.

    Args:
        rows: (K,) ascending, and for each of them
        columns: (K,) ascending.
        weights: (K,) float64 above 0.

    Returns:
        Rows and columns of the matched pairs, rows ascending.
    """
    if not len(rows):
        return rows, columns
    alone = (np.bincount(rows)[rows] == 1) & (np.bincount(columns)[columns] == 1)
    if alone.all():
        return rows, columns
    i, j, values = rows[~alone], columns[~alone], weights[~alone]
    row_names, column_names = np.unique(i), np.unique(j)
    if len(row_names) * len(column_names) <= LARGE:
        table = np.zeros((len(row_names), len(column_names)))
        table[np.searchsorted(row_names, i), np.searchsorted(column_names, j)] = values
        i, j = linear_assignment(-table)
        taken = table[i, j] > 0
        i, j = row_names[i[taken]], column_names[j[taken]]
    else:
        i, j = _solve_edges(i, j, values)
    matched_rows = np.concatenate([rows[alone], i])
    order = np.argsort(matched_rows)
    return matched_rows[order], np.concatenate([columns[alone], j])[order]


def _solve_edges(
    rows: np.ndarray, columns: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The same by a solver that sees only the edges, for crowds of thousands."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    names, i = np.unique(rows, return_inverse=True)
    count = columns.max() + 1
    # A column of its own lets each row stay unmatched; the solver wants costs above 0.
    nobody = np.arange(len(names))
    ceiling = weights.max() + 1
    cost = np.concatenate([ceiling - weights, np.full(len(names), ceiling)])
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
