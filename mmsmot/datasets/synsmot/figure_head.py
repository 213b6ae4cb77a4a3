"""Drawing of heads: the face's side, hair and hats."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .appearance import Appearance, appearance_color_bgr
from .brush import Brush
from .pose import ADULT, CHILD

EYE = (38, 30, 30)
LIPS = (80, 80, 160)
EYES_APART = 0.42  # radians left and right of the nose


@dataclass(frozen=True)
class FigureHead:
    """A head in the image.

    Attributes:
        look: Whose it is.
        centre: (2,) pixels.
        unit: Body height in pixels.
        heading: Where the face looks, radians; 0 right, pi/2 away from the camera.
    """

    look: Appearance
    centre: np.ndarray
    unit: float
    heading: float

    @property
    def radii(self) -> tuple[float, float]:
        """Half width and half height in pixels."""
        rx, ry = (CHILD if self.look.is_child else ADULT).head
        return rx * self.unit, ry * self.unit

    @property
    def right(self) -> float:
        """1 for a profile to the right, -1 to the left."""
        return math.cos(self.heading)

    @property
    def toward(self) -> float:
        """1 for a face turned to the camera, -1 for the back of the head."""
        return -math.sin(self.heading)

    def at(self, x: float, y: float) -> np.ndarray:
        """(2,) a point given in radii from the centre, y down."""
        rx, ry = self.radii
        return self.centre + np.array([x * rx, y * ry])

    def draw(self, brush: Brush) -> None:
        """Skull, hair, face, hat."""
        rx, ry = self.radii
        brush.ellipse(self.centre, rx, ry, self.look.skin)
        if self.toward > -0.85:
            crown = self.at(-0.06 * self.right, -0.14)
            brush.ellipse(crown, 1.04 * rx, 0.92 * ry, self.look.hair)
            self._face(brush)
        else:
            brush.ellipse(self.at(0, -0.06), 1.04 * rx, 0.98 * ry, self.look.hair)
        if self.look.hat:
            self._hat(brush)

    def draw_long_hair(self, brush: Brush) -> None:
        """What hangs from the head: behind the neck of someone who looks at us."""
        rx, ry = self.radii
        style, hair = self.look.hair_style, self.look.hair
        back = -self.right
        if style == 'long':
            joints = [self.at(0.2 * back, 0), self.at(0.5 * back, 1.45)]
            brush.limb(joints, [2.2 * rx, 2.0 * rx - 0.4 * abs(back) * rx], hair)
        elif style == 'bun':
            brush.ellipse(self.at(0.75 * back, -0.85), 0.5 * rx, 0.45 * ry, hair)
        elif style == 'ponytail':
            joints = [self.at(0.9 * back, -0.35), self.at(1.5 * back, 0.4)]
            joints.append(self.at(1.45 * back, 1.15))
            brush.limb(joints, [0.65 * rx, 0.6 * rx, 0.25 * rx], hair)
        elif style == 'pigtails':
            for side in (-1, 1):
                across = -side * self.toward
                root = self.at(0.95 * across + 0.35 * back, -0.05)
                end = self.at(1.5 * across + 0.6 * back, 1.0)
                brush.limb([root, end], [0.6 * rx, 0.45 * rx], hair)

    def _face(self, brush: Brush) -> None:
        """Skin where the face is turned to, eyes, and in profile a nose."""
        rim, brush.rim = brush.rim, 0
        rx, ry = self.radii
        right, front = self.right, max(0.0, self.toward)
        hairline = {'crew': 0.14, 'short': 0.2}.get(self.look.hair_style, 0.24)
        if abs(right) > 0.55:
            brush.ellipse(
                self.at(right * 1.03, 0.2), 0.2 * rx, 0.15 * ry, self.look.skin
            )
        if self.toward > -0.6:
            wide = rx * (0.68 + 0.22 * front)
            brush.ellipse(
                self.at(right * 0.34, hairline), wide, 0.8 * ry, self.look.skin
            )
        for side in (-1, 1):
            angle = side * EYES_APART
            x = right * math.cos(angle) - self.toward * math.sin(angle)
            depth = self.toward * math.cos(angle) + right * math.sin(angle)
            if depth > -0.35 and abs(x) < 0.97:
                brush.ellipse(self.at(x * 0.86, 0.08), 0.1 * rx, 0.13 * ry, EYE)
        if front > 0.3:
            brush.ellipse(
                self.at(right * 0.7, 0.58), 0.26 * rx * front, 0.06 * ry, LIPS
            )
        brush.rim = rim

    def _hat(self, brush: Brush) -> None:
        """A cap: its peak shows where the face looks."""
        rx, ry = self.radii
        color, front = appearance_color_bgr(self.look.hat), max(0.0, self.toward)
        arc = np.radians(np.arange(180, 361, 15))
        dome = np.stack([1.1 * rx * np.cos(arc), 0.95 * ry * np.sin(arc)], axis=1)
        brush.polygon(self.at(0, -0.3) + dome, color)
        if self.toward > -0.6:
            peak = self.at(0.95 * self.right, -0.3 + 0.14 * front)
            half = np.array([(0.35 + 0.45 * front) * rx, 0])
            brush.limb([peak - half, peak + half], [0.2 * ry, 0.2 * ry], color)
