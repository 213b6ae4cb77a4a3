"""The demo scene: people crossing a street, made from a seed, with its truth.

Something to run the whole way from images to scores on where nothing was downloaded.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mmsmot.datasets.seqinfo import SeqInfo, write_seqinfo
from mmsmot.datasets.synsmot.street_backdrop import paint_street
from mmsmot.utils.atomic import atomic_folder

from .walking_figure import STRIDE, Appearance, Pose, draw_figure

OVERSAMPLING = 2
HORIZON = 0.28  # of the image's height
# Body height over the distance of the feet from the horizon: the camera stands a
# little above the heads.
HEIGHT_OVER_DEPTH = 0.70
JPEG_QUALITY = 92
GRAIN_SHIFT = 64  # pixels
GROUND_TRUTH_LINE = '{},{},{},{},{},{},1,1,{:.4f}\n'  # considered; class 1, pedestrian
DETECTION_LINE = '{},-1,{:.2f},{:.2f},{:.2f},{:.2f},{:.4f}\n'


def make_demo_scene(
    out_dir: str | os.PathLike,
    num_frames: int = 120,
    seed: int = 0,
    num_people: int = 8,
    width: int = 480,
    height: int = 270,
    fps: float = 25.0,
) -> Path:
    """Make a MOTChallenge sequence folder of drawn people who walk and talk.

    People cross in front of a wall at different depths, hide each other, turn round,
    and leave and come back under their old id. Two of them (where there are four or
    more) stand and talk. It holds ``seqinfo.ini``, ``img1/000001.jpg`` ...,
    ``gt/gt.txt`` (class 1, with the visible fraction of each silhouette) and
    ``det/det.txt``: detections drawn from the truth, jittered, missed or with a low
    score the more a person is hidden, and with false positives.

    The same arguments give the same bytes on the same versions of NumPy and OpenCV.
    The folder appears whole or not at all.

    Args:
        out_dir: The sequence folder to make.
        num_frames: Number of frames.
        seed: Seed of everything.
        num_people: Number of people.
        width: Image width in pixels.
        height: Image height in pixels.
        fps: Frames per second; sets how far a person gets in a frame.

    Returns:
        ``out_dir``.

    Raises:
        FileExistsError: ``out_dir`` is there and not empty.
        ValueError: A number is below 1, or the image is smaller than 64x64.
    """
    out_dir = Path(out_dir)
    if out_dir.exists() and (not out_dir.is_dir() or any(out_dir.iterdir())):
        raise FileExistsError(
            f'{out_dir}: is there already; delete it, or give another folder'
        )
    if min(num_frames, num_people) < 1 or not fps > 0 or min(width, height) < 64:
        raise ValueError(
            'a scene needs num_frames, num_people >= 1, fps > 0 and at least 64x64 '
            f'pixels, got {num_frames}, {num_people}, {fps:g} and {width}x{height}'
        )
    scene = _Scene(width, height, fps, num_people, seed)
    with atomic_folder(out_dir) as folder:
        _write_frames(scene, folder, num_frames, np.random.default_rng([seed, 1]))
        info = SeqInfo(out_dir.name, 'img1', fps, num_frames, width, height)
        write_seqinfo(info, folder, '.jpg')
    return out_dir


def _write_frames(
    scene: _Scene, folder: Path, num_frames: int, rng: np.random.Generator
) -> None:
    """Write the images, the truth, and detections made with ``rng``."""
    for part in ('img1', 'gt', 'det'):
        (folder / part).mkdir()
    truth, detections = [], []
    for frame_id in range(1, num_frames + 1):
        image, people = scene.render(frame_id - 1)
        path = folder / 'img1' / f'{frame_id:06d}.jpg'
        if not cv2.imwrite(str(path), image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]):
            raise OSError(f'{path}: could not be written')
        for person_id, box, visible in people:
            row = (frame_id, person_id, *box.tolist(), visible)
            truth.append(GROUND_TRUTH_LINE.format(*row))
        for box, score in _detect(people, scene, rng):
            detections.append(DETECTION_LINE.format(frame_id, *box, score))
    for name, lines in (('gt', truth), ('det', detections)):
        (folder / name / f'{name}.txt').write_text(''.join(lines), newline='\n')


@dataclass(frozen=True)
class _Person:
    """A look and a script; lengths in pixels of the image, times in frames.

    Walkers go to and fro between two turning points, some of them out of sight.
    """

    look: Appearance
    turns: tuple[float, float]
    start: float
    speed: float
    ground: float
    drift: float
    body: float
    tempo: float

    def pose(self, time: float, scale: float, origin: float) -> Pose:
        """The pose in a canvas whose x axis starts at ``-origin`` pixels."""
        low, high = self.turns
        way = self.start + self.speed * time
        lap = way % (2 * (high - low)) if high > low else 0.0
        forth = lap <= high - low
        x = low + lap if forth else 2 * high - low - lap
        y = self.ground + self.drift * math.sin(self.tempo * time)
        body = self.body * (1 + (y - self.ground) / self.ground)
        walks = self.speed > 0
        facing = 1 if forth else -1
        if not walks:
            facing = 1 if self.start > 0 else -1
        return Pose(
            x=(x + origin) * scale,
            y=y * scale,
            height=body * scale,
            facing=facing,
            phase=2 * math.pi * way / (STRIDE * self.body) if walks else 0.0,
            stride=1.0 if walks else 0.12,
            gesture=0.0 if walks else max(0.0, math.sin(self.tempo * time)),
        )


class _Scene:
    """The background, the people, and what of them is seen in a frame."""

    def __init__(
        self, width: int, height: int, fps: float, num_people: int, seed: int
    ) -> None:
        self.width, self.height, self.seed = width, height, seed
        self.horizon = HORIZON * height
        # Whoever shows a foot in the image is whole inside the margin, so that the
        # hidden part of a silhouette can be counted.
        self.margin = round(0.75 * height)
        rng = np.random.default_rng([seed, 0])
        self.background = paint_street(
            rng, OVERSAMPLING * (width + 2 * self.margin), OVERSAMPLING * height
        )
        self.people = self._cast(rng, num_people, fps)
        size = (height + GRAIN_SHIFT, width + GRAIN_SHIFT, 3)
        self.grain = np.round(rng.normal(0, 2.5, size)).astype(np.int16)

    def render(
        self, time: int
    ) -> tuple[np.ndarray, list[tuple[int, np.ndarray, float]]]:
        """The image, and of everyone in it the id, the box and the visible fraction.

        A box is (4,) int64 left, top, width, height around the whole silhouette and
        may reach out of the picture.
        """
        canvas = self.background.copy()
        owner = np.zeros(canvas.shape[:2], np.uint16)
        poses = [p.pose(time, OVERSAMPLING, self.margin) for p in self.people]
        silhouettes = {}
        for index in sorted(range(len(poses)), key=lambda i: poses[i].y):
            look = self.people[index].look
            mask, (x, y) = draw_figure(canvas, look, poses[index])
            if mask.any():
                owner[y : y + mask.shape[0], x : x + mask.shape[1]][mask] = index + 1
                silhouettes[index + 1] = mask, (x, y)
        left = OVERSAMPLING * self.margin
        inside = slice(left, left + OVERSAMPLING * self.width)
        image = cv2.resize(
            canvas[:, inside], (self.width, self.height), interpolation=cv2.INTER_AREA
        )
        image = self._with_grain(image, time)
        seen = np.bincount(owner[:, inside].ravel(), minlength=len(poses) + 1)
        people = []
        for person_id in sorted(silhouettes):
            box = self._box(*silhouettes[person_id])
            if box[0] < self.width and box[0] + box[2] > 0:
                area = silhouettes[person_id][0].sum()
                people.append((person_id, box, float(seen[person_id] / area)))
        return image, people

    def _with_grain(self, image: np.ndarray, time: int) -> np.ndarray:
        """Camera noise: a window, elsewhere in each frame, of one sheet of grain."""
        rng = np.random.default_rng([self.seed, 2, time])
        y, x = rng.integers(GRAIN_SHIFT, size=2)
        grain = self.grain[y : y + self.height, x : x + self.width]
        return np.clip(image + grain, 0, 255).astype(np.uint8)

    def _box(self, mask: np.ndarray, corner: tuple[int, int]) -> np.ndarray:
        xs = np.flatnonzero(mask.any(axis=0))[[0, -1]] + corner[0]
        ys = np.flatnonzero(mask.any(axis=1))[[0, -1]] + corner[1]
        x1, x2 = xs[0] // OVERSAMPLING, -(-(xs[1] + 1) // OVERSAMPLING)
        y1, y2 = ys[0] // OVERSAMPLING, -(-(ys[1] + 1) // OVERSAMPLING)
        return np.array([x1 - self.margin, y1, x2 - x1, y2 - y1])

    def body_height(self, ground: float) -> float:
        """How tall an average person is whose feet are at that row of the image."""
        return HEIGHT_OVER_DEPTH * (ground - self.horizon)

    def _cast(
        self, rng: np.random.Generator, num_people: int, fps: float
    ) -> list[_Person]:
        depths = np.linspace(0.47, 0.96, num_people)[rng.permutation(num_people)]
        hues = (rng.random() + np.arange(num_people) / num_people) % 1.0
        talkers = 2 if num_people >= 4 else 0
        people = []
        for index in range(num_people):
            look = Appearance.random(rng, float(hues[index]))
            ground = self.height * float(depths[index])
            if index < talkers:
                people.append(self._talker(rng, look, index, fps))
                continue
            body = self.body_height(ground) * float(rng.uniform(0.92, 1.08))
            low, high = rng.uniform((-0.12, 0.78), (0.22, 1.12)) * self.width
            # Half of them set out to the left, so that people meet.
            start = (high - low) * (rng.uniform(0, 0.5) + index % 2)
            pace = float(rng.uniform(0.70, 0.95)) * body / fps
            drift = 0.02 * self.height * float(rng.uniform(-1, 1))
            tempo = 2 * math.pi / (fps * float(rng.uniform(4, 8)))
            turns = (float(low), float(high))
            people.append(
                _Person(look, turns, float(start), pace, ground, drift, body, tempo)
            )
        return people

    def _talker(
        self, rng: np.random.Generator, look: Appearance, index: int, fps: float
    ) -> _Person:
        """One of two who stand in the middle ground, face to face."""
        ground = self.height * (0.66 + 0.004 * index)
        body = self.body_height(ground) * float(rng.uniform(0.94, 1.06))
        x = 0.55 * self.width + (index - 0.5) * 0.62 * body
        facing = 1.0 if index == 0 else -1.0
        tempo = 2 * math.pi * (0.45 + 0.2 * index) / fps
        return _Person(look, (x, x), facing, 0.0, ground, 0.0, body, tempo)


def _detect(
    people: list[tuple[int, np.ndarray, float]],
    scene: _Scene,
    rng: np.random.Generator,
) -> Iterator[tuple[np.ndarray, float]]:
    """What a detector of middling quality would report: (4,) ltwh and a score."""
    for _, box, visible in people:
        missed = rng.random() < 0.03 + 0.75 * (1 - visible) ** 2
        jitter = rng.normal(0, 0.02, 4) * box[3]
        score = 0.93 - 0.6 * (1 - visible) + rng.normal(0, 0.05)
        clipped = _clipped(box + jitter, scene)
        if visible > 0.1 and not missed and clipped[2:].min() > 4:
            yield clipped, float(np.clip(score, 0.05, 0.99))
    for _ in range(rng.poisson(0.2)):
        ground = rng.uniform(0.5, 0.95) * scene.height
        tall = scene.body_height(ground) * rng.uniform(0.7, 1.1)
        left = rng.uniform(0, scene.width - 0.4 * tall)
        box = np.array([left, ground - tall, 0.4 * tall, tall])
        yield _clipped(box, scene), float(rng.uniform(0.1, 0.6))


def _clipped(box: np.ndarray, scene: _Scene) -> np.ndarray:
    x1, y1 = np.clip(box[:2], 0, (scene.width, scene.height))
    x2, y2 = np.clip(box[:2] + box[2:], 0, (scene.width, scene.height))
    return np.array([x1, y1, x2 - x1, y2 - y1])
