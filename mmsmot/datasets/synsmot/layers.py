"""Layers of paint over a canvas, and what stays visible of whom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from .props import PropLayer


@dataclass
class Silhouette:
    """A person's or a thing's alpha inside the image, and what of it is still uncovered.

    Attributes:
        left, top: Image x, y of the alpha's corner.
        alpha: (h, w) opacity.
        uncovered: (h, w) the part of it that nothing nearer hides so far.
        total: Sum of the whole silhouette's alpha, outside of the image too.
    """

    left: int
    top: int
    alpha: np.ndarray
    uncovered: np.ndarray
    total: float

    @property
    def box(self) -> tuple[int, int, int, int]:
        """left, top, width, height of what is mostly opaque; zeros for nothing."""
        solid = self.alpha > 0.5
        xs, ys = np.flatnonzero(solid.any(axis=0)), np.flatnonzero(solid.any(axis=1))
        if not len(xs):
            return 0, 0, 0, 0
        return (
            self.left + int(xs[0]),
            self.top + int(ys[0]),
            int(xs[-1] - xs[0]) + 1,
            int(ys[-1] - ys[0]) + 1,
        )

    @property
    def visibility(self) -> float:
        """Share of the whole silhouette that nothing covers and no side cuts off."""
        return float(self.uncovered.sum() / max(self.total, 1e-6))

    def cover(self, left: int, top: int, alpha: np.ndarray) -> None:
        """Something nearer, that starts at left, top, hides a part."""
        height, width = alpha.shape
        x0, y0 = max(left, self.left), max(top, self.top)
        x1 = min(left + width, self.left + self.alpha.shape[1])
        y1 = min(top + height, self.top + self.alpha.shape[0])
        if x0 < x1 and y0 < y1:
            overlap = np.s_[
                y0 - self.top : y1 - self.top, x0 - self.left : x1 - self.left
            ]
            self.uncovered[overlap] *= (
                1 - alpha[y0 - top : y1 - top, x0 - left : x1 - left]
            )


def paint_layers(
    canvas: np.ndarray, layers: Iterable[PropLayer]
) -> dict[int, Silhouette]:
    """Paint layers over the canvas, the farthest first.

    Returns:
        Silhouettes by the id of a person or object, or by minus the number of a thing;
        none of what is outside the canvas.
    """
    silhouettes: dict[int, Silhouette] = {}
    for layer in sorted(layers, key=lambda layer: -layer.depth):
        _paint(canvas, layer, silhouettes)
    return silhouettes


def darken_ground(canvas: np.ndarray, shade: np.ndarray, softness: float) -> None:
    """Darken the canvas by shadows.

    Args:
        canvas: (H, W, 3) float32, changed.
        shade: (H, W) float32, what each shadow takes of the light.
        softness: Deviation of their edges, in widths of the canvas.
    """
    deviation = max(1.0, softness * canvas.shape[1])
    canvas *= (1 - cv2.GaussianBlur(shade, (0, 0), deviation))[..., None]


def _paint(
    canvas: np.ndarray, layer: PropLayer, silhouettes: dict[int, Silhouette]
) -> None:
    """A layer over the canvas and over all silhouettes painted before."""
    height, width = canvas.shape[:2]
    x, y = layer.corner
    h, w = layer.pixels.shape[:2]
    x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + w, width), min(y + h, height)
    if x0 >= x1 or y0 >= y1:
        return
    pixels = layer.pixels[y0 - y : y1 - y, x0 - x : x1 - x]
    alpha = pixels[..., 3]
    region = canvas[y0:y1, x0:x1]
    region *= 1 - alpha[..., None]
    region += pixels[..., :3]
    for silhouette in silhouettes.values():
        silhouette.cover(x0, y0, alpha)
    if layer.owner or layer.thing:
        total = float(layer.pixels[..., 3].sum())
        silhouettes[layer.owner or -layer.thing] = Silhouette(
            x0, y0, alpha, alpha.copy(), total
        )
