"""The surveillance camera: high above the street, tilted down, fixed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class StreetView:
    """A pinhole camera that looks along z, over the ground's x (right) and z (away).

    Attributes:
        width, height: Of the image in pixels.
        eye_height: Metres above the ground.
        tilt: Radians below the horizon.
        focal: Focal length over the image's width.
    """

    width: int
    height: int
    eye_height: float
    tilt: float
    focal: float

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pixels (N, 2) and distances (N,) of points (N, 3): x, z, metres above ground."""
        x, z, up = np.asarray(points, float).T
        below = up - self.eye_height
        cos, sin = np.cos(self.tilt), np.sin(self.tilt)
        distance = z * cos - below * sin
        rise = below * cos + z * sin
        pixels = self.focal * self.width / distance
        px = self.width / 2 + x * pixels
        py = self.height / 2 - rise * pixels
        return np.stack([px, py], axis=1), distance

    def point(self, x: float, z: float, up: float = 0.0) -> np.ndarray:
        """(2,) where a point is seen."""
        return self.project(np.array([[x, z, up]]))[0][0]

    def scale(self, z: float) -> float:
        """Pixels a metre on the ground at z."""
        distance = self.project(np.array([[0.0, z, 0.0]]))[1][0]
        return float(self.focal * self.width / distance)

    def ground_to_image(self) -> np.ndarray:
        """(3, 3) homography from metres x, z on the ground to pixels."""
        corners = np.array([[-5, 12, 0], [5, 12, 0], [-8, 30, 0], [8, 30, 0]], float)
        pixels, _ = self.project(corners)
        rows = []
        for (x, z, _), (u, v) in zip(corners, pixels, strict=True):
            rows.append([x, z, 1, 0, 0, 0, -u * x, -u * z, -u])
            rows.append([0, 0, 0, x, z, 1, -v * x, -v * z, -v])
        _, _, vectors = np.linalg.svd(np.array(rows))
        return (vectors[-1] / vectors[-1, -1]).reshape(3, 3)


def random_view(rng: np.random.Generator, width: int, height: int) -> StreetView:
    """A camera on a pole of 6.5 to 8 metres."""
    return StreetView(
        width,
        height,
        eye_height=round(float(rng.uniform(6.5, 8.0)), 3),
        tilt=round(float(rng.uniform(0.40, 0.46)), 4),
        focal=round(float(rng.uniform(0.95, 1.1)), 3),
    )
