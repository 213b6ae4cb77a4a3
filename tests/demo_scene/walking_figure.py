"""A drawn person who walks: the actor of the demo scene."""

from __future__ import annotations

import colorsys
import math
from dataclasses import dataclass

import cv2
import numpy as np

SUBPIXEL_BITS = 4
OUTLINE = 0.55  # brightness of a part's rim, which sets it apart from its neighbours
FAR_SIDE = 0.75  # brightness of the arm and leg on the side away from the viewer

# A circle, as the corners of a polygon.
RING = np.stack(
    [f(np.radians(np.arange(0, 360, 20))) for f in (np.cos, np.sin)], axis=1
)

# BGR
SKINS = ((190, 215, 245), (140, 175, 225), (95, 130, 185), (55, 80, 120))
HAIRS = ((25, 25, 30), (30, 50, 80), (60, 110, 160), (110, 190, 225), (150, 150, 150))
TROUSERS = ((110, 60, 35), (45, 45, 50), (120, 120, 120), (90, 140, 175), (50, 70, 45))
BAGS = ((40, 40, 160), (130, 80, 30), (40, 110, 50))

# Lengths as fractions of the body height, roughly those of an adult.
UPPER_LEG, LOWER_LEG = 0.245, 0.235
UPPER_ARM, LOWER_ARM = 0.165, 0.15
HIP_TO_NECK, NECK_TO_CROWN = 0.33, 0.19
# Two steps take a person about this fraction of the body height forward.
STRIDE = 0.85

Point = tuple[float, float]
Color = tuple[int, int, int]


@dataclass(frozen=True)
class Appearance:
    """What stays the same about a person; colours are BGR.

    Attributes:
        build: Width as a factor of the usual.
        bag: Colour of the backpack, ``None`` for no backpack.
    """

    skin: Color
    hair: Color
    shirt: Color
    trousers: Color
    shoes: Color
    build: float
    long_hair: bool
    short_sleeves: bool
    bag: Color | None

    @classmethod
    def random(cls, rng: np.random.Generator, shirt_hue: float) -> Appearance:
        """Someone in a shirt of a hue (0 to 1), everything else by chance."""

        def pick(colors: tuple[Color, ...]) -> Color:
            return colors[rng.integers(len(colors))]

        rgb = colorsys.hsv_to_rgb(shirt_hue, *rng.uniform((0.45, 0.6), (0.95, 1.0)))
        return cls(
            skin=pick(SKINS),
            hair=pick(HAIRS),
            shirt=tuple(round(255 * channel) for channel in reversed(rgb)),
            trousers=pick(TROUSERS),
            shoes=pick(((30, 30, 30), (230, 230, 230), (40, 60, 110))),
            build=float(rng.uniform(0.9, 1.2)),
            long_hair=bool(rng.random() < 0.4),
            short_sleeves=bool(rng.random() < 0.5),
            bag=pick(BAGS) if rng.random() < 0.35 else None,
        )


@dataclass(frozen=True)
class Pose:
    """Where a person is and what the limbs do; lengths in pixels.

    Attributes:
        x: Middle of the body.
        y: The ground under the feet.
        height: Body height.
        facing: 1 looks to the right, -1 to the left.
        phase: Phase of the gait in radians; 2 pi are two steps.
        stride: 1 for a full walk, 0 for standing still.
        gesture: Bend of the near arm in talking, 0 for hanging, 1 for raised.
    """

    x: float
    y: float
    height: float
    facing: int
    phase: float
    stride: float = 1.0
    gesture: float = 0.0


def draw_figure(
    canvas: np.ndarray, look: Appearance, pose: Pose
) -> tuple[np.ndarray, tuple[int, int]]:
    """Draw a person, seen from the side.

    Args:
        canvas: (H, W, 3) uint8 BGR, drawn into.
        look: The person.
        pose: In the canvas' pixels.

    Returns:
        The (h, w) bool silhouette and the x, y in the canvas of its upper left corner.
        What lies outside the canvas is missing; wholly outside, it is (0, 0).
    """
    left, right = int(pose.x - 0.6 * pose.height), int(pose.x + 0.6 * pose.height)
    top, bottom = int(pose.y - 1.15 * pose.height), int(pose.y + 0.1 * pose.height)
    left, top = max(left, 0), max(top, 0)
    patch = canvas[top : max(bottom, top), left : max(right, left)]
    brush = _Brush(patch, (left, top))
    if patch.size:
        _draw_shadow(patch, (pose.x - left, pose.y - top), pose.height)
        _draw_body(brush, look, pose)
    return brush.mask.astype(bool), (left, top)


class _Brush:
    """Draws parts into an image and, as one silhouette, into a mask."""

    def __init__(self, patch: np.ndarray, corner: tuple[int, int]) -> None:
        self.patch = patch
        self.mask = np.zeros(patch.shape[:2], np.uint8)
        self.corner = np.array(corner)

    def limb(self, joints: list[Point], widths: list[float], color: Color) -> None:
        """Rounded bars from joint to joint, each joint as wide as its ``widths``."""
        points = [np.asarray(joint) for joint in joints]
        shapes = [
            p + RING * (width / 2) for p, width in zip(points, widths, strict=True)
        ]
        for k in range(len(points) - 1):
            a, b = points[k : k + 2]
            across = np.array([a[1] - b[1], b[0] - a[0]]) / (2 * math.dist(a, b) + 1e-9)
            wide, narrow = across * widths[k], across * widths[k + 1]
            shapes.append(np.array([a + wide, b + narrow, b - narrow, a - wide]))
        self._fill(shapes, color)

    def polygon(self, points: list[Point], color: Color) -> None:
        """A filled polygon."""
        self._fill([np.asarray(points)], color)

    def ellipse(self, centre: Point, rx: float, ry: float, color: Color) -> None:
        """A filled upright ellipse."""
        self._fill([centre + RING * (rx, ry)], color)

    def _fill(self, shapes: list[np.ndarray], color: Color) -> None:
        """One part of the body: the union of some shapes, with a rim around it."""
        scale = 1 << SUBPIXEL_BITS
        shapes = [np.round((s - self.corner) * scale).astype(np.int32) for s in shapes]
        rim = tuple(int(OUTLINE * channel) for channel in color)
        cv2.polylines(self.patch, shapes, True, rim, 2, cv2.LINE_8, SUBPIXEL_BITS)
        for shape in shapes:
            cv2.fillPoly(self.patch, [shape], color, cv2.LINE_8, SUBPIXEL_BITS)
            cv2.fillPoly(self.mask, [shape], 1, cv2.LINE_8, SUBPIXEL_BITS)


def _draw_body(brush: _Brush, look: Appearance, pose: Pose) -> None:
    """All parts, from the far side to the near one."""
    unit = pose.height
    legs = [_leg(pose, pose.phase + shift) for shift in (math.pi, 0.0)]
    # The foot that is lower stands on the ground and carries the hip.
    lowest = max(ankle[1] for _, ankle, _ in legs)
    hip = np.array([pose.x, pose.y - 0.03 * unit - lowest])
    lean = 0.03 * pose.stride * pose.facing
    neck = hip + np.array([lean, -HIP_TO_NECK]) * unit
    shoulder = neck + np.array([0, 0.035]) * unit

    _draw_arm(brush, look, pose, shoulder, pose.phase, far=True)
    _draw_leg(brush, look, pose, hip, legs[0], far=True)
    if look.bag is not None:
        back = (neck + hip) / 2 + np.array(
            [-0.11 * pose.facing * look.build, -0.04]
        ) * unit
        brush.ellipse(back, 0.065 * unit, 0.115 * unit, look.bag)
    _draw_leg(brush, look, pose, hip, legs[1], far=False)
    _draw_torso(brush, look, pose, hip, neck)
    _draw_head(brush, look, pose, neck)
    _draw_arm(brush, look, pose, shoulder, pose.phase + math.pi, far=False)


def _leg(pose: Pose, phase: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Knee and ankle seen from the hip, and the angle of the shin from the vertical.

    The thigh swings like a pendulum; the knee bends while the leg swings forward.
    """
    thigh = 0.42 * pose.stride * math.sin(phase) + 0.04
    shin = thigh - pose.stride * (0.12 + 0.75 * max(0.0, math.cos(phase))) - 0.04
    knee = _swing(thigh, UPPER_LEG, pose)
    return knee, knee + _swing(shin, LOWER_LEG, pose), shin


def _swing(angle: float, length: float, pose: Pose) -> np.ndarray:
    """A bone that hangs down at angle 0 and points forward at a positive one."""
    forward = pose.facing * math.sin(angle)
    return np.array([forward, math.cos(angle)]) * length * pose.height


def _draw_leg(
    brush: _Brush, look: Appearance, pose: Pose, hip: np.ndarray, leg: tuple, far: bool
) -> None:
    knee, ankle, shin = leg
    unit = pose.height
    trousers, shoes = _shaded(look.trousers, far), _shaded(look.shoes, far)
    tilt = max(0.0, -shin) * 0.6  # the toe points down when the heel lifts
    toe = np.array([pose.facing * math.cos(tilt), math.sin(tilt)]) * 0.075 * unit
    heel = hip + ankle
    brush.limb([heel, heel + toe], [0.042 * unit, 0.034 * unit], shoes)
    widths = [0.1 * look.build * unit, 0.075 * unit, 0.05 * unit]
    brush.limb([hip, hip + knee, heel], widths, trousers)


def _draw_arm(
    brush: _Brush,
    look: Appearance,
    pose: Pose,
    shoulder: np.ndarray,
    phase: float,
    far: bool,
) -> None:
    unit = pose.height
    swing = 0.45 * pose.stride * math.sin(phase) + 0.05
    raised = 0.0 if far else pose.gesture
    upper, lower = (
        swing + 0.5 * raised,
        swing + 0.25 + 0.15 * pose.stride + 1.7 * raised,
    )
    elbow = shoulder + _swing(upper, UPPER_ARM, pose)
    wrist = elbow + _swing(lower, LOWER_ARM, pose)
    skin, shirt = _shaded(look.skin, far), _shaded(look.shirt, far)
    brush.ellipse(wrist, 0.022 * unit, 0.024 * unit, skin)
    widths = [0.066 * look.build * unit, 0.05 * unit, 0.036 * unit]
    if look.short_sleeves:
        brush.limb([elbow, wrist], widths[1:], skin)
        brush.limb([shoulder, elbow], widths[:2], shirt)
    else:
        brush.limb([shoulder, elbow, wrist], widths, shirt)


def _draw_torso(
    brush: _Brush, look: Appearance, pose: Pose, hip: np.ndarray, neck: np.ndarray
) -> None:
    unit, chest = pose.height, 0.078 * pose.height * look.build
    waist = hip + np.array([0, 0.01]) * unit
    throat = neck + np.array([0.008 * pose.facing, -0.05]) * unit
    brush.limb([neck, throat], [0.055 * unit, 0.05 * unit], look.skin)
    brush.polygon(
        [
            waist + (-chest * 0.9, 0),
            neck + (-chest, 0.10 * unit),
            neck + (-chest * 0.75, 0.015 * unit),
            neck + (0, -0.008 * unit),
            neck + (chest * 0.75, 0.015 * unit),
            neck + (chest * 1.05, 0.10 * unit),
            waist + (chest * 0.9, 0),
        ],
        look.shirt,
    )
    belt = tuple(int(0.4 * channel) for channel in look.trousers)
    sides = [waist + (-chest * 0.8, 0), waist + (chest * 0.8, 0)]
    brush.limb(sides, [0.03 * unit, 0.03 * unit], belt)


def _draw_head(brush: _Brush, look: Appearance, pose: Pose, neck: np.ndarray) -> None:
    unit, facing = pose.height, pose.facing
    centre = neck + np.array([0.012 * facing, -NECK_TO_CROWN + 0.085]) * unit
    if look.long_hair:
        nape = centre + np.array([-0.045 * facing, 0.045]) * unit
        brush.limb([centre, nape], [0.1 * unit, 0.075 * unit], look.hair)
    nose = centre + np.array([0.058 * facing, 0.012]) * unit
    brush.ellipse(nose, 0.014 * unit, 0.012 * unit, look.skin)
    brush.ellipse(centre, 0.058 * unit, 0.075 * unit, look.skin)
    # Hair covers the crown and the back of the head, not the face.
    arc = np.radians(np.arange(-15, 226, 15))
    back = (
        centre
        + np.column_stack([-0.064 * facing * np.cos(arc), -0.082 * np.sin(arc)])[:12]
        * unit
    )
    brow = centre + np.array([0.01 * facing, -0.025]) * unit
    brush.polygon([*back, brow], look.hair)
    eye = centre + np.array([0.032 * facing, -0.005]) * unit
    brush.ellipse(eye, 0.003 * unit, 0.006 * unit, (40, 30, 30))


def _draw_shadow(patch: np.ndarray, foot: Point, height: float) -> None:
    reach = 0.09 * height
    top = max(0, int(foot[1] - reach))
    ground = patch[top : int(foot[1] + reach)]
    shade = np.zeros(ground.shape[:2], np.float32)
    centre = (round(foot[0]), round(foot[1]) - top)
    axes = (max(1, round(0.2 * height)), max(1, round(0.035 * height)))
    cv2.ellipse(shade, centre, axes, 0, 0, 360, 0.45, cv2.FILLED)
    shade = cv2.GaussianBlur(shade, (0, 0), max(1.0, 0.02 * height))
    ground[:] = np.round(ground * (1 - shade[..., None]))


def _shaded(color: Color, far: bool) -> Color:
    return tuple(int(FAR_SIDE * c) for c in color) if far else color
