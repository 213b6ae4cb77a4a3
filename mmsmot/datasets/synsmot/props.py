"""Drawing of props: balls, boxes, carts, bicycles, umbrellas, benches, small things."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .appearance import BROWN, COLORS, Color
from .brush import Brush
from .figure import Figure
from .lens import Lens
from .script import ScriptedProp, ScriptedPropSpan

METAL: Color = (105, 105, 108)
DARK: Color = (40, 38, 38)
WOOD: Color = (52, 92, 140)
BALL_RADIUS = 0.15
BOX_SIZE = 0.36
DRIBBLES = 1.3  # a second, as in ``solo_poses.dribble_pose``
# What the hands hold while somebody does something.
IN_HAND = {'phone': 'phone', 'drink': 'cup', 'photograph': 'camera'}


@dataclass(frozen=True)
class PropLayer:
    """Something painted, to be laid over what is further away.

    Attributes:
        depth: Metres from the camera.
        pixels: (h, w, 4) float32, BGR times alpha, and alpha.
        corner: Image x, y of its upper left pixel.
        owner: Id of the person it is, 0 for things.
        thing: Number of the script's thing that it is, from 1; 0 for all else.
    """

    depth: float
    pixels: np.ndarray
    corner: tuple[int, int]
    owner: int = 0
    thing: int = 0


def paint_prop(
    thing: ScriptedProp,
    span: ScriptedPropSpan,
    lens: Lens,
    frame: int,
    figure: Figure | None,
    depth: float,
) -> Iterator[PropLayer]:
    """The layers of a thing in a frame.

    Args:
        thing: What it is.
        span: Where it is now.
        lens: The camera in this frame.
        frame: Number from 0.
        figure: Its holder, who is ``depth`` metres away.
    """
    color = BROWN if thing.color == 'brown' else COLORS[thing.color]
    if span.mode in ('rest', 'fly'):
        x, z, up = _on_the_way(span, frame)
        spot, unit = lens.point(x, z, up), lens.scale(z)
        if thing.kind == 'bench':
            yield _bench(spot, unit, z + 0.12, thing.heading)
        elif thing.kind == 'ball':
            yield _ball(spot, unit, z - 0.02, color)
        else:
            yield _box(spot, unit, z, color)
    elif figure is not None:
        front = depth - 0.03 if figure.head.toward > -0.5 else depth + 0.03
        yield from _held(thing.kind, span, figure, depth, front, color, frame)


def _held(
    kind: str,
    span: ScriptedPropSpan,
    figure: Figure,
    depth: float,
    front: float,
    color: Color,
    frame: int,
) -> Iterator[PropLayer]:
    unit = figure.unit / figure.look.stature
    hands = (figure.points['left_wrist'] + figure.points['right_wrist']) / 2
    if span.mode == 'bounce':
        time = frame * span.arc
        rise = abs(math.cos(math.pi * DRIBBLES * time))
        up = BALL_RADIUS / figure.look.stature
        spot = figure.seen(np.array([0.25, -0.1, up + (0.4 - up) * rise]))
        yield _ball(spot, unit, front, color)
    elif span.mode == 'hands' and kind == 'ball':
        yield _ball(
            hands + figure.seen(np.array([0.04, 0, 0])) - figure.foot,
            unit,
            front,
            color,
        )
    elif span.mode == 'hands':
        yield _box(
            hands + figure.seen(np.array([0.05, 0, 0.02])) - figure.foot,
            unit,
            front,
            color,
        )
    elif span.mode == 'ahead':
        yield _cart(figure, front, color)
    elif span.mode == 'under':
        yield paint_bicycle(figure, depth + 0.02, color)
    elif span.mode == 'over':
        yield _umbrella(figure, depth - 0.04, color)


def paint_handheld_prop(
    action: str, figure: Figure, depth: float
) -> Iterator[PropLayer]:
    """The phone, cup or camera that an action goes with."""
    kind = IN_HAND.get(action)
    if kind is None:
        return
    unit = figure.unit
    hand = figure.points['right_wrist'] + (0, -0.025 * unit)
    if kind == 'camera':
        hand = (figure.points['left_wrist'] + figure.points['right_wrist']) / 2
        hand = hand + figure.seen(np.array([0.03, 0, 0.02])) - figure.foot
    size = {'phone': (0.018, 0.045), 'cup': (0.024, 0.036), 'camera': (0.05, 0.036)}[
        kind
    ]
    brush = _sheet(hand, 0.15 * unit, unit)
    half = np.array(size) * unit
    color = (60, 60, 225) if kind == 'cup' else DARK
    brush.polygon(_rectangle(hand, half), color)
    if kind == 'camera':
        brush.ellipse(hand, 0.02 * unit, 0.02 * unit, (150, 140, 130))
    yield _layer(brush, depth - 0.04 if figure.head.toward > -0.6 else depth + 0.04)


def _on_the_way(span: ScriptedPropSpan, frame: int) -> tuple[float, float, float]:
    if span.mode == 'rest':
        return span.begin
    share = (frame - span.start) / max(span.stop - span.start, 1)
    x, z, up = (
        b + share * (f - b) for b, f in zip(span.begin, span.finish, strict=True)
    )
    return x, z, up + span.arc * 4 * share * (1 - share)


def _sheet(centre: np.ndarray, reach: float, unit: float) -> Brush:
    low = np.floor(np.asarray(centre) - reach - 2).astype(int)
    size = int(2 * reach + 5)
    return Brush(int(low[0]), int(low[1]), size, size, 2 if unit > 200 else 3)


def _layer(brush: Brush, depth: float) -> PropLayer:
    return PropLayer(depth, brush.finished(), (brush.left, brush.top))


def _rectangle(centre: np.ndarray, half: np.ndarray) -> np.ndarray:
    return np.asarray(centre) + np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half


def _ball(spot: np.ndarray, unit: float, depth: float, color: Color) -> PropLayer:
    radius = BALL_RADIUS * unit
    brush = _sheet(spot, radius, unit)
    brush.ellipse(spot, radius, radius, color)
    brush.rim = 0
    light = tuple(min(255, int(c * 0.5 + 127)) for c in color)
    brush.ellipse(
        spot - (0.3 * radius, 0.35 * radius), 0.35 * radius, 0.3 * radius, light
    )
    return _layer(brush, depth)


def _box(spot: np.ndarray, unit: float, depth: float, color: Color) -> PropLayer:
    half = BOX_SIZE * unit / 2
    brush = _sheet(spot, 1.5 * half, unit)
    brush.polygon(_rectangle(spot, np.array([half, 0.85 * half])), color)
    tape = tuple(int(c * 0.6 + 90) for c in color)
    brush.rim = 0
    brush.polygon(_rectangle(spot, np.array([0.14 * half, 0.82 * half])), tape)
    return _layer(brush, depth)


def _cart(figure: Figure, depth: float, color: Color) -> PropLayer:
    """A hand cart before the hands: tub, two wheels, a handle."""
    unit = figure.unit
    metre = 1 / figure.look.stature
    centre = figure.seen(np.array([0.36 + 0.42 * metre, 0, 0.5 * metre]))
    side = 1.0 if math.cos(figure.heading) >= 0 else -1.0
    px = unit * metre
    brush = _sheet(centre, 0.95 * px, px)
    tub = np.array([[-0.42, -0.2], [0.42, -0.2], [0.3, 0.22], [-0.3, 0.22]]) * (side, 1)
    hands = (figure.points['left_wrist'] + figure.points['right_wrist']) / 2
    brush.line([hands, centre + np.array([-0.36 * side, -0.1]) * px], 0.05 * px, METAL)
    brush.polygon(centre + tub * px, color)
    for x in (-0.24, 0.24):
        wheel = centre + np.array([x, 0.37]) * px
        brush.ellipse(wheel, 0.13 * px, 0.13 * px, DARK)
        brush.ellipse(wheel, 0.05 * px, 0.05 * px, METAL)
    return _layer(brush, depth)


def paint_bicycle(figure: Figure, depth: float, color: Color) -> PropLayer:
    """A bicycle under the one who rides it."""
    unit = figure.unit
    wheels = [figure.seen(np.array([x, 0, 0.185])) for x in (-0.33, 0.33)]
    crank, seat, bar = (
        figure.seen(np.array(p))
        for p in ((-0.0, 0, 0.16), (-0.14, 0, 0.5), (0.26, 0, 0.56))
    )
    brush = _sheet(crank, 0.62 * unit, unit)
    slim = max(abs(math.cos(figure.heading)), 0.15)
    for wheel in wheels:
        ring = [
            wheel + np.array([math.cos(a) * slim, math.sin(a)]) * 0.175 * unit
            for a in np.linspace(0, 2 * math.pi, 25)
        ]
        brush.line(ring, 0.026 * unit, DARK)
    for line in (
        [wheels[0], seat, crank, wheels[0]],
        [seat, bar, wheels[1]],
        [crank, bar],
    ):
        brush.line(line, 0.028 * unit, color)
    brush.line([seat - (0.05 * unit, 0), seat + (0.05 * unit, 0)], 0.035 * unit, DARK)
    return _layer(brush, depth)


def _umbrella(figure: Figure, depth: float, color: Color) -> PropLayer:
    unit = figure.unit
    hand = figure.points['right_wrist']
    top = hand + np.array([0, -0.45 * unit])
    brush = _sheet(top, 0.52 * unit, unit)
    brush.line([hand, top], 0.014 * unit, METAL)
    arc = np.radians(np.arange(180, 361, 12))
    dome = np.stack([0.34 * np.cos(arc), 0.17 * np.sin(arc)], axis=1) * unit
    brush.polygon(top + (0, 0.1 * unit) + dome, color)
    return _layer(brush, depth)


def _bench(spot: np.ndarray, unit: float, depth: float, heading: float) -> PropLayer:
    """Seat, back and legs, slanted like the one who sits on it."""
    brush = _sheet(spot - (0, 0.4 * unit), 0.95 * unit, unit)
    slant = 0.1 * math.cos(heading)
    wide = 0.72

    def at(x: float, up: float) -> np.ndarray:
        return spot + np.array([x, -up - x * slant * 1.2]) * unit

    for x in (-0.6, 0.6):
        brush.limb([at(x, 0.88), at(x, 0.0)], [0.06 * unit, 0.06 * unit], DARK)
    for up in (0.82, 0.66):
        brush.polygon(_plank(at, wide, up, 0.055), WOOD)
    brush.polygon(_plank(at, wide, 0.44, 0.06), WOOD)
    return _layer(brush, depth)


def _plank(at, wide: float, up: float, half: float) -> np.ndarray:
    return np.array(
        [
            at(-wide, up + half),
            at(wide, up + half),
            at(wide, up - half),
            at(-wide, up - half),
        ]
    )
