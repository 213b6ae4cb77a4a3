"""What drives: kinds, sizes, and how they are drawn from any side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..appearance import COLORS, Color
from ..brush import Brush
from ..props import PropLayer
from .view import StreetView

GLASS: Color = (92, 78, 62)
TYRE: Color = (28, 28, 30)
LAMP: Color = (205, 246, 252)
REAR_LAMP: Color = (30, 20, 190)
# Brightness of the faces that look up, to the front or the back, and to a side.
TOP, END, SIDE = 1.06, 0.9, 0.78


@dataclass(frozen=True)
class VehicleShape:
    """Sizes in metres.

    Attributes:
        length, width: Of the body.
        body: Heights of the body's lower and upper edge.
        cabin: Height of the roof.
        cabin_span: Where the cabin stands at its foot and at its roof, from the back (-1)
            to the front (1) of the body.
        speed: Metres a second on a free road, about.
    """

    length: float
    width: float
    body: tuple[float, float]
    cabin: float
    cabin_span: tuple[float, float, float, float]
    speed: float


SHAPES = {
    'car': VehicleShape(4.2, 1.75, (0.3, 0.88), 1.45, (-0.92, 0.5, -0.66, 0.16), 6.5),
    'van': VehicleShape(5.0, 1.95, (0.32, 1.15), 2.25, (-0.99, 0.86, -0.97, 0.55), 6.0),
    'bus': VehicleShape(9.0, 2.4, (0.35, 1.25), 2.95, (-0.99, 0.99, -0.98, 0.97), 5.0),
}
VEHICLE_COLORS = ('red', 'blue', 'white', 'black', 'gray', 'yellow', 'green')


def corners(
    place: np.ndarray, heading: float, along: np.ndarray, across: np.ndarray
) -> np.ndarray:
    """(N, 2) ground points: metres before a vehicle's middle and to its left."""
    c, s = np.cos(heading), np.sin(heading)
    x = place[0] + c * along - s * across
    z = place[1] + s * along + c * across
    return np.stack([x, z], axis=1)


def rectangle(half_length: float, half_width: float) -> tuple[np.ndarray, np.ndarray]:
    """Metres before a body's middle and to its left, (4,) each, of its four corners."""
    return half_length * np.array([-1, 1, 1, -1]), half_width * np.array([-1, -1, 1, 1])


def draw_vehicle(
    kind: str, color: str, place: np.ndarray, heading: float, view: StreetView
) -> PropLayer:
    """The layer of a car, van or bus.

    Args:
        kind: Of :data:`SHAPES`.
        color: Of :data:`VEHICLE_COLORS`.
        place: (2,) x, z of its middle on the ground.
        heading: Radians, 0 to the right, pi/2 away from the camera.
        view: The camera.
    """
    shape = SHAPES[kind]
    half_length, half_width = shape.length / 2, shape.width / 2
    box = _Prism(place, heading, view)
    low, high = shape.body
    outline = np.concatenate(
        [
            box.points(*rectangle(half_length, half_width), height)
            for height in (0.0, shape.cabin)
        ]
    )
    left, top = np.floor(outline.min(axis=0)).astype(int) - 3
    right, bottom = np.ceil(outline.max(axis=0)).astype(int) + 3
    # Small images are painted finer, and made small again.
    scale = 3 if view.width < 700 else 2
    brush = Brush(int(left), int(top), int(right - left), int(bottom - top), scale)
    brush.rim = 1.0
    paint: Color = COLORS[color]
    faces = box.box_faces(half_length, half_width, low, high, paint)
    foot_back, foot_front, roof_back, roof_front = (
        half_length * share for share in shape.cabin_span
    )
    narrow = 0.94 * half_width
    faces_above = box.cabin_faces(
        (foot_back, foot_front, roof_back, roof_front),
        narrow,
        high,
        shape.cabin,
        paint,
    )
    for points, face_color in [
        *box.wheels(half_length, half_width),
        *faces,
        *faces_above,
    ]:
        brush.polygon(points, face_color)
    brush.rim = 0
    for points, lamp_color in box.lamps(half_length, half_width, low, high):
        brush.polygon(points, lamp_color)
    distance = view.project(np.array([[*place, 0.5]]))[1][0]
    return PropLayer(float(distance), brush.finished(), (brush.left, brush.top))


class _Prism:
    """Faces of an upright shape that the camera sees, in the order of painting."""

    def __init__(self, place: np.ndarray, heading: float, view: StreetView) -> None:
        self.place, self.heading, self.view = np.asarray(place), heading, view

    def points(self, along: ArrayLike, across: ArrayLike, up: ArrayLike) -> np.ndarray:
        """(N, 2) pixels."""
        ground = corners(
            self.place, self.heading, np.asarray(along), np.asarray(across)
        )
        height = np.broadcast_to(np.asarray(up, float), len(ground))
        return self.view.project(np.column_stack([ground, height]))[0]

    def is_seen(self, along: float, across: float) -> bool:
        """Whether a face that looks that way is turned to the camera."""
        c, s = np.cos(self.heading), np.sin(self.heading)
        normal = np.array([c * along - s * across, s * along + c * across])
        middle = corners(
            self.place, self.heading, np.array([along]), np.array([across])
        )[0]
        return bool(normal @ (-middle) > 0)  # the camera stands over the origin

    def box_faces(
        self,
        half_length: float,
        half_width: float,
        low: float,
        high: float,
        color: Color,
    ) -> list[tuple[np.ndarray, Color]]:
        faces = []
        heights = [low, low, high, high]
        for side in (-half_width, half_width):
            if self.is_seen(0, side):
                points = self.points(
                    [-half_length, half_length, half_length, -half_length],
                    [side] * 4,
                    heights,
                )
                faces.append((points, _shade(color, SIDE)))
        for end in (-half_length, half_length):
            if self.is_seen(end, 0):
                points = self.points(
                    [end] * 4,
                    [-half_width, half_width, half_width, -half_width],
                    heights,
                )
                faces.append((points, _shade(color, END)))
        top = self.points(*rectangle(half_length, half_width), high)
        return [*faces, (top, _shade(color, TOP))]

    def cabin_faces(
        self,
        span: tuple[float, float, float, float],
        half_width: float,
        low: float,
        high: float,
        color: Color,
    ) -> list[tuple[np.ndarray, Color]]:
        """Panes all around between narrow pillars, and the roof."""
        back, front, roof_back, roof_front = span
        narrow = 0.88 * half_width
        faces: list[tuple[np.ndarray, Color]] = []
        for side, roof_side in ((-half_width, -narrow), (half_width, narrow)):
            if self.is_seen(0, side):
                along = [back, front, roof_front, roof_back]
                across = [side, side, roof_side, roof_side]
                heights = [low, low, high, high]
                faces.append((self.points(along, across, heights), _shade(color, SIDE)))
                faces.append(
                    (self._pane(along, across, heights), _shade(GLASS, SIDE + 0.1))
                )
        for foot, roof in ((back, roof_back), (front, roof_front)):
            if self.is_seen(1 if foot > 0 else -1, 0):
                along = [foot, foot, roof, roof]
                across = [-half_width, half_width, narrow, -narrow]
                heights = [low, low, high, high]
                faces.append((self.points(along, across, heights), _shade(color, END)))
                faces.append((self._pane(along, across, heights), GLASS))
        top = self.points(
            [roof_back, roof_front, roof_front, roof_back],
            [-narrow, -narrow, narrow, narrow],
            high,
        )
        return [*faces, (top, _shade(color, TOP))]

    def _pane(self, along: list, across: list, heights: list) -> np.ndarray:
        """The glass of a face: the face, shrunk towards its middle."""
        table = np.array([along, across, heights], float)
        middle = table.mean(axis=1, keepdims=True)
        along, across, heights = (middle + 0.8 * (table - middle)).tolist()
        return self.points(along, across, heights)

    def wheels(
        self, half_length: float, half_width: float
    ) -> list[tuple[np.ndarray, Color]]:
        angles = np.linspace(0, 2 * np.pi, 14, endpoint=False)
        discs = []
        for side in (-half_width, half_width):
            if self.is_seen(0, side):
                for along in (-0.62 * half_length, 0.62 * half_length):
                    x = along + 0.34 * np.cos(angles)
                    up = 0.34 + 0.34 * np.sin(angles)
                    points = self.points(x, [side] * len(x), up)
                    discs.append((points, TYRE))
        return discs

    def lamps(
        self, half_length: float, half_width: float, low: float, high: float
    ) -> list[tuple[np.ndarray, Color]]:
        """Head lamps to the front, red ones to the back, where they are seen."""
        lamps = []
        middle, reach = 0.35 * low + 0.65 * high, 0.12
        for end, color in ((half_length, LAMP), (-half_length, REAR_LAMP)):
            if self.is_seen(end, 0):
                for side in (-0.72 * half_width, 0.72 * half_width):
                    across = [side - 0.2, side + 0.2, side + 0.2, side - 0.2]
                    heights = [middle - reach] * 2 + [middle + reach] * 2
                    lamps.append((self.points([end] * 4, across, heights), color))
        return lamps


def _shade(color: Color, brightness: float) -> Color:
    red, green, blue = (min(255, int(brightness * c)) for c in color)
    return red, green, blue
