"""Where the camera looks, as a similarity from each frame to the first one."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ...structures import Frame
from ..trackers.camera_motion import CameraMotion

# Of the image's width a second: below, the background is taken to rest. Corner tracking
# is good to a tenth of a pixel; somebody as high as a third of the image who "moves" so
# is at .05 heights a second, far below any walk.
REST_SPEED = 0.01
# Seconds from one look at the background to the next while it rests; while it moves,
# every call is one.
REST_INTERVAL = 0.5


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
        if affine is None:
            is_due = self.is_moving or elapsed >= REST_INTERVAL - 1e-6
            if self._motion is None or frame.load is None or not is_due:
                return
            affine = _estimate(self._motion, frame.image, boxes)
        self._timestamp = frame.timestamp
        if not 0 < elapsed < np.inf:
            return
        turn = complex(affine[0, 0] + affine[1, 1], affine[1, 0] - affine[0, 1]) / 2
        shift = complex(*affine[:, 2])
        width, height = frame.size
        corners = np.array([0, width, 1j * height, width + 1j * height])
        moved = np.abs((turn - 1) * corners + shift).max()
        self.is_moving = abs(turn) > 0.5 and moved >= REST_SPEED * width * elapsed
        if self.is_moving:
            self.seconds_moving += elapsed
            self.turn, self.shift = (
                self.turn / turn,
                self.shift - self.turn * shift / turn,
            )


def _estimate(motion: CameraMotion, image: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """The motion since the last estimate, in pixels of the image.

    Images are shrunk by whole numbers, which is several times faster.
    """
    factor = max(1, -(-len(image) // motion.height))
    size = image.shape[1] // factor, len(image) // factor
    part = image[: size[1] * factor, : size[0] * factor]
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    affine = motion.estimate(small, boxes / factor)
    affine[:, 2] *= factor
    return affine


def poses_at(
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
