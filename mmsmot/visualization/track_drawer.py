"""Drawing tracks into an image: boxes, ids, trails."""

from __future__ import annotations

import colorsys
from collections import deque
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import cv2
import numpy as np

from ..structures import valid_boxes
from ..utils.number_ranges import NON_NEGATIVE_INT, require_numbers
from .text_drawing import (
    TEXT_SIZE,
    cut_text,
    draw_text,
    drawable_text,
    text_color_on,
    text_width,
)

# Successive multiples of the golden ratio, modulo 1, spread over the circle of hues
# more evenly than any other step; a change of tone sets those apart that come close.
GOLDEN_RATIO = 0.618033988749895
TONES = ((0.80, 1.0), (0.55, 1.0), (0.95, 0.70))  # saturation, value

LABEL_PART = 1 / 48  # of the image's shorter side: pixels of an em
SUBPIXEL_BITS = 4
TRAIL_STEPS = 6  # levels of fading
FAINTEST = 0.15


@lru_cache(maxsize=4096)
def track_color(track_id: int) -> tuple[int, int, int]:
    """The BGR colour, 0 to 255, that an id has in every image."""
    hue = track_id * GOLDEN_RATIO % 1.0
    rgb = colorsys.hsv_to_rgb(hue, *TONES[track_id % len(TONES)])
    red, green, blue = (round(255 * channel) for channel in rgb)
    return blue, green, red


def draw_tracks(
    image: np.ndarray,
    ids: np.ndarray,
    boxes: np.ndarray,
    scores: np.ndarray | None = None,
    labels: Sequence[object] | None = None,
    trails: Sequence[np.ndarray] | None = None,
) -> np.ndarray:
    """Draw the tracks of one frame.

    Args:
        image: (H, W, 3) uint8 BGR; not changed.
        ids: (N,) track ids; each has its own colour.
        boxes: (N, 4) x1, y1, x2, y2 in pixels. Boxes are clipped to the image; those
            wholly outside, and those with a value that is not finite, are not drawn.
        scores: (N,) written behind the id.
        labels: N texts (or numbers) written behind the id.
        trails: N arrays (L, 2) of points x, y in pixels, the oldest first.

    Returns:
        A new image of the same shape.

    Raises:
        ValueError: The image is not (H, W, 3) uint8, or counts differ.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(
            f'expected an image (H, W, 3) uint8, got {image.shape} {image.dtype}'
        )
    columns = dict(boxes=boxes, scores=scores, labels=labels, trails=trails)
    for name, column in columns.items():
        if column is not None and len(column) != len(ids):
            raise ValueError(f'{len(ids)} ids but {len(column)} {name}')
    track_ids = [int(track_id) for track_id in ids]
    canvas = image.copy()
    width = max(1, round(min(image.shape[:2]) / 400))
    if trails is not None:
        _draw_trails(canvas, image, track_ids, trails, width)
    corners, drawn_rows = _pixel_corners(boxes, image.shape)
    for row in drawn_rows:
        x1, y1, x2, y2 = corners[row]
        cv2.rectangle(canvas, (x1, y1), (x2, y2), track_color(track_ids[row]), width)
    for row in drawn_rows:  # after all boxes, so that no edge crosses a text
        text = _text(track_ids[row], labels, scores, row)
        _draw_text(canvas, text, corners[row], track_color(track_ids[row]), width)
    return canvas


class TrackDrawer:
    """Draws the tracks of one frame after another, with trails.

    Args:
        trail_length: Points in a trail, 0 for none. A track without a box for as
            many frames loses its trail, so the memory held is bounded by the tracks alive.
    """

    def __init__(self, trail_length: int = 30) -> None:
        require_numbers('TrackDrawer', NON_NEGATIVE_INT, trail_length=trail_length)
        self.trail_length = trail_length
        self.reset()

    def reset(self) -> None:
        """Forget the trails: the next image is the first of a new video."""
        self._points: dict[int, deque[tuple[float, float]]] = {}
        self._last_seen: dict[int, int] = {}
        self._frame = 0

    def draw(
        self,
        image: np.ndarray,
        ids: np.ndarray,
        boxes: np.ndarray,
        scores: np.ndarray | None = None,
        labels: Sequence[object] | None = None,
    ) -> np.ndarray:
        """Draw the next frame's tracks; arguments as in :func:`draw_tracks`."""
        trails = None
        if self.trail_length:
            self._remember(ids, np.asarray(boxes, dtype=np.float64).reshape(-1, 4))
            trails = [np.array(self._points.get(int(i), ())) for i in ids]
        return draw_tracks(image, ids, boxes, scores, labels, trails)

    def _remember(self, ids: np.ndarray, boxes: np.ndarray) -> None:
        self._frame += 1
        feet = np.column_stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]])
        for track_id, foot, is_box in zip(
            ids, feet.tolist(), valid_boxes(boxes), strict=True
        ):
            if is_box:
                trail = self._points.setdefault(
                    int(track_id), deque(maxlen=self.trail_length)
                )
                trail.append(tuple(foot))
                self._last_seen[int(track_id)] = self._frame
        oldest = self._frame - self.trail_length
        for track_id in [
            i for i, last_frame in self._last_seen.items() if last_frame <= oldest
        ]:
            del self._points[track_id], self._last_seen[track_id]


def _pixel_corners(
    boxes: np.ndarray, shape: tuple[int, ...]
) -> tuple[list[list[int]], list[int]]:
    """Corners inside the image, and the rows of boxes that are not empty there."""
    height, width = shape[:2]
    boxes = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    limits = [width, height, width, height]
    finite = np.isfinite(boxes).all(axis=1, keepdims=True)
    clipped = np.clip(np.where(finite, boxes, 0.0), 0, limits)
    drawn_rows = np.flatnonzero(valid_boxes(clipped)).tolist()
    corners = np.minimum(np.round(clipped), np.subtract(limits, 1)).astype(int)
    return corners.tolist(), drawn_rows


def _text(
    track_id: int,
    labels: Sequence[object] | None,
    scores: np.ndarray | None,
    row: int,
) -> str:
    text = str(track_id)
    if labels is not None:
        text += f' {labels[row]}'
    if scores is not None:
        text += f' {scores[row]:.2f}'
    return text


def _draw_text(
    canvas: np.ndarray,
    text: str,
    corners: list[int],
    color: tuple[int, int, int],
    width: int,
) -> None:
    """Text on a plate of the track's colour: above the box, or inside at the edge."""
    height_px, width_px = canvas.shape[:2]
    size = max(TEXT_SIZE, round(LABEL_PART * min(height_px, width_px)))
    text = cut_text(drawable_text(text), max(width_px - 2 * width, 0), size)
    plate_width, plate_height = text_width(text, size) + 2 * width, round(1.25 * size)
    x = max(0, min(corners[0], width_px - plate_width))
    top = corners[1] - plate_height
    top = corners[1] if top < 0 else top
    bottom = top + plate_height
    cv2.rectangle(canvas, (x, top), (x + plate_width, bottom), color, cv2.FILLED)
    baseline = bottom - round(0.28 * size)
    draw_text(canvas, text, (x + width, baseline), text_color_on(color), size)


def _draw_trails(
    canvas: np.ndarray,
    image: np.ndarray,
    ids: list[int],
    trails: Sequence[np.ndarray],
    width: int,
) -> None:
    """Lines that fade towards the oldest point.

    They are drawn opaque into ``canvas`` and mixed with the untouched ``image`` in one
    pass over the few pixels that a line covers.
    """
    opacity: np.ndarray = np.zeros(image.shape[:2], np.uint8)
    far = 4 * max(image.shape)  # keeps the shifted coordinates inside 32 bits
    for track_id, trail in zip(ids, trails, strict=True):
        if len(trail) < 2:
            continue
        points = np.clip(trail, -far, far) * (1 << SUBPIXEL_BITS)
        points = np.round(points).astype(np.int32)
        ends = np.linspace(0, len(points) - 1, TRAIL_STEPS + 1).round().astype(int)
        for step, (a, b) in enumerate(pairwise(ends), start=1):
            if b == a:
                continue
            line = [points[a : b + 1].reshape(-1, 1, 2)]
            level = round(255 * (FAINTEST + (1 - FAINTEST) * step / TRAIL_STEPS))
            cv2.polylines(
                canvas,
                line,
                False,
                track_color(track_id),
                width,
                cv2.LINE_AA,
                SUBPIXEL_BITS,
            )
            cv2.polylines(
                opacity, line, False, (level,), width + 2, cv2.LINE_8, SUBPIXEL_BITS
            )
    # Flat, since a 2-D nonzero takes several times as long.
    covered = np.flatnonzero(opacity > 0)
    weight = opacity.reshape(-1)[covered, None] / np.float32(255)
    pixels = canvas.reshape(-1, 3)  # a view: a fresh copy is contiguous
    below = image.reshape(-1, 3)[covered]
    mixed = pixels[covered] * weight + below * (1 - weight)
    pixels[covered] = np.round(mixed).astype(np.uint8)
