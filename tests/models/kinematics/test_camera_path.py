"""The camera's way out of the images or the tracker, and its dead zone."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.models.kinematics.camera_path import CameraPath, camera_path_poses_at
from mmsmot.models.trackers.camera_motion import CameraMotion
from mmsmot.structures import Frame, VideoInfo

VIDEO = VideoInfo('v', 'v', 10.0, 640, 360)
NOBODY = np.empty((0, 4))


def frame(time: float) -> Frame:
    image = np.zeros((360, 640, 3), np.uint8)
    return Frame(VIDEO, round(10 * time) + 1, time, lambda: image)


def affine(scale: float = 1.0, angle: float = 0.0, x: float = 0.0, y: float = 0.0):
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[cos, -sin, x], [sin, cos, y]])


def test_motions_of_the_tracker_add_up() -> None:
    path, points = CameraPath(None), np.array([100 + 50j, 400 + 300j])
    path.follow(frame(0.0), NOBODY, affine(x=99))  # nothing was before it
    assert (path.turn, path.shift) == (1, 0)
    seen = points
    for step in range(1, 6):
        motion = affine(1.02, 0.01, 6.0, -3.0)
        seen = seen * complex(motion[0, 0], motion[1, 0]) + complex(*motion[:, 2])
        path.follow(frame(step / 10), NOBODY, motion)
    np.testing.assert_allclose(path.turn * seen + path.shift, points, atol=1e-9)
    assert path.seconds_moving == pytest.approx(0.5)


def test_a_camera_that_trembles_by_less_than_a_pixel_rests() -> None:
    path = CameraPath(None)
    for step in range(20):
        path.follow(frame(step / 10), NOBODY, affine(x=0.3 * (-1) ** step))
    assert (path.turn, path.shift, path.seconds_moving) == (1, 0, 0)


class Counted(CameraMotion):
    """A motion of so many pixels to the right at each call, of a small image."""

    def __init__(self, shift: float) -> None:
        super().__init__(height=180)
        self.shift = shift
        self.shapes: list[tuple] = []
        self.boxes: list[np.ndarray] = []

    def estimate(self, frame, boxes=None) -> np.ndarray:
        self.shapes.append(frame.shape)
        self.boxes.append(boxes)
        return affine(x=self.shift)

    def _register(self, previous, gray, mask):
        raise AssertionError


def test_a_resting_background_is_looked_at_twice_a_second() -> None:
    motion = Counted(0.0)
    path = CameraPath(motion)
    boxes = np.array([[10.0, 20, 30, 40]])
    for step in range(21):
        path.follow(frame(step / 10), boxes, None)
    assert len(motion.shapes) == 5
    assert motion.shapes[0] == (120, 213, 3)
    np.testing.assert_array_equal(motion.boxes[0], boxes / 3)


def test_a_moving_background_is_looked_at_each_time() -> None:
    motion = Counted(4.0)  # of a small image: 12 pixels
    path = CameraPath(motion)
    for step in range(11):
        path.follow(frame(step / 10), NOBODY, None)
    assert len(motion.shapes) == 7  # 0.0, 0.5, then each
    assert path.shift == pytest.approx(-12 * 6)


def test_without_images_the_camera_rests() -> None:
    path = CameraPath(Counted(4.0))
    for step in range(10):
        path.follow(Frame(VIDEO, step + 1, step / 10), NOBODY, None)
    assert path.seconds_moving == 0


def test_poses_between_two_known_ones() -> None:
    turns, shifts = camera_path_poses_at(
        np.array([0.0, 0.5, 2.0]), [(0.0, 1 + 0j, 0j), (1.0, 1 + 0.2j, 10 + 4j)]
    )
    np.testing.assert_allclose(turns, [1, 1 + 0.1j, 1 + 0.2j])
    np.testing.assert_allclose(shifts, [0, 5 + 2j, 10 + 4j])
