"""Whether decoded boxes and scores can be what a decoder takes them for."""

from __future__ import annotations

import numpy as np

MAX_FRACTION = 2.0  # fractions of boxes that reach beyond the image are still below
MAX_PROBABILITY = 1.01  # 16 bits and 8 bits round up


def checked_box_corners(boxes: np.ndarray) -> np.ndarray:
    """(..., 4) x1, y1, x2, y2 of boxes given as centre x, y, width, height."""
    centres, half_sizes = boxes[..., :2], boxes[..., 2:4] / 2
    return np.concatenate([centres - half_sizes, centres + half_sizes], axis=-1)


def require_pixel_boxes(decoder: str, boxes: np.ndarray, advice: str) -> None:
    """Refuse boxes that are fractions where pixels are expected.

    Args:
        decoder: Name of the decoder.
        boxes: (N, 4) xyxy as the decoder reads them, of scores that count.
        advice: What to write instead.

    Raises:
        ValueError: There are boxes, and none of their coordinates is above 2.
    """
    reach = _reach(boxes)
    if reach is not None and reach <= MAX_FRACTION:
        raise ValueError(
            f'{decoder} expects boxes in pixels of the network input, but their '
            f'coordinates reach {reach:.4g}. {advice}'
        )


def require_fraction_boxes(decoder: str, boxes: np.ndarray, advice: str) -> None:
    """Refuse boxes that are pixels where fractions are expected; as the one above."""
    reach = _reach(boxes)
    if reach is not None and reach > MAX_FRACTION:
        raise ValueError(
            f'{decoder} expects boxes in fractions of the network input, but their '
            f'coordinates reach {reach:.4g}. {advice}'
        )


def require_box_probabilities(decoder: str, scores: np.ndarray, advice: str) -> None:
    """Refuse scores that are logits.

    Raises:
        ValueError: A finite score is above 1.
    """
    finite = scores[np.isfinite(scores)]
    if len(finite) and finite.max() > MAX_PROBABILITY:
        raise ValueError(
            f'{decoder} expects scores from 0 to 1, but they reach {finite.max():.4g}. '
            f'{advice}'
        )


def _reach(boxes: np.ndarray) -> float | None:
    """The greatest coordinate of finite boxes that are no padding; ``None`` without one."""
    is_box = np.isfinite(boxes).all(axis=1) & (boxes != 0).any(axis=1)
    return float(np.abs(boxes[is_box]).max()) if is_box.any() else None
