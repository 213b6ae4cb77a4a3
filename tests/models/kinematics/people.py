"""People whose ways are known, as boxes and as drawings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from mmsmot.models.kinematics import KinematicSemantics
from mmsmot.models.kinematics.kinematic_buffer import KinematicBuffer
from mmsmot.models.semantics.description import Description
from mmsmot.structures import Frame, Tracks, VideoInfo

WIDTH, HEIGHT = 640, 360
RED, BLUE, GREEN = (40, 35, 200), (170, 70, 30), (60, 140, 50)  # BGR
BLACK, WHITE = (25, 24, 26), (238, 240, 240)
SKIN = (150, 180, 215)


@dataclass(frozen=True)
class Person:
    """Somebody who goes from point to point.

    Attributes:
        points: (time, x, feet, height) in seconds and pixels; straight lines between.
        top, bottoms: Colours, BGR.
        aspect: Width of the box by its height.
    """

    points: tuple[tuple[float, float, float, float], ...]
    top: tuple[int, int, int] = RED
    bottoms: tuple[int, int, int] = BLUE
    aspect: float = 0.4

    def at(self, time: float) -> tuple[float, float, float] | None:
        """x, feet and height; ``None`` before the first and after the last point."""
        times = [point[0] for point in self.points]
        if not times[0] - 1e-9 <= time <= times[-1] + 1e-9:
            return None
        x, feet, height = (
            float(np.interp(time, times, [point[k] for point in self.points]))
            for k in (1, 2, 3)
        )
        return x, feet, height

    def box(self, time: float) -> np.ndarray | None:
        """x1, y1, x2, y2, not cut."""
        place = self.at(time)
        if place is None:
            return None
        x, feet, height = place
        half = self.aspect * height / 2
        return np.array([x - half, feet - height, x + half, feet])

    def mirrored(self, width: int = WIDTH) -> Person:
        return self._mapped(lambda t, x, feet, h: (t, width - x, feet, h))

    def scaled(self, factor: float) -> Person:
        return self._mapped(
            lambda t, x, feet, h: (t, factor * x, factor * feet, factor * h)
        )

    def _mapped(self, function: Callable) -> Person:
        return replace(self, points=tuple(function(*point) for point in self.points))


def walker(
    start: float,
    *ways: tuple[float, float],
    feet: float = 250.0,
    height: float = 100.0,
    begin: float = 0.0,
    **looks: Any,
) -> Person:
    """Somebody who goes along the image: (seconds, body heights a second to the right)."""
    points = [(begin, start, feet, height)]
    for seconds, speed in ways:
        time, x, *rest = points[-1]
        points.append((time + seconds, x + seconds * speed * height, *rest))
    return Person(tuple(points), **looks)


def clipped(boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Boxes as a detector gives them: within the image."""
    return np.clip(boxes, 0, [*size, *size])


def tracks_of(
    people: Sequence[Person],
    time: float,
    size: tuple[int, int],
    offset: float = 0.0,
    jitter: np.random.Generator | None = None,
) -> Tracks:
    """The tracks at a time; ids count from 1."""
    ids, boxes = [], []
    for track_id, person in enumerate(people, start=1):
        box = person.box(time)
        if box is None:
            continue
        box = box + [offset, 0, offset, 0]
        if jitter is not None:
            box = box + jitter.normal(0, 0.015 * (box[3] - box[1]), 4)
        box = clipped(box, size)
        if (box[2:] - box[:2]).min() > 2:
            ids.append(track_id)
            boxes.append(box)
    count = len(ids)
    labels = np.zeros(count, np.int64)
    return Tracks(
        np.array(ids, np.int64),
        np.array(boxes, float).reshape(-1, 4),
        np.full(count, 0.9),
        labels,
        np.arange(count),
    )


def background(size: tuple[int, int], seed: int = 0) -> np.ndarray:
    """A wall with a texture, twice as wide as the image."""
    rng = np.random.default_rng(seed)
    blocks = rng.integers(90, 180, (size[1] // 12, 2 * size[0] // 12, 1), np.uint8)
    tint = rng.integers(0, 30, (*blocks.shape[:2], 3), np.uint8)
    return cv2.resize(blocks + tint, (2 * size[0], size[1]))


def draw(
    people: Sequence[Person],
    time: float,
    scene: np.ndarray,
    size: tuple[int, int],
    offset: float = 0.0,
    stride: float = 0.8,
    head: tuple[int, int, int] = SKIN,
) -> np.ndarray:
    """The image at a time: torsos, heads, and legs that swing with the way gone.

    A ``stride`` is in body heights; a huge one leaves the legs as they are. ``head`` is
    the colour of what is seen of it.
    """
    columns = (np.arange(size[0]) - round(offset)) % scene.shape[1]
    image = scene[:, columns].copy()
    for person in people:
        place = person.at(time)
        if place is None:
            continue
        x, feet, height = place[0] + offset, place[1], place[2]
        hip, neck = feet - 0.47 * height, feet - 0.85 * height
        swing = 0.16 * height * np.sin(2 * np.pi * x / (stride * height))
        thick = max(2, round(0.13 * height))
        for sign in (-1, 1):
            foot = (round(x + sign * swing), round(feet))
            cv2.line(image, (round(x), round(hip)), foot, person.bottoms, thick)
        half = 0.13 * height
        corners = [round(v) for v in (x - half, neck, x + half, hip + 0.06 * height)]
        cv2.rectangle(image, corners[:2], corners[2:], person.top, -1)
        middle = (round(x), round(feet - 0.92 * height))
        cv2.circle(image, middle, round(0.07 * height), head, -1)
    return image


def plain(image: np.ndarray) -> np.ndarray:
    """The image with nothing on the wall."""
    is_wall = image.max(axis=2).astype(int) - image.min(axis=2) < 35
    return np.where(is_wall[..., None], np.uint8(140), image)


def frames_of(
    people: Sequence[Person],
    *,
    fps: float = 10.0,
    seconds: float = 6.0,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    pan: float | Callable[[float], float] = 0.0,
    images: bool = False,
    change: Callable[[np.ndarray], np.ndarray] = lambda image: image,
    jitter: int | None = None,
    stride: float = 0.8,
    head: tuple[int, int, int] = SKIN,
) -> list[tuple[Frame, Tracks]]:
    """Frames of a video and the tracks in them.

    Args:
        people: Who is there, in the coordinates of a camera at rest.
        fps: Frames a second.
        seconds: Length.
        size: Width and height of the image.
        pan: Speed of the background in the image, pixels a second to the right; or how
            far it is at a time.
        images: Whether frames have images.
        change: What is done to each.
        jitter: Seed of noise on the boxes; ``None`` for none.
        stride, head: See :func:`draw`.
    """
    video = VideoInfo('people', 'people', fps, *size)
    scene = background(size) if images else None
    rng = None if jitter is None else np.random.default_rng(jitter)
    steps = []
    for row in range(round(seconds * fps)):
        time = row / fps
        offset = pan(time) if callable(pan) else pan * time

        def load(time: float = time, offset: float = offset) -> np.ndarray:
            return change(draw(people, time, scene, size, offset, stride, head))

        frame = Frame(video, row + 1, time, load if images else None)
        steps.append((frame, tracks_of(people, time, size, offset, rng)))
    return steps


def with_lost_tracks(
    steps: Sequence[tuple[Frame, Tracks]], begin: float, end: float
) -> list[tuple[Frame, Tracks]]:
    """The same without tracks from one second to another."""
    return [
        (frame, tracks[:0] if begin <= frame.timestamp < end else tracks)
        for frame, tracks in steps
    ]


def fed(
    steps: Sequence[tuple[Frame, Tracks]], **options: Any
) -> tuple[KinematicSemantics, KinematicBuffer]:
    """The part, and a buffer that holds a video."""
    semantics = KinematicSemantics(**options)
    buffer = semantics.begin()
    for frame, tracks in steps:
        semantics.update(buffer, None, [frame], [tracks])
    return semantics, buffer


def described(steps: Sequence[tuple[Frame, Tracks]], **options: Any) -> Description:
    """What is said of a video."""
    semantics, buffer = fed(steps, **options)
    return semantics.generate(buffer)
