"""Non-maximum suppression without compiled operators."""

from __future__ import annotations

import numpy as np

from ...structures import pairwise_iou


def nms(
    boxes: np.ndarray, scores: np.ndarray, labels: np.ndarray, iou_threshold: float
) -> np.ndarray:
    """Indices of the boxes kept, best first; a box suppresses those of its own class.

    Args:
        boxes: (N, 4) x1, y1, x2, y2.
        scores: (N,).
        labels: (N,).
        iou_threshold: A box is dropped if it overlaps a better one by more.
    """
    order = np.argsort(-scores, kind='stable')
    overlaps = pairwise_iou(boxes[order], boxes[order]) > iou_threshold
    overlaps &= labels[order][:, None] == labels[order]
    overlaps = np.triu(overlaps, k=1)
    alive = np.ones(len(order), bool)
    # One step for each box that has worse rivals, and it settles all of them at once.
    for i in np.flatnonzero(overlaps.any(axis=1)):
        if alive[i]:
            alive &= ~overlaps[i]
    return order[alive]
