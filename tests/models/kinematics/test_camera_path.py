"""The camera's way out of the images or the tracker, and its dead zone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest

from mmsmot.models.kinematics.camera_path import (
    REST_SHIFT,
    CameraPath,
    CameraView,
    camera_path_poses_at,
)
from mmsmot.models.trackers.camera_motion import SparseOpticalFlow
from mmsmot.structures import Frame, VideoInfo
from tests.models.kinematics.people import background

VIDEO = VideoInfo('v', 'v', 10.0, 640, 360)
NOBODY = np.empty((0, 4))


def frame(time: float) -> Frame:
    image = np.zeros((360, 640, 3), np.uint8)
    return Frame(VIDEO, round(10 * time) + 1, time, lambda: image)


def affine(scale: float = 1.0, angle: float = 0.0, x: float = 0.0, y: float = 0.0):
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[cos, -sin, x], [sin, cos, y]])


def followed(path: CameraPath, motions: list[np.ndarray], images: bool = False) -> None:
    """The path after frames of a tracker that tells these motions, ten a second."""
    for step, motion in enumerate(motions):
        path.add(motion)
        image = frame(step / 10)
        path.follow(image if images else replace(image, load=None), NOBODY)


def test_motions_of_the_tracker_add_up() -> None:
    path, points = CameraPath(None), np.array([100 + 50j, 400 + 300j])
    motions = [affine(x=99)]  # nothing was before it
    moved_points = points
    for _ in range(5):
        motion = affine(1.02, 0.01, 6.0, -3.0)
        moved_points = moved_points * complex(motion[0, 0], motion[1, 0]) + complex(
            *motion[:, 2]
        )
        motions.append(motion)
    followed(path, motions)
    np.testing.assert_allclose(path.turn * moved_points + path.shift, points, atol=1e-9)
    assert path.seconds_moving == pytest.approx(0.5)
    assert path.epoch == 0


def test_a_camera_that_trembles_by_less_than_a_pixel_rests() -> None:
    path = CameraPath(None)
    followed(path, [affine(x=0.3 * (-1) ** step) for step in range(20)])
    assert (path.turn, path.shift, path.seconds_moving) == (1, 0, 0)


def test_steps_below_a_pixel_to_one_side_add_up() -> None:
    path = CameraPath(None)
    followed(path, [affine(x=0.3)] * 101)
    assert path.shift.real == pytest.approx(-30, abs=REST_SHIFT * 640)


def test_a_motion_that_the_tracker_could_not_make_out_is_not_rest() -> None:
    path = CameraPath(None)
    followed(
        path, [affine(x=5.0)] * 4 + [np.full((2, 3), np.nan)] + [affine(x=5.0)] * 4
    )
    assert path.epoch == 2
    assert path.is_moving


def wall(has_lines: bool) -> np.ndarray:
    """A plain wall, wider than the image; with a post and a skirting board, or not."""
    image = np.full((360, 1000, 3), 140, np.uint8)
    if has_lines:
        cv2.line(image, (520, 0), (520, 359), (70, 70, 70), 6)
        cv2.line(image, (0, 250), (999, 250), (90, 80, 80), 6)
    return image


def along(scene: np.ndarray, offset: float) -> np.ndarray:
    """The image of a camera that looks so many pixels further to the right."""
    shift = np.float32([[1, 0, -offset], [0, 1, 0]])
    return cv2.warpAffine(scene, shift, (640, 360))


def path_along(
    scene: np.ndarray, offsets: Callable[[float], float], seconds: float, fps: float = 8
) -> CameraPath:
    """The path of a camera that pans over a scene."""
    path = CameraPath(SparseOpticalFlow(height=120, max_corners=60))
    for step in range(round(seconds * fps)):
        image = along(scene, offsets(step / fps))
        path.follow(Frame(VIDEO, step + 1, step / fps, lambda i=image: i), NOBODY)
    return path


@pytest.mark.parametrize('speed', [6.0, 60.0, 150.0, 260.0])
def test_a_pan_that_begins_later_is_followed(speed: float) -> None:
    """From 0.01 to 0.4 widths of the image a second."""
    scene = background((1000, 360))
    path = path_along(scene, lambda t: speed * max(t - 1, 0), 3)
    assert path.shift.real == pytest.approx(speed * 1.875, rel=0.03, abs=2)
    assert path.epoch == 0


@pytest.mark.parametrize('speed', [0.0, 60.0])
def test_a_wall_without_corners_tells_rest_from_motion(speed: float) -> None:
    """Two straight lines: too few corners for a motion, enough to see that one is."""
    path = path_along(wall(True), lambda t: 100 + speed * t, 2)
    assert path.shift == 0
    assert (path.epoch > 0) == (speed > 0)


def test_before_a_wall_without_anything_nothing_is_known() -> None:
    path = path_along(wall(False), lambda t: 0.0, 1)
    assert path.epoch > 0


def test_noise_light_and_shadows_are_no_motion() -> None:
    """Of a camera at rest."""
    rng = np.random.default_rng(0)
    scene = background((640, 360))[:, :640]
    path = CameraPath(SparseOpticalFlow(height=120, max_corners=60))
    for step in range(30):
        gain = 1 + 0.01 * step  # the sun comes out
        image = np.clip(scene * gain + rng.normal(0, 6, scene.shape), 0, 255)
        image[:, 20 * step : 20 * step + 60] = 30  # somebody not tracked goes by
        image = image.astype(np.uint8)
        path.follow(Frame(VIDEO, step + 1, step / 8, lambda i=image: i), NOBODY)
    assert (path.turn, path.shift, path.epoch) == (1, 0, 0)


def test_without_images_the_camera_rests() -> None:
    path = CameraPath(SparseOpticalFlow())
    for step in range(10):
        path.follow(Frame(VIDEO, step + 1, step / 10), NOBODY)
    assert (path.seconds_moving, path.epoch) == (0, 0)


def test_poses_between_two_known_ones() -> None:
    turns, shifts = camera_path_poses_at(
        np.array([0.0, 0.5, 2.0]), [(0.0, 1 + 0j, 0j), (1.0, 1 + 0.2j, 10 + 4j)]
    )
    np.testing.assert_allclose(turns, [1, 1 + 0.1j, 1 + 0.2j])
    np.testing.assert_allclose(shifts, [0, 5 + 2j, 10 + 4j])


@pytest.mark.parametrize('height', [240, 360, 480, 600, 720, 1080])
def test_a_small_view_is_the_mean_of_the_image(height: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (height, 700, 3), np.uint8)
    view = CameraView.of(image, np.zeros((0, 4)))
    assert view.factor == height // 120
    width = 700 // view.factor
    blocks = image[:, : width * view.factor].reshape(
        120, view.factor, width, view.factor, 3
    )
    difference = view.small - blocks.mean(axis=(1, 3))
    assert np.abs(difference).max() <= 1.0
    assert abs(difference.mean()) < 0.3  # halves are rounded up, twice
