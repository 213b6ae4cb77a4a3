"""Painting of shapes with transparency, finer than the image's pixels."""

from __future__ import annotations

import cv2
import numpy as np

BITS = 4
UNIT = 1 << BITS
_ANGLES = np.radians(np.arange(0, 360, 18))
RING = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)
OUTLINE = 0.5  # brightness of a part's rim, which sets it apart from its neighbours


class Brush:
    """A transparent sheet, ``fine`` times finer than the image, and what paints on it.

    Coordinates are those of the image; the sheet keeps its place there. Shapes may
    reach out of the sheet.

    Args:
        left, top: The sheet's corner in the image, may be negative.
        width, height: Its size in image pixels.
        fine: Sheet pixels for each image pixel.
    """

    def __init__(self, left: int, top: int, width: int, height: int, fine: int) -> None:
        self.left, self.top, self.fine = left, top, fine
        self.sheet = np.zeros((height * fine, width * fine, 4), np.uint8)
        self.rim = 1.0  # width of the outline in sheet pixels; 0 for none

    def polygon(self, points: np.ndarray, color: tuple[int, int, int]) -> None:
        """A filled polygon."""
        self._fill([np.asarray(points, float)], color)

    def ellipse(
        self,
        centre: np.ndarray,
        rx: float,
        ry: float,
        color: tuple[int, int, int],
        turn: float = 0.0,
    ) -> None:
        """A filled ellipse, turned by some radians."""
        points = RING * (rx, ry)
        if turn:
            c, s = np.cos(turn), np.sin(turn)
            points = points @ np.array([[c, s], [-s, c]])
        self._fill([np.asarray(centre) + points], color)

    def limb(
        self, joints: list[np.ndarray], widths: list[float], color: tuple[int, int, int]
    ) -> None:
        """Rounded bars from joint to joint, each joint as wide as its ``widths``."""
        shapes = [
            np.asarray(p) + RING * (w / 2) for p, w in zip(joints, widths, strict=True)
        ]
        for a, b, wa, wb in zip(joints, joints[1:], widths, widths[1:], strict=False):
            way = b - a
            length = float(np.hypot(way[0], way[1])) + 1e-6
            across = np.array([-way[1], way[0]]) / (2 * length)
            shapes.append(
                np.array(
                    [a + across * wa, b + across * wb, b - across * wb, a - across * wa]
                )
            )
        self._fill(shapes, color)

    def line(
        self, points: list[np.ndarray], width: float, color: tuple[int, int, int]
    ) -> None:
        """An open line of even width, in image pixels, without an outline."""
        path = self._fixed(np.asarray(points, float))
        thickness = max(1, round(width * self.fine))
        cv2.polylines(
            self.sheet, [path], False, (*color, 255), thickness, cv2.LINE_8, BITS
        )

    def finished(self) -> np.ndarray:
        """(h, w, 4) float32 in image pixels: BGR times alpha, and alpha in 0..1."""
        height, width = self.sheet.shape[:2]
        size = (width // self.fine, height // self.fine)
        small = cv2.resize(self.sheet, size, interpolation=cv2.INTER_AREA)
        layer = small.astype(np.float32)
        layer[..., 3] /= 255
        return layer

    def _fill(self, shapes: list[np.ndarray], color: tuple[int, int, int]) -> None:
        """One part: the union of some convex or simple shapes, with a rim around it."""
        fixed = [self._fixed(shape) for shape in shapes]
        if self.rim:
            rim = (*(int(OUTLINE * c) for c in color), 255)
            thickness = max(1, round(self.rim))
            cv2.polylines(self.sheet, fixed, True, rim, thickness, cv2.LINE_8, BITS)
        for shape in fixed:
            cv2.fillPoly(self.sheet, [shape], (*color, 255), cv2.LINE_8, BITS)

    def _fixed(self, points: np.ndarray) -> np.ndarray:
        corner = (self.left, self.top)
        return np.round(((points - corner) * self.fine - 0.5) * UNIT).astype(np.int32)
