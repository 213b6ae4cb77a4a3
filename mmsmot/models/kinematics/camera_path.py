"""Where the camera looks, as a similarity from each frame to the first one."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ...structures import Frame
from ..trackers.camera_motion import CameraMotion

# Of the image's width a second: below, the background is taken to rest. Somebody as high
# as a third of the image who "moves" so is at .05 heights a second, far below any walk.
REST_SPEED = 0.01
# Seconds from one look at the background to the next while it rests; while it moves,
# every call is one.
REST_INTERVAL = 0.5
# A motion must explain what changed: the difference of two images with it, by that
# without. Of cameras at rest it is 1 and more (noise), at 2 pixels a second 0.5.
MAX_DIFFERENCE = 0.85
HEIGHT = 120  # rows of the small images that are compared


class CameraPath:
    """The accumulated motion of the background of one video.

    Points are complex numbers x + iy in pixels. The point of the first frame where the
    background of a point z of the current frame was is ``turn * z + shift``.

    Args:
        motion: Estimates the motion where the tracker does not; ``None`` for a camera at
            rest.

    Attributes:
        turn: Scale and rotation.
        shift: Translation.
        is_moving: Whether the background moved when it was last looked at.
        seconds_moving: How long the background moved.
    """

    def __init__(self, motion: CameraMotion | None) -> None:
        self._motion = motion
        self._timestamp = -np.inf
        self._view: tuple[np.ndarray, np.ndarray] | None = None
        self.is_moving = False
        self.turn, self.shift = 1 + 0j, 0j
        self.seconds_moving = 0.0

    def follow(
        self, frame: Frame, boxes: np.ndarray, affine: np.ndarray | None
    ) -> None:
        """Go on to a frame.

        Args:
            frame: The frame.
            boxes: (N, 4) of the tracks in it, which are no background.
            affine: (2, 3) motion since the last call, of the tracker; ``None`` to
                estimate it.
        """
        elapsed = frame.timestamp - self._timestamp
        small, factor = None, 1
        if affine is None:
            is_due = self.is_moving or elapsed >= REST_INTERVAL - 1e-6
            if self._motion is None or frame.load is None or not is_due:
                return
            small, factor = _shrunk(frame.image)
            affine = self._motion.estimate(small, boxes / factor)
            affine[:, 2] *= factor
        elif frame.load is not None:
            small, factor = _shrunk(frame.image)
        self._timestamp = frame.timestamp
        is_explained = self._explains(affine, small, boxes, factor)
        if not 0 < elapsed < np.inf:
            return
        turn = complex(affine[0, 0] + affine[1, 1], affine[1, 0] - affine[0, 1]) / 2
        shift = complex(*affine[:, 2])
        width, height = frame.size
        corners = np.array([0, width, 1j * height, width + 1j * height])
        moved = np.abs((turn - 1) * corners + shift).max()
        is_fast = abs(turn) > 0.5 and moved >= REST_SPEED * width * elapsed
        self.is_moving = bool(is_fast and is_explained)
        if self.is_moving:
            self.seconds_moving += elapsed
            self.turn, self.shift = (
                self.turn / turn,
                self.shift - self.turn * shift / turn,
            )

    def _explains(
        self,
        affine: np.ndarray,
        small: np.ndarray | None,
        boxes: np.ndarray,
        factor: int,
    ) -> bool:
        """Whether the background is more alike with a motion than without.

        Args:
            affine: (2, 3) in pixels of the frame.
            small: (h, w, 3), the frame in small; ``None`` where it has no image.
            boxes: (N, 4) of what is no background.
            factor: How many times larger the frame is.
        """
        if small is None:
            return True
        gray = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), (5, 5), 0)
        mask = np.ones(gray.shape, np.uint8)
        for x1, y1, x2, y2 in np.round(boxes / factor).astype(int).tolist():
            mask[max(y1, 0) : max(y2, 0), max(x1, 0) : max(x2, 0)] = 0
        view, self._view = self._view, (gray, mask)
        if view is None:
            return True
        affine = affine.copy()
        affine[:, 2] /= factor
        size = gray.shape[1::-1]
        warped, warped_mask = (cv2.warpAffine(part, affine, size) for part in view)
        is_background = (warped_mask > 0) & (mask > 0) & (view[1] > 0)
        if is_background.mean() < 0.02:
            return True
        warped_change, plain_change = (
            float(cv2.absdiff(part, gray)[is_background].mean())
            for part in (warped, view[0])
        )
        return warped_change <= MAX_DIFFERENCE * plain_change


def _shrunk(image: np.ndarray) -> tuple[np.ndarray, int]:
    """An image of at most :data:`HEIGHT` rows, and by which whole number it is smaller.

    Whole numbers make it several times faster.
    """
    factor = max(1, -(-len(image) // HEIGHT))
    size = image.shape[1] // factor, len(image) // factor
    part = image[: size[1] * factor, : size[0] * factor]
    return cv2.resize(part, size, interpolation=cv2.INTER_AREA), factor


def camera_path_poses_at(
    times: np.ndarray, poses: Sequence[tuple[float, complex, complex]]
) -> tuple[np.ndarray, np.ndarray]:
    """Turns and shifts at some times, linear between those that are known.

    Args:
        times: (N,) seconds.
        poses: Time, turn and shift, one or more, in the order of time.
    """
    pose_times = np.array([pose[0] for pose in poses])
    turns, shifts = (np.array([pose[i] for pose in poses]) for i in (1, 2))
    return (
        np.interp(times, pose_times, turns),
        np.interp(times, pose_times, shifts),
    )
