"""Pairs whose place in an assignment is certain before it is solved."""

from __future__ import annotations

import numpy as np

from .association import AssociationOverlaps


def certain_pairs(
    overlaps: AssociationOverlaps, margin: float
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs that every best assignment of IoU plus bounded votes contains.

    A pair qualifies whose IoU exceeds the best others of its row and of its column
    together by more than ``margin``, four times the greatest vote: breaking it up gains
    two pairs at most and loses it and, at worst, a pair of the partners left alone, and
    each of the four weights differs from its IoU by one vote.

    Args:
        overlaps: N with M, no row or column missing.
        margin: At least four times the magnitude of any vote.

    Returns:
        Rows and columns of these pairs.
    """
    if overlaps.table is None:
        return _certain_edges(overlaps, margin)
    iou = overlaps.table
    rows, columns = np.arange(len(iou)), iou.argmax(axis=1)
    is_mutual = iou.argmax(axis=0)[columns] == rows
    rows, columns = rows[is_mutual], columns[is_mutual]
    rivals = iou.copy()
    rivals[rows, columns] = 0
    rival_sum = rivals.max(axis=1)[rows] + rivals.max(axis=0)[columns]
    certain = iou[rows, columns] > rival_sum + margin
    return rows[certain], columns[certain]


def _certain_edges(
    overlaps: AssociationOverlaps, margin: float
) -> tuple[np.ndarray, np.ndarray]:
    """The same over the pairs that overlap: a pair without overlap never qualifies."""
    rows, columns, iou = overlaps.rows, overlaps.columns, overlaps.values
    if not len(rows):
        return rows, columns
    is_mutual = _is_first_of_greatest(rows, iou) & _is_first_of_greatest(columns, iou)
    row_rivals = np.zeros(rows.max() + 1)
    column_rivals = np.zeros(columns.max() + 1)
    np.maximum.at(row_rivals, rows[~is_mutual], iou[~is_mutual])
    np.maximum.at(column_rivals, columns[~is_mutual], iou[~is_mutual])
    rows, columns, iou = rows[is_mutual], columns[is_mutual], iou[is_mutual]
    certain = iou > row_rivals[rows] + column_rivals[columns] + margin
    return rows[certain], columns[certain]


def _is_first_of_greatest(groups: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(K,) bool: the first of the greatest values of its group, as ``argmax`` has it."""
    order = np.lexsort((np.arange(len(values)), -values, groups))
    is_first = np.zeros(len(values), bool)
    is_first[order[np.r_[True, np.diff(groups[order]) > 0]]] = True
    return is_first
