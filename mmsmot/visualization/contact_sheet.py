"""A trajectory at a glance: crops of some of its frames side by side."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ..structures import valid_boxes

GT_COLOR, PRED_COLOR = (80, 200, 80), (60, 60, 230)  # BGR
MARGIN = 0.4  # of the box's longer side, around it
SIDE = 160  # pixels of a crop


def contact_sheet(
    images: Sequence[np.ndarray],
    gt_boxes: Sequence[np.ndarray],
    pred_boxes: Sequence[np.ndarray],
    side: int = SIDE,
) -> np.ndarray:
    """Square crops around all boxes of each frame, true ones green, predicted ones red.

    Args:
        images: T images (H, W, 3) uint8 BGR.
        gt_boxes: T arrays (N, 4) of true boxes x1, y1, x2, y2 in pixels; N may be 0.
            Boxes without an area, or with a value that is not finite, are not drawn.
        pred_boxes: T arrays (M, 4) of predicted ones.
        side: Width and height of a crop in pixels.

    Returns:
        (side, T * side, 3) uint8 BGR.

    Raises:
        ValueError: There is no image.
    """
    if not len(images):
        raise ValueError('no image to make a contact sheet of')
    crops = [
        _crop(image, gt, pred, side)
        for image, gt, pred in zip(images, gt_boxes, pred_boxes, strict=True)
    ]
    return np.concatenate(crops, axis=1)


def evenly_spaced_frames(frame_ids: np.ndarray, count: int) -> np.ndarray:
    """At most ``count`` of the frames, evenly spaced, first and last among them."""
    rows = np.linspace(0, len(frame_ids) - 1, min(count, len(frame_ids)))
    return frame_ids[rows.round().astype(int)]


def _crop(
    image: np.ndarray, gt_boxes: np.ndarray, pred_boxes: np.ndarray, side: int
) -> np.ndarray:
    height, width = image.shape[:2]
    gt_boxes, pred_boxes = (
        rows[valid_boxes(rows)] for rows in map(_rows, (gt_boxes, pred_boxes))
    )
    boxes = np.concatenate([gt_boxes, pred_boxes])
    if not len(boxes):
        boxes = np.array([[0.0, 0, width, height]])
    low, high = boxes[:, :2].min(0), boxes[:, 2:].max(0)
    half_side = (high - low).max() * (0.5 + MARGIN)
    scale = side / (2 * half_side)
    corner = (low + high) / 2 - half_side
    affine = np.array([[scale, 0, -scale * corner[0]], [0, scale, -scale * corner[1]]])
    crop = cv2.warpAffine(image, affine, (side, side), flags=cv2.INTER_AREA)
    for rows, color in ((gt_boxes, GT_COLOR), (pred_boxes, PRED_COLOR)):
        for x1, y1, x2, y2 in (rows.reshape(-1, 2, 2) - corner).reshape(-1, 4) * scale:
            corners = (round(x1), round(y1)), (round(x2), round(y2))
            cv2.rectangle(crop, *corners, color, 2)
    return crop


def _rows(boxes: np.ndarray) -> np.ndarray:
    return np.asarray(boxes, np.float64).reshape(-1, 4)
