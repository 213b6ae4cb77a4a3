"""Camera motion on images moved by a known transform."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mmsmot.models.trackers import ByteTrack, checked_tracker_output
from mmsmot.models.trackers.camera_motion import ECC, SparseOpticalFlow
from mmsmot.models.trackers.kalman_filter import XYAHFilter, XYSRFilter
from mmsmot.structures import Detections, Frame, VideoInfo

SIZE = (960, 540)


@pytest.fixture(scope='module')
def picture() -> np.ndarray:
    rng = np.random.default_rng(0)
    blobs = rng.integers(0, 255, (68, 120, 3)).astype(np.uint8)
    return cv2.GaussianBlur(cv2.resize(blobs, SIZE), (0, 0), 2)


def moved(picture: np.ndarray, affine: np.ndarray) -> np.ndarray:
    return cv2.warpAffine(picture, affine, SIZE, borderMode=cv2.BORDER_REFLECT)


def corner_error(found: np.ndarray, true: np.ndarray) -> float:
    """Greatest distance in pixels at the image's corners."""
    width, height = SIZE
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]])
    return float(np.abs(corners @ (found - true).T).max())


@pytest.mark.parametrize('kind', [SparseOpticalFlow, ECC])
def test_first_frame_and_still_camera_are_no_motion(kind, picture) -> None:
    motion = kind()
    np.testing.assert_array_equal(motion.estimate(picture), np.eye(2, 3))
    assert corner_error(motion.estimate(picture), np.eye(2, 3)) < 0.05


@pytest.mark.parametrize('kind', [SparseOpticalFlow, ECC])
def test_pan_is_found_in_pixels_of_the_frame(kind, picture) -> None:
    pan = np.array([[1.0, 0, 9], [0, 1, -5]])
    motion = kind()
    motion.estimate(picture)
    assert corner_error(motion.estimate(moved(picture, pan)), pan) < 0.5


def test_flow_finds_zoom_and_roll(picture) -> None:
    angle, zoom = 0.02, 1.02
    linear = zoom * np.array(
        [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    )
    affine = np.column_stack([linear, [4.0, -7.0]])
    motion = SparseOpticalFlow()
    motion.estimate(picture)
    assert corner_error(motion.estimate(moved(picture, affine)), affine) < 1.0


@pytest.mark.parametrize('kind', [SparseOpticalFlow, ECC])
def test_nothing_to_hold_on_to_is_an_unknown_motion(kind) -> None:
    motion = kind()
    flat = np.full((*SIZE[::-1], 3), 90, np.uint8)
    np.testing.assert_array_equal(motion.estimate(flat), np.eye(2, 3))
    assert motion.estimate(flat) is None
    tracker = ByteTrack(camera_motion=kind())
    boxes = Detections(np.array([[300.0, 100, 400, 400]]), np.array([0.9]))
    frame = Frame(VideoInfo('v', 'v', 10.0, *SIZE), 1, 0.0, lambda: flat)
    first, second = (tracker.update(boxes, frame) for _ in range(2))
    np.testing.assert_array_equal(first.camera_motion, np.eye(2, 3))
    assert np.isnan(second.camera_motion).all()
    np.testing.assert_array_equal(second.boxes, first.boxes)


def test_a_motion_between_two_frames_leaves_the_video_alone(picture) -> None:
    pan = np.array([[1.0, 0, 9], [0, 1, -5]])
    motion = SparseOpticalFlow()
    motion.estimate(picture)
    assert (
        corner_error(
            motion.between(moved(picture, pan), picture), -pan + 2 * np.eye(2, 3)
        )
        < 0.5
    )
    assert corner_error(motion.estimate(picture), np.eye(2, 3)) < 0.05


def test_reset_and_a_change_of_size_start_again(picture) -> None:
    motion = SparseOpticalFlow()
    motion.estimate(picture)
    np.testing.assert_array_equal(motion.estimate(picture[:, :700]), np.eye(2, 3))
    motion.reset()
    pan = np.array([[1.0, 0, 9], [0, 1, -5]])
    np.testing.assert_array_equal(motion.estimate(moved(picture, pan)), np.eye(2, 3))


@pytest.mark.parametrize('kalman', [XYSRFilter(), XYAHFilter()])
def test_warped_states_are_the_warped_boxes(kalman) -> None:
    boxes = np.array([[100.0, 100, 150, 220], [400, 200, 440, 300]])
    state = kalman.initiate(boxes)
    state[1, :, :2] = [3.0, -1.0]
    warped = kalman.warp(state, np.array([[2.0, 0, 5], [0, 2, 7]]))
    expected = boxes * 2 + [5, 7, 5, 7]
    np.testing.assert_allclose(kalman.to_boxes(warped), expected, atol=1e-9)
    np.testing.assert_allclose(warped[1, :, :2], [[6.0, -2.0]] * 2)


def test_what_moves_in_boxes_is_no_background(picture) -> None:
    """Most corners are on a bus that drives by a camera at rest."""
    bus = np.array([[100.0, 60, 880, 470]])
    x1, y1, x2, y2 = bus[0].astype(int)
    after = picture.copy()
    after[y1:y2, x1 + 12 : x2] = picture[y1:y2, x1 : x2 - 12]
    blind, looking = SparseOpticalFlow(), SparseOpticalFlow()
    for frame in (picture, after):
        seen, masked = blind.estimate(frame), looking.estimate(frame, bus)
    assert corner_error(seen, np.eye(2, 3)) > 8
    assert corner_error(masked, np.eye(2, 3)) < 0.3


def test_trackers_tell_what_they_estimated(picture) -> None:
    """So that nobody estimates it twice."""
    video = VideoInfo('v', 'v', 10.0, *SIZE)
    boxes = Detections(np.array([[300.0, 100, 400, 400]]), np.array([0.9]))
    pan = np.array([[1.0, 0, 9], [0, 1, -5]])
    tracker = ByteTrack(camera_motion=dict(type='SparseOpticalFlow'))
    tracker.update(boxes, Frame(video, 1, 0.0, lambda: picture))
    frame = Frame(video, 2, 0.1, lambda: moved(picture, pan))
    tracks = tracker.update(boxes, frame)
    assert corner_error(tracks.camera_motion, pan) < 0.5
    assert tracks[np.array([True])].camera_motion is tracks.camera_motion
    checked = checked_tracker_output(tracks, boxes, 'ByteTrack.update, frame 2')
    assert checked.camera_motion is tracks.camera_motion
    assert ByteTrack().update(boxes).camera_motion is None
