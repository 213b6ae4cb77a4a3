"""The camera: metres on the ground to pixels, and how it pans, zooms and shakes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

HORIZON = 0.15  # of the image's height
EYE_HEIGHT = 2.43  # metres; a little above the heads
PANORAMA = 1.3  # width of the painted backdrop over that of the image
# Of a point behind another at the same height, how much higher it is seen.
DEPTH_TILT = 0.2


@dataclass(frozen=True)
class CameraPath:
    """What the camera does over a clip, in fractions of the image's width.

    Attributes:
        pan: (T,) shift of the view to the right.
        rise: (T,) shift of the view downwards (only shaking).
        zoom: (T,) magnification about the middle of the image.
    """

    pan: np.ndarray
    rise: np.ndarray
    zoom: np.ndarray

    @classmethod
    def still(cls, num_frames: int) -> CameraPath:
        """A camera on a tripod."""
        return cls(np.zeros(num_frames), np.zeros(num_frames), np.ones(num_frames))

    @classmethod
    def random(cls, rng: np.random.Generator, num_frames: int) -> CameraPath:
        """Half of the cameras stand still; others pan or zoom slowly, some shake."""
        time = np.linspace(0, 1, num_frames)
        pan, zoom = np.zeros(num_frames), np.ones(num_frames)
        move = rng.choice(['still', 'pan', 'zoom'], p=[0.5, 0.3, 0.2])
        if move == 'pan':
            start, stop = rng.uniform(0.015, 0.045, 2) * rng.choice([-1, 1])
            pan = -start + (start + stop) * time
        if move == 'zoom':
            gain = rng.uniform(0.04, 0.1)
            zoom = 1 + gain * (time if rng.random() < 0.5 else 1 - time)
        rise = np.zeros(num_frames)
        if rng.random() < 0.3:
            pan = pan + rng.normal(0, 0.0015, num_frames)
            rise = rng.normal(0, 0.0015, num_frames)
        return cls(pan.round(5), rise.round(5), zoom.round(5))

    def affine(self, frame: int, width: int, height: int) -> np.ndarray:
        """(2, 3): pixels of the resting camera to pixels of the image."""
        zoom = self.zoom[frame]
        shift = np.array([self.pan[frame], self.rise[frame]]) * width
        centre = np.array([width, height]) / 2
        offset = centre - zoom * (centre + shift)
        return np.array([[zoom, 0, offset[0]], [0, zoom, offset[1]]])


@dataclass(frozen=True)
class CameraView:
    """The resting camera's image.

    The ground is measured in metres, x to the right of the middle, z away from the
    camera; the focal length equals the width, so that at a distance of z metres z
    metres of ground fit between the image's sides.
    """

    width: int
    height: int

    def project(
        self, x: np.ndarray | float, z: np.ndarray | float, up: np.ndarray | float = 0.0
    ) -> tuple[np.ndarray, np.ndarray]:
        """Pixels of points ``up`` metres above the ground."""
        scale = self.scale(z)
        px = self.width / 2 + np.asarray(x) * scale
        py = HORIZON * self.height + (EYE_HEIGHT - np.asarray(up)) * scale
        return px, py

    def scale(self, z: np.ndarray | float) -> np.ndarray:
        """Pixels a metre at the distance z."""
        return self.width / np.asarray(z)
