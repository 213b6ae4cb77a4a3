"""The camera in one frame: metres on the ground to pixels of the image."""

from __future__ import annotations

import numpy as np

from .camera import CameraView


class Lens:
    """A resting view, panned and zoomed.

    Args:
        view: The resting camera.
        affine: (2, 3), its pixels to the image's.
    """

    def __init__(self, view: CameraView, affine: np.ndarray) -> None:
        self.view = view
        self.affine = affine

    def point(self, x: float, z: float, up: float = 0.0) -> np.ndarray:
        """(2,) where a point ``up`` metres above the ground is seen."""
        px, py = self.view.project(x, z, up)
        return self.affine[:, :2] @ (float(px), float(py)) + self.affine[:, 2]

    def scale(self, z: float) -> float:
        """Pixels a metre at the distance z."""
        return float(self.affine[0, 0] * self.view.scale(z))
