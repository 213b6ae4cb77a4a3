"""The ground plans of the street: lanes, routes, zebra crossings, parking places.

Metres: x to the right, z away from the camera. Traffic keeps right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LANE = 3.2  # metres, the width of a lane
STEP = 0.25  # metres from one point of a route to the next
FAR, NEAR_END, FAR_END = 34.0, 4.0, 62.0  # where routes leave the image

# Middle of the crossing: the road from left to right, and the one away from the camera.
CROSSING_Z, CROSSING_X = 19.0, 0.0
BOX = LANE + 1.2  # half the side of the square that nobody stops in
ZEBRA = 2.4  # metres, the width of a zebra crossing


@dataclass(frozen=True, eq=False)
class Route:
    """A way through the street.

    Attributes:
        name: Of the side it comes from, and the turn: ``'near left'``.
        points: (P, 2) x, z, every :data:`STEP` metres.
        turn: ``'left'``, ``'right'`` or ``''``.
        turn_span: First and last point of the turn; equal where there is none.
        stop: Point that nobody passes at red; -1 for none.
        approach: Which traffic light, from 0; -1 for none.
        is_counter: Whether it runs against the traffic of its lane.
    """

    name: str
    points: np.ndarray
    turn: str = ''
    turn_span: tuple[int, int] = (0, 0)
    stop: int = -1
    approach: int = -1
    is_counter: bool = False


@dataclass(frozen=True, eq=False)
class GroundPlan:
    """Everything that stays where it is.

    Attributes:
        scene: ``'crossing'`` or ``'road'``.
        routes: Of vehicles.
        cycle_routes: Of bicycles.
        walks: Of people on foot: a way over the pavement, or over a zebra crossing.
        parking: (K, 3) x, z and heading of parking places.
        roads: (left, right, near, far) of each piece of asphalt.
        zebras: (left, right, near, far) of each zebra crossing.
        zebra_walks: Which of ``walks`` cross the road.
    """

    scene: str
    routes: tuple[Route, ...]
    cycle_routes: tuple[Route, ...]
    walks: tuple[np.ndarray, ...]
    parking: np.ndarray
    roads: tuple[tuple[float, float, float, float], ...]
    zebras: tuple[tuple[float, float, float, float], ...]
    zebra_walks: frozenset[int]

    def is_road(self, places: np.ndarray) -> np.ndarray:
        """(N,) bool, which of N places (N, 2) are on the asphalt."""
        left, right, near, far = np.array(self.roads).T
        x, z = places.T[..., None]
        inside = (left <= x) & (x <= right) & (near <= z) & (z <= far)
        return inside.any(axis=1)


def resampled(corners: np.ndarray) -> np.ndarray:
    """(P, 2) points every :data:`STEP` metres along a line through corners."""
    corners = np.asarray(corners, float)
    steps = np.hypot(*np.diff(corners, axis=0).T)
    lengths = np.r_[0, np.cumsum(steps)]
    places = np.arange(0, lengths[-1], STEP)
    return np.stack([np.interp(places, lengths, axis) for axis in corners.T], axis=1)


def crossing_plan() -> GroundPlan:
    """Two roads that cross, each a lane a way, zebra crossings before and to the left."""
    routes = tuple(
        _crossing_route(approach, turn)
        for approach in range(4)
        for turn in ('', 'left', 'right')
    )
    edge = LANE + 0.2
    low, high = CROSSING_Z - edge, CROSSING_Z + edge
    zebras = (
        (-edge, edge, low - 1.2 - ZEBRA, low - 1.2),
        (-edge - 1.2 - ZEBRA, -edge - 1.2, low, high),
    )
    over_near = (zebras[0][2] + zebras[0][3]) / 2
    over_left = (zebras[1][0] + zebras[1][1]) / 2
    side = edge + 1.6
    walks = [
        [(-side, over_near), (side, over_near)],
        [(over_left, low - 1.6), (over_left, high + 1.6)],
        [(-FAR, high + 1.5), (-side, high + 1.8), (-side, FAR_END)],
        [(side, FAR_END), (side, high + 1.8), (FAR, high + 1.5)],
        [(side, NEAR_END), (side, low - 1.8), (FAR, low - 1.5)],
        [(-FAR, low - 1.5), (-side - 0.5, low - 1.8), (-side - 0.5, NEAR_END)],
    ]
    return GroundPlan(
        'crossing',
        routes,
        routes,
        tuple(resampled(np.array(w)) for w in walks),
        np.array(
            [[6.8, 27.0, np.pi / 2], [6.8, 33.0, np.pi / 2], [-6.8, 30.0, -np.pi / 2]]
        ),
        (
            (-FAR, FAR, low, high),
            (-edge, edge, NEAR_END, FAR_END),
            (edge, 8.2, 24, 37),
            (-8.2, -edge, 27, 33),
        ),
        zebras,
        frozenset((0, 1)),
    )


def _crossing_route(approach: int, turn: str) -> Route:
    """A route from one of the four sides: near, left, far, right, in this order."""
    # Made for who comes from near and drives away on the right lane, then turned.
    half, far = LANE / 2, 40.0
    if turn == '':
        corners = [(half, -far), (half, far)]
        arc = None
    elif turn == 'right':
        arc = _arc((BOX, -BOX), BOX - half, np.pi, np.pi / 2)
        corners = [(half, -far), *arc, (far, -half)]
    else:
        arc = _arc((-BOX, -BOX), BOX + half, 0.0, np.pi / 2)
        corners = [(half, -far), *arc, (-far, half)]
    points = resampled(np.array(corners))
    span = (0, 0)
    if arc is not None:
        distances = [np.hypot(*(points - p).T).argmin() for p in (arc[0], arc[-1])]
        span = (int(distances[0]), int(distances[1]))
    stop = int(np.abs(points[:, 1] + BOX + ZEBRA + 1.4).argmin())
    quarter = -np.pi / 2 * approach  # each side is a quarter to the right of the last
    cos, sin = np.cos(quarter), np.sin(quarter)
    turned = points @ np.array([[cos, sin], [-sin, cos]])
    side = ('near', 'left', 'far', 'right')[approach]
    name = f'{side} {turn or "straight"}'
    return Route(name, turned + (CROSSING_X, CROSSING_Z), turn, span, stop, approach)


def _arc(
    centre: tuple[float, float], radius: float, first: float, last: float
) -> list[tuple[float, float]]:
    angles = np.linspace(first, last, 25)
    x = centre[0] + radius * np.cos(angles)
    z = centre[1] + radius * np.sin(angles)
    return list(zip(x.tolist(), z.tolist(), strict=True))


def road_plan() -> GroundPlan:
    """One road from left to right with parking places, bicycle ways and a zebra crossing."""
    low, high = 14.0, 14.0 + 2 * LANE
    right_lane, left_lane = low + LANE / 2, high - LANE / 2
    routes = (
        Route(
            'left straight',
            resampled(np.array([(-FAR, right_lane), (FAR, right_lane)])),
        ),
        Route(
            'right straight', resampled(np.array([(FAR, left_lane), (-FAR, left_lane)]))
        ),
    )
    cycle_routes = (
        Route('left edge', resampled(np.array([(-FAR, low - 0.7), (FAR, low - 0.7)]))),
        Route(
            'right edge', resampled(np.array([(FAR, high + 3.1), (-FAR, high + 3.1)]))
        ),
        Route(
            'wrong way',
            resampled(np.array([(FAR, low - 0.7), (-FAR, low - 0.7)])),
            is_counter=True,
        ),
    )
    zebra = (2.4, 2.4 + ZEBRA, low, high)
    over = zebra[0] + ZEBRA / 2
    walks = [
        [(over, low - 2.0), (over, high + 4.2)],
        [(-FAR, low - 2.6), (FAR, low - 2.6)],
        [(FAR, high + 4.4), (-FAR, high + 4.4)],
        [(-FAR, high + 5.6), (FAR, high + 5.6)],
        [(-6.0, FAR_END), (-4.5, high + 6.0), (-14.0, high + 5.0)],
    ]
    places = [(-13.5, 0.0), (-7.5, np.pi), (9.0, np.pi), (15.0, np.pi)]
    parking = np.array([(x, high + 1.3, heading) for x, heading in places])
    return GroundPlan(
        'road',
        routes,
        cycle_routes,
        tuple(resampled(np.array(w)) for w in walks),
        parking,
        ((-FAR, FAR, low - 1.3, high + 2.6),),
        (zebra,),
        frozenset((0,)),
    )


PLANS = {'crossing': crossing_plan, 'road': road_plan}
