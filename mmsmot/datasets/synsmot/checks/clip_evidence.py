"""What the files of a clip show: boxes over time, colours in them, the camera's motion.

Nothing here knows how a clip was made: images, ``gt.txt`` and text files are all it
reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from defusedxml import ElementTree

from ....utils.json_file import read_json
from ....utils.text_file import read_text
from ...image_decoder import read_image

# Hue in OpenCV's half degrees, saturation, value: from, to.
_HSV: dict[str, tuple[tuple[float, float], tuple[float, float], tuple[float, float]]]
_HSV = {
    'red': ((-8, 6), (0.5, 1.01), (0.42, 1.01)),
    'orange': ((7, 18), (0.62, 1.01), (0.64, 1.01)),
    'yellow': ((20, 33), (0.45, 1.01), (0.6, 1.01)),
    'green': ((38, 75), (0.4, 1.01), (0.25, 0.85)),
    'blue': ((98, 120), (0.45, 1.01), (0.35, 1.01)),
    'purple': ((128, 156), (0.4, 1.01), (0.3, 0.85)),
    'pink': ((156, 178), (0.18, 0.62), (0.6, 1.01)),
    'white': ((-90, 180), (0.0, 0.2), (0.66, 1.01)),
    'black': ((-90, 180), (0.0, 1.01), (0.0, 0.27)),
    'gray': ((-90, 180), (0.0, 0.24), (0.3, 0.68)),
    'brown': ((4, 22), (0.35, 1.01), (0.18, 0.58)),
}
_Crop = Callable[[np.ndarray], tuple[int, int, int, int]]
COLORS = tuple(_HSV)
SPANS = 'semantic_trajectories.json'
CAMERA_STRIDE = 3  # frames; slow cameras move less than a pixel in one


def clip_color_mask(image: np.ndarray, color: str) -> np.ndarray:
    """Where an image has a colour.

    Args:
        image: (H, W, 3) uint8 BGR.
        color: One of :data:`COLORS`.

    Returns:
        (H, W) bool.
    """
    hue, saturation, value = _HSV[color]
    hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV).astype(np.float32)
    h, s, v = hsv[..., 0], hsv[..., 1] / 255, hsv[..., 2] / 255
    if hue[0] < 0:
        h = np.where(h > 90, h - 180, h)
    inside = [
        (x >= low) & (x <= high)
        for x, (low, high) in ((h, hue), (s, saturation), (v, value))
    ]
    return np.logical_and.reduce(inside)


class ClipEvidence:
    """A clip as its files show it.

    Args:
        folder: The sequence's.

    Attributes:
        ids: Of the trajectories, sorted.
        rows: (R, 7) frame from 1, id, left, top, width, height, visible fraction.
        labels: (R,) class of each.
        names, captions: From ``instance_captions.txt``, line by line.

    Raises:
        FileNotFoundError: A file is missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        table = np.loadtxt(self.folder / 'gt' / 'gt.txt', delimiter=',', ndmin=2)
        self.rows = table[:, [0, 1, 2, 3, 4, 5, 8]]
        self.labels = table[:, 7].astype(int)
        self.ids = sorted({int(i) for i in self.rows[:, 1]})
        lines = self._text('instance_captions.txt').splitlines()
        pairs = [line.partition(': ') for line in lines if line.strip()]
        self.names = [name for name, _, _ in pairs]
        self.captions = [caption for _, _, caption in pairs]
        self.summary = self._text('video_caption.txt').strip()
        path = self.folder / SPANS
        semantics = read_json(path)
        if not isinstance(semantics, dict) or 'trajectories' not in semantics:
            raise ValueError(f'{path}: there is no list "trajectories"')
        self.interactions: list[dict] = semantics['trajectories']
        self.image_paths = sorted((self.folder / 'imgs').glob('*.jpg'))
        self._images: dict[int, np.ndarray] = {}

    def _text(self, name: str) -> str:
        return read_text(self.folder / name)

    def name(self, person: int) -> str:
        """Name of a trajectory, '?' where no line of captions is left for it."""
        return self.names[person - 1] if 0 < person <= len(self.names) else '?'

    def interaction_rows(self) -> Iterator[tuple[int, str, int, int, int]]:
        """subject, verb, object, first and last frame (from 1) of each interaction."""
        for interaction in self.interactions:
            yield tuple(
                interaction[k] for k in ('subject', 'verb', 'object', 'start', 'end')
            )

    @property
    def num_frames(self) -> int:
        """How many images there are."""
        return len(self.image_paths)

    def image(self, frame: int) -> np.ndarray:
        """(H, W, 3) uint8 BGR of a frame, from 1."""
        if frame not in self._images:
            self._images[frame] = read_image(self.image_paths[frame - 1])
        return self._images[frame]

    @cached_property
    def expressions(self) -> dict[str, dict]:
        """File name to what the file holds."""
        folder = self.folder / 'expressions'
        return {path.name: read_json(path) for path in sorted(folder.glob('*.json'))}

    @cached_property
    def graph(self) -> tuple[list[str], list[tuple[str, str, list[str]]]]:
        """Names of the nodes, and (source, target, verbs) of every edge."""
        text = self._text('interactions.graphml')
        root = ElementTree.fromstring(text, forbid_dtd=True)
        nodes = [n.get('id', '') for n in root.iter() if n.tag.endswith('}node')]
        edges = [
            (
                e.get('source', ''),
                e.get('target', ''),
                ''.join(e.itertext()).strip().split(','),
            )
            for e in root.iter()
            if e.tag.endswith('}edge')
        ]
        return nodes, edges

    @cached_property
    def camera(self) -> np.ndarray:
        """(T, 3, 3) pixels of a frame to those of the first, from the images alone."""
        total = [np.eye(3)]
        frames = list(range(1, self.num_frames + 1, CAMERA_STRIDE))
        for before, after in zip(frames, frames[1:], strict=False):
            total.append(total[-1] @ self._moved(after, before))
        steps = np.stack(total)
        where = np.arange(1, self.num_frames + 1)
        flat = [np.interp(where, frames, steps[:, i, j]) for i, j in np.ndindex(3, 3)]
        return np.stack(flat, axis=-1).reshape(-1, 3, 3)

    def _moved(self, source: int, target: int) -> np.ndarray:
        """(3, 3) of background points between two frames; people are left out."""
        one, two = (
            cv2.cvtColor(self.image(f), cv2.COLOR_BGR2GRAY) for f in (source, target)
        )
        mask = np.full(one.shape, 255, np.uint8)
        for x, y, w, h in self.rows[self.rows[:, 0] == source, 2:6].astype(int):
            mask[max(y - 2, 0) : y + h + 2, max(x - 2, 0) : x + w + 2] = 0
        points = cv2.goodFeaturesToTrack(one, 150, 0.01, 5, mask=mask)
        if points is None:
            return np.eye(3)
        moved, found, _ = cv2.calcOpticalFlowPyrLK(one, two, points, None)
        found = found.ravel() == 1
        if found.sum() < 6:
            return np.eye(3)
        cv2.setRNGSeed(0)
        matrix, _ = cv2.estimateAffinePartial2D(points[found], moved[found])
        return np.eye(3) if matrix is None else np.vstack([matrix, [0, 0, 1]])

    @cached_property
    def tracks(self) -> dict[int, EvidenceTrack]:
        """Every person's boxes, the camera's motion taken out."""
        return {
            i: EvidenceTrack(self.rows[self.rows[:, 1] == i], self.camera)
            for i in self.ids
        }

    def share_of(self, person: int, color: str, part: tuple[float, float]) -> float:
        """How much of a part of somebody has a colour.

        Args:
            person: The id.
            color: One of :data:`COLORS`.
            part: From and to in fractions of the box's height; below 0 is above the box.

        Returns:
            Share of the part's pixels, the median of the four best of eight clear
            frames: a body turns, and arms and things pass before it.
        """
        rows = self.clear_rows(person)
        return self._best(rows, color, lambda box: _band(box, part))

    def near(self, person: int, color: str) -> float:
        """How much of somebody's surroundings has a colour, box area as unit.

        The best of 16 frames: a thing may be in somebody's hands for a moment only.
        """
        rows = _some(self.rows[self.rows[:, 1] == person], 16)
        return self._best(rows, color, _around, unit=True)

    def clear_rows(self, person: int, count: int = 8) -> np.ndarray:
        """(R, 7) of frames in which somebody is seen best, spread over the clip."""
        rows = self.rows[self.rows[:, 1] == person]
        clear = rows[rows[:, 6] >= min(0.9, np.quantile(rows[:, 6], 0.6))]
        return _some(clear, count)

    def _best(
        self, rows: np.ndarray, color: str, crop: _Crop, unit: bool = False
    ) -> float:
        shares = []
        for row in rows:
            x0, y0, x1, y1 = crop(row[2:6])
            part = self.image(int(row[0]))[max(y0, 0) : y1, max(x0, 0) : x1]
            if part.size:
                mask = clip_color_mask(part, color)
                area = row[4] * row[5] if unit else mask.size
                shares.append(mask.sum() / area)
        best = sorted(shares)[-1:] if unit else sorted(shares)[-4:]
        return float(np.median(best)) if best else 0.0


class EvidenceTrack:
    """Somebody's box over time, as a resting camera would see it.

    Args:
        rows: (R, 7) of one id, frames ascending.
        camera: (T, 3, 3) pixels of every frame to those of the first.

    Attributes:
        frames: (R,) from 1.
        left, right, bottom, height: (R,) pixels.
    """

    def __init__(self, rows: np.ndarray, camera: np.ndarray) -> None:
        self.frames = rows[:, 0].astype(int)
        moves = camera[self.frames - 1]
        zoom = np.hypot(moves[:, 0, 0], moves[:, 1, 0])

        def point(x: np.ndarray, y: np.ndarray) -> np.ndarray:
            return np.einsum('nij,nj->ni', moves, np.stack([x, y, np.ones_like(x)], 1))

        x, y, w, h = rows[:, 2:6].T
        self.left, _, _ = point(x, y).T
        self.right, self.bottom, _ = point(x + w, y + h).T
        self.height = h * zoom
        self.visible = rows[:, 6]

    @property
    def x(self) -> np.ndarray:
        """(R,) middle of the box."""
        return (self.left + self.right) / 2

    @cached_property
    def size(self) -> float:
        """Pixels from foot to crown, standing; the unit of all distances."""
        return float(np.quantile(self.height, 0.8))

    def during(self, start: int, end: int) -> np.ndarray:
        """(R,) which rows lie in a span, both ends included."""
        return (self.frames >= start) & (self.frames <= end)


def _some(rows: np.ndarray, count: int) -> np.ndarray:
    if len(rows) <= count:
        return rows
    return rows[np.linspace(0, len(rows) - 1, count).round().astype(int)]


def _band(box: np.ndarray, part: tuple[float, float]) -> tuple[int, int, int, int]:
    x, y, w, h = box
    top, bottom = round(y + part[0] * h), round(y + part[1] * h)
    return int(x), int(top), int(x + w), max(int(bottom), int(top) + 1)


def _around(box: np.ndarray) -> tuple[int, int, int, int]:
    x, y, w, h = box
    return (
        int(x - 0.55 * h),
        int(y - 0.2 * h),
        int(x + w + 0.55 * h),
        int(y + 1.15 * h),
    )
