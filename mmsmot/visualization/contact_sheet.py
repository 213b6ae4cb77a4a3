"""A trajectory at a glance: crops of some of its frames side by side."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ..structures import valid_boxes

TRUE_COLOR, SAID_COLOR = (80, 200, 80), (60, 60, 230)  # BGR
MARGIN = 0.4  # of the box's longer side, around it
SIDE = 160  # pixels of a crop


def contact_sheet(
    pictures: Sequence[np.ndarray],
    truth: Sequence[np.ndarray],
    said: Sequence[np.ndarray],
    side: int = SIDE,
) -> np.ndarray:
    """Square crops around all boxes of each frame, true ones green, predicted ones red.

    Args:
        pictures: T pictures (H, W, 3) uint8 BGR.
        truth: T arrays (N, 4) of true boxes x1, y1, x2, y2 in pixels; N may be 0. Boxes
            without an area, or with a value that is not finite, are not drawn.
        said: T arrays (M, 4) of predicted ones.
        side: Width and height of a crop in pixels.

    Returns:
        (side, T * side, 3) uint8 BGR.

    Raises:
        ValueError: There is no picture.
    """
    if not len(pictures):
        raise ValueError('no picture to make a contact sheet of')
    crops = [
        _crop(picture, true, red, side)
        for picture, true, red in zip(pictures, truth, said, strict=True)
    ]
    return np.concatenate(crops, axis=1)


def spread_over(frame_ids: np.ndarray, count: int) -> np.ndarray:
    """At most ``count`` of the frames, evenly spaced, first and last among them."""
    rows = np.linspace(0, len(frame_ids) - 1, min(count, len(frame_ids)))
    return frame_ids[rows.round().astype(int)]


def _crop(
    picture: np.ndarray, truth: np.ndarray, said: np.ndarray, side: int
) -> np.ndarray:
    height, width = picture.shape[:2]
    truth, said = (rows[valid_boxes(rows)] for rows in map(_rows, (truth, said)))
    boxes = np.concatenate([truth, said])
    if not len(boxes):
        boxes = np.array([[0.0, 0, width, height]])
    low, high = boxes[:, :2].min(0), boxes[:, 2:].max(0)
    half = (high - low).max() * (0.5 + MARGIN)
    scale = side / (2 * half)
    corner = (low + high) / 2 - half
    affine = np.array([[scale, 0, -scale * corner[0]], [0, scale, -scale * corner[1]]])
    crop = cv2.warpAffine(picture, affine, (side, side), flags=cv2.INTER_AREA)
    for rows, color in ((truth, TRUE_COLOR), (said, SAID_COLOR)):
        for x1, y1, x2, y2 in (rows.reshape(-1, 2, 2) - corner).reshape(-1, 4) * scale:
            corners = (round(x1), round(y1)), (round(x2), round(y2))
            cv2.rectangle(crop, *corners, color, 2)
    return crop


def _rows(boxes: np.ndarray) -> np.ndarray:
    return np.asarray(boxes, np.float64).reshape(-1, 4)
