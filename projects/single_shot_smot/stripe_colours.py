"""An identity embedding without weights: the colours of a person's clothes."""

from __future__ import annotations

import cv2
import numpy as np

from mmsmot.models.reid import BaseReID
from mmsmot.registry import MODELS
from mmsmot.structures.boxes import boxes_in_image, valid_boxes
from mmsmot.utils.number_ranges import COUNT, FRACTION, require_numbers

from .box_motion import mean_in_boxes

GREY = 128.0  # of each channel: in Lab (8 bits) a colour is its distance from grey


@MODELS.register_module()
class StripeColours(BaseReID):
    """The mean colours of horizontal stripes of a box's middle, from head to foot.

    For people a few dozen pixels tall, of whom a ReID network for crops of 256 x 128
    sees little. Nothing is learnt. Two embeddings are compared by their cosine, so each
    is brought to unit length: what counts is the pattern of hues and brightness, not how
    strong the colours are.

    Args:
        stripes: S, of equal height.
        width: Fraction of the box's width that is looked at, in its middle; the rest is
            mostly ground.
    """

    def __init__(self, *, stripes: int = 8, width: float = 0.5) -> None:
        require_numbers('StripeColours', COUNT, stripes=stripes)
        require_numbers('StripeColours', FRACTION, width=width)
        self.stripes = stripes
        self.width = width

    @property
    def fingerprint(self) -> str:
        return f'StripeColours({self.stripes}, {self.width})'

    def embed(self, image: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        """(N, 3 S) float32 of unit length; zeros for a box outside of the image."""
        boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
        lab = cv2.cvtColor(image, cv2.COLOR_BGR2LAB).astype(np.float32) - GREY
        count, height, width = len(boxes), *image.shape[:2]
        is_inside = valid_boxes(boxes) & boxes_in_image(
            boxes, np.array([width, height])
        )
        safe_boxes = np.where(is_inside[:, None], boxes, 0)
        stripes = stripe_boxes(safe_boxes, self.stripes, self.width)
        colours = mean_in_boxes(lab, stripes.reshape(-1, 4))
        colours = colours.reshape(count, 3 * self.stripes)
        colours *= is_inside[:, None]
        norms = np.linalg.norm(colours, axis=1, keepdims=True)
        tiny = np.finfo(np.float64).tiny
        return (colours / np.maximum(norms, tiny)).astype(np.float32)


def stripe_boxes(boxes: np.ndarray, stripes: int, width: float) -> np.ndarray:
    """(N, S, 4) stripes of boxes (N, 4), from top to bottom, in the middle of each.

    >>> stripe_boxes(np.array([[0.0, 0, 8, 6]]), 2, 0.5)[0].tolist()
    [[2.0, 0.0, 6.0, 3.0], [2.0, 3.0, 6.0, 6.0]]
    """
    x1, y1, x2, y2 = boxes.T[..., None]
    margin = (x2 - x1) * (1 - width) / 2
    edges = y1 + (y2 - y1) * np.linspace(0, 1, stripes + 1)
    x_low, x_high = np.broadcast_arrays(x1 + margin, x2 - margin)
    shape = (len(boxes), stripes)
    x_low, x_high = np.broadcast_to(x_low, shape), np.broadcast_to(x_high, shape)
    return np.stack([x_low, edges[:, :-1], x_high, edges[:, 1:]], axis=-1)
