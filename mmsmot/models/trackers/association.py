"""AssociationOverlaps of tracks and detections, and assignments, without a loop over tracks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...structures import overlapping_box_pairs, pairwise_iou

# Up to this many pairs the solver is faster than looking for pairs it need not see.
SMALL = 100 * 100
# From this many pairs on, a solver that sees only the edges is faster than a dense one.
LARGE = 1000 * 1000
NO_PAIRS = np.empty(0, np.int64)


# Not frozen: that would double the time of making one, which counts for ten tracks.
@dataclass(eq=False)
class AssociationOverlaps:
    """The IoU of N boxes with M others: a table, or in a crowd the pairs that overlap.

    Both forms hold the same numbers to the last digit, and give the same matchings where
    only one has the greatest total.

    Attributes:
        table: (N, M); ``None`` in a crowd.
        rows: (K,) ascending, of the pairs with an IoU above 0 in a crowd; and for each
        columns: (K,) ascending.
        values: (K,) their IoU.
    """

    table: np.ndarray | None
    rows: np.ndarray
    columns: np.ndarray
    values: np.ndarray

    @classmethod
    def of(
        cls, boxes: np.ndarray, other_boxes: np.ndarray, pixel_offset: float = 0.0
    ) -> AssociationOverlaps:
        """The overlaps of ``boxes`` (N, 4) with ``other_boxes`` (M, 4).

        Args:
            boxes: x1, y1, x2, y2.
            other_boxes: The same.
            pixel_offset: See :func:`~mmsmot.structures.pairwise_iou`.
        """
        if len(boxes) * len(other_boxes) > LARGE:
            rows, columns, values = overlapping_box_pairs(
                boxes, other_boxes, pixel_offset
            )
            return cls(None, rows, columns, values)
        table = pairwise_iou(boxes, other_boxes, pixel_offset)
        return cls(table, NO_PAIRS, NO_PAIRS, NO_PAIRS)

    def scaled(self, factors: np.ndarray) -> AssociationOverlaps:
        """The same, each column multiplied by its factor (M,) above 0."""
        if self.table is not None:
            table = self.table * factors
            return AssociationOverlaps(table, self.rows, self.columns, self.values)
        values = self.values * factors[self.columns]
        return AssociationOverlaps(None, self.rows, self.columns, values)

    def raised(
        self, rows: np.ndarray, columns: np.ndarray, values: np.ndarray
    ) -> AssociationOverlaps:
        """The same, but pairs (K,) that overlap have at least the values (K,) above 0."""
        if self.table is not None:
            table = self.table.copy()
            table[rows, columns] = np.maximum(table[rows, columns], values)
            return AssociationOverlaps(table, self.rows, self.columns, self.values)
        keys = _pair_keys(self.rows, self.columns)
        places = np.searchsorted(keys, _pair_keys(rows, columns))
        raised = self.values.copy()
        raised[places] = np.maximum(raised[places], values)
        return AssociationOverlaps(None, self.rows, self.columns, raised)

    def where(
        self, condition: Callable[[np.ndarray], np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns of the pairs for whose IoU a condition holds; not of 0."""
        if self.table is not None:
            rows, columns = np.nonzero(condition(self.table))
            return rows, columns
        holds = condition(self.values)
        return self.rows[holds], self.columns[holds]

    def match(self, limit: float) -> tuple[np.ndarray, np.ndarray]:
        """The matching of greatest total IoU above ``limit``, see :func:`associate_by_weight`."""
        if self.table is not None:
            return associate_by_weight(self.table - limit if limit else self.table)
        weights = self.values - limit
        above = weights > 0
        return associate_edges(self.rows[above], self.columns[above], weights[above])

    def assign(self) -> tuple[np.ndarray, np.ndarray]:
        """The assignment of greatest total IoU; in a crowd only its overlapping pairs."""
        if self.table is not None:
            return linear_assignment(-self.table)
        return associate_edges(self.rows, self.columns, self.values)

    def of_pairs(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """IoU of pairs, as ``table[rows, columns]``."""
        if self.table is not None:
            return self.table[rows, columns]
        keys = _pair_keys(self.rows, self.columns)
        pairs = _pair_keys(rows, columns)
        place = np.searchsorted(keys, pairs)
        place[place == len(keys)] = 0
        if not len(keys):
            return np.zeros(pairs.shape)
        return np.where(keys[place] == pairs, self.values[place], 0.0)


def _pair_keys(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """(K,) one number for each pair, ascending as pairs are sorted."""
    return (rows << 32) | columns


def are_one_to_one(rows: np.ndarray, columns: np.ndarray) -> bool:
    """Whether there are pairs, and no row and no column stands in two of them."""
    return (
        bool(len(rows))
        and np.bincount(rows).max() == 1
        and np.bincount(columns).max() == 1
    )


def linear_assignment(cost: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the assignment of least total cost of (N, M) costs."""
    from scipy.optimize import linear_sum_assignment  # here: slow to import

    return linear_sum_assignment(cost)


def associate_by_weight(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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
        is_pair = weights[rows, columns] > 0
        return rows[is_pair], columns[is_pair]
    rows, columns = np.nonzero(weights > 0)
    return associate_edges(rows, columns, weights[rows, columns])


def associate_edges(
    rows: np.ndarray, columns: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Maximum-weight matching over edges, each of positive weight.

    The same optimum as of :func:`associate_by_weight` over the whole table: what is no edge
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
        is_pair = table[i, j] > 0
        i, j = row_names[i[is_pair]], column_names[j[is_pair]]
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
    unmatched_columns = np.arange(len(names))
    ceiling = weights.max() + 1
    cost = np.concatenate([ceiling - weights, np.full(len(names), ceiling)])
    ends = (
        np.concatenate([i, unmatched_columns]),
        np.concatenate([columns, count + unmatched_columns]),
    )
    graph = csr_array((cost, ends), shape=(len(names), count + len(names)))
    i, j = min_weight_full_bipartite_matching(graph)
    return names[i[j < count]], j[j < count]


def unassociated_candidates(
    candidates: np.ndarray, taken_indices: np.ndarray
) -> np.ndarray:
    """The candidates (distinct indices) that are not among ``taken_indices``, in their order."""
    if not len(candidates) or not len(taken_indices):
        return candidates
    free = np.ones(max(candidates.max(), taken_indices.max()) + 1, bool)
    free[taken_indices] = False
    return candidates[free[candidates]]


def associate_by_iou(
    overlaps: AssociationOverlaps, threshold: float
) -> tuple[np.ndarray, np.ndarray]:
    """The matching of tracks to detections by IoU, as the released SORT does it.

    Pairs above the threshold are taken as they are if no box stands in two of them;
    otherwise the assignment of greatest total IoU is sought over *all* pairs and those
    below the threshold are undone, which is not the same as seeking it over the pairs
    above. In a crowd, a threshold of 0 takes none of the pairs that do not overlap.

    Returns:
        Rows and columns of ``overlaps`` that belong together.
    """
    rows, columns = overlaps.where(lambda iou: iou > threshold)
    if are_one_to_one(rows, columns):
        return rows, columns
    rows, columns = overlaps.match(0.0)
    good = overlaps.of_pairs(rows, columns) >= threshold
    return rows[good], columns[good]
