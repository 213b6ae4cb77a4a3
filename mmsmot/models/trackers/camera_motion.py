"""How the camera moved between two frames."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from ...registry import TRACKERS
from ...utils.number_ranges import COUNT, POSITIVE, require_numbers


class CameraMotion(ABC):
    """Estimates the motion of the background from frame to frame.

    Args:
        height: Frames are scaled down to this height before looking; a track moves by
            whole pixels, the background need not be known better.
    """

    def __init__(self, *, height: int = 270) -> None:
        require_numbers(type(self).__name__, COUNT, height=height)
        self.height = height
        self.reset()

    def reset(self) -> None:
        """Forget the last frame."""
        self._previous: np.ndarray | None = None
        self._previous_boxes: np.ndarray | None = None

    def estimate(
        self, frame: np.ndarray, boxes: np.ndarray | None = None
    ) -> np.ndarray | None:
        """Where the last frame's points are in this one.

        Args:
            frame: (H, W, 3) uint8 BGR.
            boxes: (N, 4) of objects in it, pixels: what moves there is no background
                (the next call looks beside them, where the method can). ``None``: the
                whole frame is taken for background.

        Returns:
            (2, 3) affine matrix in pixels of the frame, for column vectors (x, y, 1);
            the identity for the first frame, ``None`` where no motion can be made out.
        """
        gray, scale = self._shrunk(frame)
        previous, self._previous = self._previous, gray
        previous_boxes, self._previous_boxes = self._previous_boxes, boxes
        if previous is None or previous.shape != gray.shape:
            return np.eye(2, 3)
        return self._registered(previous, gray, previous_boxes, scale)

    def between(
        self,
        previous: np.ndarray,
        frame: np.ndarray,
        boxes: np.ndarray | None = None,
    ) -> np.ndarray | None:
        """The same between any two images of one size; nothing is remembered.

        Args:
            previous: (H, W, 3) uint8 BGR.
            frame: (H, W, 3) uint8 BGR.
            boxes: (N, 4) of objects in ``previous``.
        """
        (former, scale), (gray, _) = self._shrunk(previous), self._shrunk(frame)
        return self._registered(former, gray, boxes, scale)

    def _shrunk(self, frame: np.ndarray) -> tuple[np.ndarray, float]:
        """The small grey image of a frame, and how large it is beside the frame."""
        import cv2  # here: the trackers import without it

        scale = min(1.0, self.height / frame.shape[0])
        size = (round(frame.shape[1] * scale), round(frame.shape[0] * scale))
        if scale < 1:
            frame = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
        return cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), scale

    def _registered(
        self,
        previous: np.ndarray,
        gray: np.ndarray,
        boxes: np.ndarray | None,
        scale: float,
    ) -> np.ndarray | None:
        mask = _background_mask(gray.shape, boxes, scale)
        warp = self._register(previous, gray, mask)
        if warp is None or not np.isfinite(warp).all():
            return None
        warp = warp.astype(np.float64)
        warp[:, 2] /= scale
        return warp

    @abstractmethod
    def _register(
        self, previous: np.ndarray, gray: np.ndarray, mask: np.ndarray | None
    ) -> np.ndarray | None:
        """(2, 3) from one small grey image to the next, ``None`` if it fails.

        Args:
            previous: (h, w) uint8.
            gray: (h, w) uint8.
            mask: (h, w) uint8, 0 where ``previous`` shows objects; ``None`` where it is
                all background.
        """


def _background_mask(
    shape: tuple[int, ...], boxes: np.ndarray | None, scale: float
) -> np.ndarray | None:
    """255 outside of all boxes, 0 inside, of an image that is ``scale`` as large."""
    if boxes is None or not len(boxes):
        return None
    mask = np.full(shape, 255, np.uint8)
    for x1, y1, x2, y2 in np.round(boxes * scale).astype(int).tolist():
        mask[max(y1, 0) : max(y2, 0), max(x1, 0) : max(x2, 0)] = 0
    return mask


@TRACKERS.register_module()
class SparseOpticalFlow(CameraMotion):
    """Corners followed by Lucas-Kanade flow, and the similarity most of them agree on.

    The method of BoT-SORT (section 3.2, the default of its release), on smaller images:
    the release takes half of the frame's size, 1,000 corners and a distance of 1 pixel,
    this one 270 rows, 400 corners, 5 pixels.

    Args:
        height: See :class:`CameraMotion`.
        max_corners: Corners that are followed.
        min_corners: Fewer that agree are no motion.
    """

    def __init__(
        self, *, height: int = 270, max_corners: int = 400, min_corners: int = 12
    ) -> None:
        super().__init__(height=height)
        require_numbers(
            'SparseOpticalFlow', COUNT, max_corners=max_corners, min_corners=min_corners
        )
        self.max_corners = max_corners
        self.min_corners = min_corners

    def _register(
        self, previous: np.ndarray, gray: np.ndarray, mask: np.ndarray | None
    ) -> np.ndarray | None:
        import cv2

        corners = cv2.goodFeaturesToTrack(
            previous, self.max_corners, 0.01, 5, mask=mask
        )
        if corners is None or len(corners) < self.min_corners:
            return None
        moved, status, _ = cv2.calcOpticalFlowPyrLK(
            previous, gray, corners, np.empty_like(corners)
        )
        good = status.ravel() == 1
        if good.sum() < self.min_corners:
            return None
        warp, inliers = cv2.estimateAffinePartial2D(
            corners[good], moved[good], method=cv2.RANSAC, ransacReprojThreshold=1.5
        )
        if warp is None or inliers.sum() < self.min_corners:
            return None
        return warp


@TRACKERS.register_module()
class ECC(CameraMotion):
    """The Euclidean motion of greatest enhanced correlation coefficient.

    As in StrongSORT (section 3.2). Slower and smoother than sparse flow.

    Args:
        height: See :class:`CameraMotion`.
        max_iterations: Steps of the search.
        epsilon: Gain of a step below which the search ends.
    """

    def __init__(
        self, *, height: int = 270, max_iterations: int = 50, epsilon: float = 1e-4
    ) -> None:
        super().__init__(height=height)
        require_numbers('ECC', COUNT, max_iterations=max_iterations)
        require_numbers('ECC', POSITIVE, epsilon=epsilon)
        self.max_iterations = max_iterations
        self.epsilon = epsilon

    def _register(
        self, previous: np.ndarray, gray: np.ndarray, mask: np.ndarray | None
    ) -> np.ndarray | None:
        import cv2

        criteria = (
            cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT,
            self.max_iterations,
            self.epsilon,
        )
        warp: np.ndarray = np.eye(2, 3, dtype=np.float32)
        try:
            _, warp = cv2.findTransformECC(
                previous, gray, warp, cv2.MOTION_EUCLIDEAN, criteria
            )
        except cv2.error:  # OpenCV's way of saying that the search found no optimum
            return None
        return warp
