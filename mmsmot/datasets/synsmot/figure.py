"""Drawing of a person: a body of joints, dressed, seen from any side."""

from __future__ import annotations

import math

import numpy as np

from .appearance import Appearance, Color, appearance_color_bgr
from .brush import Brush
from .camera import DEPTH_TILT
from .figure_head import FigureHead

FAR_SIDE = 0.78  # brightness of an arm or leg behind the body
DRAWN_HEIGHT = 260  # sheet pixels from foot to crown, about; finer is not seen

Joints = dict[str, np.ndarray]


class Figure:
    """The joints of one person in one frame, as the camera sees them.

    Args:
        joints: (3,) each, in body heights in the body's frame.
        look: The person.
        heading: Where the body looks, radians; 0 right, pi/2 away from the camera.
        foot: Image coordinates of the ground under the body.
        scale: Pixels a metre there.
        gaze: How far the head is turned to the body's left.
    """

    def __init__(
        self,
        joints: Joints,
        look: Appearance,
        heading: float,
        foot: tuple[float, float],
        scale: float,
        gaze: float = 0.0,
    ) -> None:
        self.look = look
        self.heading = heading
        self.foot = np.asarray(foot, float)
        self.unit = scale * look.stature
        self.joints = joints
        c, s = math.cos(heading), math.sin(heading)
        self._right = np.array([c, -s, 0]) * self.unit
        away = np.array([s, c, 0])
        self._away = away
        up = np.array([0, 0, 1.0]) + DEPTH_TILT * away
        self._screen = np.stack([self._right, -up * self.unit], axis=1)
        self.points = {name: self.seen(value) for name, value in joints.items()}
        self.head = FigureHead(look, self.points['head'], self.unit, heading + gaze)

    def seen(self, point: np.ndarray) -> np.ndarray:
        """(2,) image coordinates of a point of the body's frame."""
        return self.foot + point @ self._screen

    def depth(self, point: np.ndarray) -> float:
        """How far behind the body's axis a point is, in body heights."""
        return float(point @ self._away)

    def draw(self) -> tuple[np.ndarray, tuple[int, int]]:
        """The person as a layer (h, w, 4) float32 and the image x, y of its corner."""
        spread = np.array(list(self.points.values()))
        margin = 0.2 * self.unit + 2
        left, top = np.floor(spread.min(axis=0) - margin).astype(int)
        right, bottom = np.ceil(spread.max(axis=0) + margin).astype(int)
        fine = int(np.clip(round(DRAWN_HEIGHT / self.unit), 2, 4))
        brush = Brush(left, top, right - left, bottom - top, fine)
        brush.rim = max(1.0, 0.011 * self.unit * fine)
        for _, part in sorted(self._parts(), key=lambda item: -item[0]):
            part(brush)
        return brush.finished(), (int(left), int(top))

    def _parts(self) -> list:
        parts = [(0.0, self._torso)]
        for side in ('left', 'right'):
            arm = (self.joints[f'{side}_elbow'] + self.joints[f'{side}_wrist']) / 2
            leg = (self.joints[f'{side}_knee'] + self.joints[f'{side}_ankle']) / 2
            # Legs hang under the torso: the shirt's hem covers them.
            leg_depth = (
                max(self.depth(leg - self.joints['hip'] * (1, 1, 0)), 0.0) + 0.02
            )
            parts.append((leg_depth + 0.001 * (side == 'left'), self._leg_part(side)))
            parts.append(
                (self.depth(arm - self.joints['hip'] * (1, 1, 0)), self._arm_part(side))
            )
        toward = self.head.toward
        parts.append((-0.01, self.head.draw))
        if self.look.hair_style not in ('short', 'crew'):
            parts.append((0.015 if toward > -0.3 else -0.02, self.head.draw_long_hair))
        if self.look.backpack:
            parts.append(
                (0.09 * toward if abs(toward) > 0.25 else 0.015, self._backpack)
            )
        return parts

    def _leg_part(self, side: str):
        return lambda brush: self._leg(brush, side)

    def _arm_part(self, side: str):
        return lambda brush: self._arm(brush, side)

    def _shade(self, color: Color, point: np.ndarray) -> Color:
        """Darker on the side away from the viewer."""
        dark = (
            FAR_SIDE
            if self.depth(point - self.joints['hip'] * (1, 1, 0)) > 0.03
            else 1.0
        )
        return tuple(int(dark * c) for c in color)

    def _leg(self, brush: Brush, side: str) -> None:
        look, unit, p = self.look, self.unit, self.points
        root, knee, ankle = (p[f'{side}_{n}'] for n in ('root', 'knee', 'ankle'))
        where = self.joints[f'{side}_root']
        shin = self.joints[f'{side}_ankle'] - self.joints[f'{side}_knee']
        droop = max(0.0, -shin[0] / 0.24 - 0.15)  # the toe hangs when the heel is up
        toe = self.joints[f'{side}_ankle'] + np.array([0.075, 0, -0.022 - 0.09 * droop])
        heel = self.joints[f'{side}_ankle'] + np.array([-0.012, 0, -0.022])
        shoe = self._shade(look.shoes, where)
        brush.limb(
            [self.seen(heel), self.seen(toe)], [0.042 * unit, 0.036 * unit], shoe
        )
        wide = look.build * unit
        widths = [0.1 * wide, 0.078 * wide, 0.052 * wide]
        if look.bottom == 'trousers':
            cloth = self._shade(appearance_color_bgr(look.bottom_color), where)
            brush.limb([root, knee, ankle], widths, cloth)
            return
        skin = self._shade(look.skin, where)
        brush.limb([root, knee, ankle], [0.09 * wide, 0.066 * wide, 0.042 * wide], skin)
        if look.bottom == 'shorts':
            cloth = self._shade(appearance_color_bgr(look.bottom_color), where)
            hem = root + 0.75 * (knee - root)
            brush.limb([root, hem], [0.105 * wide, 0.1 * wide], cloth)

    def _arm(self, brush: Brush, side: str) -> None:
        look, unit, p = self.look, self.unit, self.points
        shoulder, elbow, wrist = (
            p[f'{side}_{n}'] for n in ('shoulder', 'elbow', 'wrist')
        )
        where = (self.joints[f'{side}_shoulder'] + self.joints[f'{side}_wrist']) / 2
        skin, cloth = (
            self._shade(c, where)
            for c in (look.skin, appearance_color_bgr(look.top_color))
        )
        widths = [0.062 * look.build * unit, 0.052 * unit, 0.038 * unit]
        away = wrist - elbow
        hand = wrist + 0.022 * unit * away / (np.hypot(*away) + 1e-6)
        brush.ellipse(hand, 0.026 * unit, 0.026 * unit, skin)
        if look.sleeves == 'short':
            brush.limb([elbow, wrist], [0.044 * unit, 0.034 * unit], skin)
            half = shoulder + 0.85 * (elbow - shoulder)
            brush.limb([shoulder, half], [widths[0], 0.06 * unit], cloth)
        else:
            brush.limb([shoulder, elbow, wrist], widths, cloth)

    def _torso(self, brush: Brush) -> None:
        look, unit, p = self.look, self.unit, self.points
        chest, waist = self._girth(0.118), self._girth(0.095)
        hip, neck = p['hip'], p['neck']
        spine = neck - hip
        spine = spine / (np.hypot(*spine) + 1e-6)
        across = np.array([-spine[1], spine[0]])
        throat = neck + spine * 0.05 * unit
        brush.limb(
            [neck - spine * 0.02 * unit, throat],
            [0.058 * unit, 0.052 * unit],
            look.skin,
        )
        if look.bottom in ('skirt', '') and look.bottom_color or look.top == 'dress':
            cloth = look.top_color if look.top == 'dress' else look.bottom_color
            self._skirt(brush, appearance_color_bgr(cloth), waist)
        high, low = neck - spine * 0.005 * unit, neck - spine * 0.075 * unit
        hem = hip - spine * 0.035 * unit
        outline = [
            hem + across * waist,
            hip + spine * 0.06 * unit + across * waist * 0.96,
            low + across * chest,
            high + across * chest * 0.72,
            high + across * chest * 0.3,
            high - across * chest * 0.3,
            high - across * chest * 0.72,
            low - across * chest,
            hip + spine * 0.06 * unit - across * waist * 0.96,
            hem - across * waist,
        ]
        brush.polygon(np.array(outline), appearance_color_bgr(look.top_color))

    def _girth(self, half: float) -> float:
        """Half the torso's width in pixels: flatter from the side than from the front."""
        slim = abs(math.cos(self.heading))
        return half * self.look.build * self.unit * (1 - 0.3 * slim)

    def _skirt(self, brush: Brush, cloth: Color, waist: float) -> None:
        unit, p = self.unit, self.points
        hip = p['hip']
        hems = [
            p[f'{side}_root'] + 0.92 * (p[f'{side}_knee'] - p[f'{side}_root'])
            for side in ('left', 'right')
        ]
        hems.sort(key=lambda point: point[0])
        flare = np.array([0.055 * unit, 0])
        top = np.array([waist * 0.95, 0])
        brush.polygon(
            np.array([hip - top, hems[0] - flare, hems[1] + flare, hip + top]), cloth
        )

    def _backpack(self, brush: Brush) -> None:
        unit = self.unit
        middle = 0.35 * self.joints['hip'] + 0.65 * self.joints['neck']
        slim = abs(math.cos(self.heading))
        centre = self.seen(middle + np.array([-0.095, 0, 0]))
        wide = (0.095 - 0.035 * slim) * unit
        brush.ellipse(
            centre, wide, 0.11 * unit, appearance_color_bgr(self.look.backpack)
        )
