"""Where the boxes of one frame are expected in the next: the function H of the paper."""

from __future__ import annotations

from abc import ABC, abstractmethod

import cv2
import numpy as np

from mmsmot.registry import TASK_UTILS
from mmsmot.utils.number_ranges import COUNT, require_numbers


class BoxMotion(ABC):
    """Predicts boxes from one image to the next.

    It keeps nothing: what it needs of the last frame is in the caller's hands.
    """

    @abstractmethod
    def prepare(self, image: np.ndarray) -> np.ndarray | None:
        """What :meth:`move` needs of an image.

        Args:
            image: (H, W, 3) uint8 BGR.
        """

    @abstractmethod
    def move(
        self,
        boxes: np.ndarray,
        previous: np.ndarray | None,
        current: np.ndarray | None,
        size: tuple[int, int],
    ) -> np.ndarray:
        """The boxes (N, 4) in the next frame.

        Args:
            boxes: (N, 4) in the last frame, pixels.
            previous: Of :meth:`prepare`, for the last frame.
            current: The same, for the next one.
            size: Width and height of both frames.
        """


@TASK_UTILS.register_module()
class IdentityMotion(BoxMotion):
    """Boxes stay where they are: small motion (section 4.1)."""

    def prepare(self, image: np.ndarray) -> None:
        return None

    def move(
        self,
        boxes: np.ndarray,
        previous: np.ndarray | None,
        current: np.ndarray | None,
        size: tuple[int, int],
    ) -> np.ndarray:
        return boxes


class FlowMotion(BoxMotion):
    """Boxes are moved by the mean of a dense optical flow over them (equation 2).

    Sizes stay. A box keeps its place where the flow in it is not finite, and where none of
    it lies in the image.

    Args:
        side: The longer side of the images that the flow is taken between, pixels.
    """

    def __init__(self, *, side: int = 256) -> None:
        require_numbers(type(self).__name__, COUNT, side=side)
        self.side = side

    def prepare(self, image: np.ndarray) -> np.ndarray:
        return cv2.cvtColor(self.scaled_down(image), cv2.COLOR_BGR2GRAY)

    def scaled_down(self, image: np.ndarray) -> np.ndarray:
        """(h, w, 3) uint8, the image (H, W, 3) with no side longer than ``side``."""
        scale = min(1.0, self.side / max(image.shape[:2]))
        size = [max(1, round(length * scale)) for length in image.shape[1::-1]]
        return cv2.resize(image, size, interpolation=cv2.INTER_AREA)

    def move(
        self,
        boxes: np.ndarray,
        previous: np.ndarray | None,
        current: np.ndarray | None,
        size: tuple[int, int],
    ) -> np.ndarray:
        if not len(boxes) or previous is None or previous.shape != current.shape:
            return boxes
        flow = self.flow(previous, current)
        scale = np.divide(size, flow.shape[1::-1])  # pixels of the frame in one of flow
        shifts = mean_in_boxes(flow, boxes / np.tile(scale, 2)) * scale
        shifts[~np.isfinite(shifts).all(axis=1)] = 0
        return boxes + np.tile(shifts, 2)

    @abstractmethod
    def flow(self, previous: np.ndarray, current: np.ndarray) -> np.ndarray:
        """(h, w, 2) float32, the shift in x and y of each pixel of ``previous``.

        Args:
            previous: (h, w) uint8.
            current: (h, w) uint8.
        """


@TASK_UTILS.register_module()
class FarnebackMotion(FlowMotion):
    """The flow of Farneback (2003), with the settings of the paper's release.

    Args:
        side: See :class:`FlowMotion`; the paper's is 256.
    """

    def flow(self, previous: np.ndarray, current: np.ndarray) -> np.ndarray:
        return cv2.calcOpticalFlowFarneback(
            previous,
            current,
            None,
            pyr_scale=0.5,
            levels=3,
            winsize=15,
            iterations=3,
            poly_n=5,
            poly_sigma=1.2,
            flags=0,
        )


def mean_in_boxes(flow: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Mean of a field over each of N boxes, from one table of sums.

    Args:
        flow: (h, w, C) float32 or float64, C up to 4.
        boxes: (N, 4) in pixels of the field; each covers at least the pixel it is in.

    Returns:
        (N, C) float64; 0 for a box outside of the field, nan for one with a value that is
        not finite in it.

    >>> field = np.arange(6.0).reshape(2, 3, 1)
    >>> mean_in_boxes(field, np.array([[0, 0, 2, 2], [2, 1, 9, 9]])).ravel().tolist()
    [2.0, 5.0]
    """
    totals, areas = sums_in_boxes(flow, boxes)
    if not np.isfinite(totals).all():
        # One such pixel spoils the table for every box below and right of it.
        is_damaged = ~np.isfinite(flow).all(axis=2, keepdims=True)
        totals, _ = sums_in_boxes(np.where(is_damaged, 0, flow), boxes)
        num_damaged, _ = sums_in_boxes(is_damaged.astype(np.float32), boxes)
        totals = np.where(num_damaged > 0, np.nan, totals)
    return np.where(areas[:, None] > 0, totals / np.maximum(areas, 1)[:, None], 0)


def sums_in_boxes(
    field: np.ndarray, boxes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(N, C) float64 sums of a field over boxes, and (N,) pixels that each covers.

    Args:
        field: As of :func:`mean_in_boxes`.
        boxes: The same.
    """
    height, width, channels = field.shape
    sums = cv2.integral(field, sdepth=cv2.CV_64F)
    sums = sums.reshape(height + 1, width + 1, channels)
    limits = np.array([width, height])
    low = np.clip(np.floor(boxes[:, :2]), 0, limits).astype(np.int64)
    high = np.clip(np.ceil(boxes[:, 2:]), 0, limits).astype(np.int64)
    (x1, y1), (x2, y2) = low.T, high.T
    with np.errstate(invalid='ignore'):  # inf - inf, which the caller sees to
        totals = sums[y2, x2] - sums[y1, x2] - sums[y2, x1] + sums[y1, x1]
    return totals, np.maximum((x2 - x1) * (y2 - y1), 0)
