"""Simulated pedestrians in front of a camera: boxes without images.

Something to learn from how people move where no annotated video is at hand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...structures import CoordinateSpace, Trajectories

IMAGES = ((1920, 1080), (1280, 720), (640, 480), (480, 270))  # width, height
RATES = (10.0, 14.0, 20.0, 25.0, 30.0)  # frames a second
MIN_DEPTH, FURTHEST = 3.0, 40.0  # metres before the camera
SMALLEST = 12.0  # a person of fewer pixels' height is not annotated


@dataclass(frozen=True, eq=False)
class _Camera:
    """A pinhole with a level view; lengths in metres, image units in pixels.

    Attributes:
        size: Width and height of the image.
        fps: Frames a second.
        focal: Focal length in pixels.
        height: Above the ground.
        horizon: Height of the horizon in the image.
        position: (T, 2) to the right and forward.
        turn: (T, 2) shift of the image by pan and tilt.
    """

    size: tuple[int, int]
    fps: float
    focal: float
    height: float
    horizon: float
    position: np.ndarray
    turn: np.ndarray


def simulate_walks(seed: int | tuple[int, ...]) -> Trajectories:
    """The truth of one video of walking people.

    Each seed has a camera of its own (image, frame rate, height, focal length; still,
    shaken, panned or carried forward) and 4 to 24 people, alone or side by side, who
    walk, stroll, run or stand, drift from their course, turn and stop. The first frame
    number is drawn too, since trackers break trajectories anywhere in a video.

    Args:
        seed: Of NumPy's generator; equal seeds give equal walks.

    Returns:
        Boxes of everyone at least half in the image, hidden or not. ``visibility`` is
        the part of a box that the person nearest to the camera in front of it leaves.
    """
    rng = np.random.default_rng(seed)
    num_frames = int(rng.integers(90, 400))
    camera = _draw_camera(rng, num_frames)
    places, phase = _walk(rng, camera.fps, num_frames, int(rng.integers(4, 25)))
    boxes, depth = _project(rng, camera, places, phase)
    is_visible = _in_image(boxes, camera.size) & (depth > MIN_DEPTH / 2)
    is_visible &= boxes[..., 3] - boxes[..., 1] >= SMALLEST
    frame, person = np.nonzero(is_visible)
    return Trajectories(
        frame_ids=frame + 1 + int(rng.exponential(400)),
        ids=person + 1,
        boxes=boxes[frame, person],
        visibility=_visibility(boxes, depth, is_visible)[frame, person],
        space=CoordinateSpace(width=camera.size[0], height=camera.size[1]),
    )


def _draw_camera(rng: np.random.Generator, num_frames: int) -> _Camera:
    width, height = IMAGES[rng.integers(len(IMAGES))]
    fps = float(rng.choice(RATES))
    position, turn = np.zeros((num_frames, 2)), np.zeros((num_frames, 2))
    if rng.random() < 0.5:
        shake = rng.uniform(0.0005, 0.004) * width
        turn += shake * _wander(rng, num_frames, 0.3 * fps, 2)
    if rng.random() < 0.3:
        pan = np.cumsum(_wander(rng, num_frames, 2 * fps, 1), axis=0)
        turn[:, :1] += rng.uniform(0.02, 0.15) * width / fps * pan
    if rng.random() < 0.3:
        position[:, 1] = rng.uniform(0.3, 1.5) / fps * np.arange(num_frames)
    return _Camera(
        size=(width, height),
        fps=fps,
        focal=width * rng.uniform(0.6, 1.5),
        height=rng.uniform(1.3, 6.0),
        horizon=height * rng.uniform(0.05, 0.5),
        position=position,
        turn=turn,
    )


def _walk(
    rng: np.random.Generator, fps: float, num_frames: int, num_people: int
) -> tuple[np.ndarray, np.ndarray]:
    """(T, P, 2) places on the ground in metres, and (T, P) phases of the gait."""
    kind = rng.choice(4, num_people, p=[0.7, 0.1, 0.05, 0.15])
    pace = np.array([1.3, 0.7, 2.8, 0.05])[kind] * rng.lognormal(0, 0.2, num_people)
    # Streets and halls have a few main directions, each walked both ways.
    flows = rng.uniform(0, np.pi, 2) + rng.normal(0, 0.15, (num_people, 2))
    course = flows[np.arange(num_people), rng.integers(2, size=num_people)]
    course += np.pi * rng.integers(2, size=num_people)
    turns = rng.random((num_frames, num_people)) < 1 / (15 * fps)
    course = course + np.cumsum(turns * rng.normal(0, 1, turns.shape), axis=0)
    course += 0.2 * _wander(rng, num_frames, 2 * fps, num_people)
    speed = pace * _going(rng, fps, num_frames, num_people)
    velocity = speed[..., None] * np.stack([np.cos(course), np.sin(course)], axis=-1)
    depth = rng.uniform(MIN_DEPTH, FURTHEST, num_people)
    aside = rng.uniform(-1, 1, num_people) * (3 + depth)
    # Half of the walk lies before the origin, so that people are met in the middle.
    places = np.cumsum(velocity, axis=0) / fps
    places += np.column_stack([aside, depth]) - places[num_frames // 2]
    phase = np.cumsum(4.0 * np.sqrt(speed), axis=0) / fps
    return _with_companions(rng, places, fps), phase + rng.uniform(0, 7, num_people)


def _going(
    rng: np.random.Generator, fps: float, num_frames: int, num_people: int
) -> np.ndarray:
    """(T, P) factors of the pace: 1, and 0 during stops, with soft changes."""
    begins = rng.random((num_frames, num_people)) < 1 / (25 * fps)
    going = np.ones((num_frames, num_people))
    for frame, person in np.argwhere(begins):
        going[frame : frame + int(rng.exponential(4 * fps)), person] = 0
    window = max(int(0.6 * fps), 1)
    padded = np.pad(going, ((window - 1, 0), (0, 0)), mode='edge')
    return np.lib.stride_tricks.sliding_window_view(padded, window, axis=0).mean(-1)


def _with_companions(
    rng: np.random.Generator, places: np.ndarray, fps: float
) -> np.ndarray:
    """Some people walk beside the one before them."""
    places = places.copy()
    for person in range(1, places.shape[1]):
        if rng.random() < 0.25:
            beside = rng.normal(0, 0.7, 2)
            sway = 0.15 * _wander(rng, len(places), 2 * fps, 2)
            places[:, person] = places[:, person - 1] + beside + sway
    return places


def _project(
    rng: np.random.Generator, camera: _Camera, places: np.ndarray, phase: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(T, P, 4) boxes in pixels and (T, P) depths in metres."""
    num_people = places.shape[1]
    stature = rng.normal(1.7, 0.09, num_people)
    breadth = rng.uniform(0.28, 0.4, num_people)
    offsets = places - camera.position[:, None]
    depth = offsets[..., 1]
    scale = camera.focal / np.maximum(depth, 0.1)
    middle = camera.size[0] / 2 + scale * offsets[..., 0] + camera.turn[:, :1]
    feet = camera.horizon + scale * camera.height + camera.turn[:, 1:]
    bounce = 1 + 0.015 * np.cos(2 * phase)
    height = scale * stature * bounce
    half_width = height * (breadth + 0.12 * np.abs(np.sin(phase))) / 2
    return np.stack(
        [middle - half_width, feet - height, middle + half_width, feet], -1
    ), depth


def _in_image(boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    inside = np.clip(boxes, 0, [*size, *size])
    return _area(inside) >= 0.5 * _area(boxes)


def _visibility(
    boxes: np.ndarray, depth: np.ndarray, is_visible: np.ndarray
) -> np.ndarray:
    """(T, P) fraction of each box that no single nearer person covers."""
    low = np.maximum(boxes[:, :, None, :2], boxes[:, None, :, :2])
    high = np.minimum(boxes[:, :, None, 2:], boxes[:, None, :, 2:])
    covered = np.maximum(high - low, 0).prod(-1) / _area(boxes)[:, :, None]
    covered *= (depth[:, None] < depth[:, :, None]) & is_visible[:, None]
    return 1 - covered.max(axis=2)


def _area(boxes: np.ndarray) -> np.ndarray:
    return (boxes[..., 2:] - boxes[..., :2]).prod(-1)


def _wander(
    rng: np.random.Generator, num_frames: int, memory: float, columns: int
) -> np.ndarray:
    """(T, columns) noise of unit variance that forgets itself in ``memory`` frames."""
    keep = np.exp(-1 / max(memory, 1e-3))
    steps = rng.normal(0, 1, (num_frames, columns))
    steps[1:] *= np.sqrt(1 - keep**2)
    for frame in range(1, num_frames):
        steps[frame] += keep * steps[frame - 1]
    return steps
