"""The traffic: who drives, rides or walks where, step by step."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..appearance import KINDS as PERSON_KINDS
from ..appearance import SHIRT_COLORS, random_appearance
from .held_out import allowed_colors
from .roads import PLANS, STEP, GroundPlan, Route
from .settings import StreetSettings
from .street_object import MOVING, StreetObject
from .traffic_lights import TrafficLights
from .vehicles import SHAPES, VEHICLE_COLORS

KIND_CHANCES = {'car': 0.55, 'van': 0.2, 'bus': 0.1, 'bicycle': 0.15}
SUBSTEPS = 2  # of the simulation in a frame
ACCELERATION, BRAKING = 2.0, 4.0  # metres a second squared
SAFE_GAP = 2.2  # metres between two bodies that stand
LOOK_AHEAD = 14.0  # metres
KERB_OFFSET = -0.9  # metres to the left of a lane's middle: a bicycle on it
CYCLE_SPEED, WALK_SPEED = 3.6, 1.35  # metres a second
WARM_UP = (8.0, 24.0)  # seconds before the first frame
ENTRY_GAP = 9.0  # metres that are free where somebody comes in
# Metres from the middle of the way to a person, or to a spot of a vehicle, that block it.
CLEARANCES = (1.2, 1.35)


@dataclass(eq=False)
class _Mover:
    """One on its way, in the simulation.

    Attributes:
        body: What it is.
        route: The way it takes.
        desired_speed: Metres a second where nothing is in its way.
        offset: Metres to the left of its route.
        along: Metres of its route.
        speed: Metres a second.
        history: Its states, a frame each, from ``start`` on.
        start: The first frame.
        is_over: Whether it is at the end of its route.
    """

    body: StreetObject
    route: Route
    desired_speed: float
    offset: float = 0.0
    along: float = 0.0
    speed: float = 0.0
    history: list[tuple[float, float, float, float, int]] = field(default_factory=list)
    start: int = 0
    is_over: bool = False

    @property
    def row(self) -> int:
        """The last point of its route that it has passed."""
        return min(int(self.along / STEP), len(self.route.points) - 1)

    @property
    def heading(self) -> float:
        """Radians, of its route there."""
        points, row = self.route.points, self.row
        ahead = points[min(row + 2, len(points) - 1)]
        behind = points[max(row - 2, 0)]
        return float(np.arctan2(*(ahead - behind)[::-1]))

    def shift(self, heading: float) -> np.ndarray:
        """(2,) metres from the route to where it is, beside it."""
        return self.offset * np.array([-np.sin(heading), np.cos(heading)])

    def place(self, heading: float) -> np.ndarray:
        """(2,) x, z."""
        points, row = self.route.points, self.row
        share = self.along / STEP - row
        place = points[row] + share * (
            points[min(row + 1, len(points) - 1)] - points[row]
        )
        return place + self.shift(heading)

    @property
    def turn(self) -> int:
        """-1 while it turns right, 1 while it turns left, else 0."""
        start, end = self.route.turn_span
        if not self.route.turn or not start <= self.row <= end:
            return 0
        return 1 if self.route.turn == 'left' else -1

    def state(self) -> tuple[float, float, float, float, int]:
        """x, z, heading, speed, turn."""
        heading = self.heading
        return (*self.place(heading).tolist(), heading, self.speed, self.turn)


def simulate(
    rng: np.random.Generator, split: str, settings: StreetSettings, num_frames: int
) -> tuple[GroundPlan, list[StreetObject]]:
    """A clip's traffic.

    Args:
        rng: Of every draw.
        split: Which colours may be drawn follows it, see :mod:`.held_out`.
        settings: Of the dataset.
        num_frames: T.

    Returns:
        The ground plan, and everyone who was there in some frame.
    """
    scene = str(rng.choice(list(PLANS)))
    plan = PLANS[scene]()
    world = _World(rng, split, settings, plan)
    return plan, world.run(num_frames)


class _World:
    def __init__(
        self,
        rng: np.random.Generator,
        split: str,
        settings: StreetSettings,
        plan: GroundPlan,
    ) -> None:
        self.rng, self.split, self.settings, self.plan = rng, split, settings, plan
        self.step_seconds = 1 / (settings.fps * SUBSTEPS)
        self.movers: list[_Mover] = []
        self.time = 0.0
        self.lights = TrafficLights(rng)
        self.parked = self._parked()

    def run(self, num_frames: int) -> list[StreetObject]:
        warm_up = self.rng.uniform(*WARM_UP)
        for _ in range(int(warm_up / self.step_seconds)):
            self._step()
        self.movers = [mover for mover in self.movers if not mover.is_over]
        self._add_people(spread=True)
        everyone = list(self.movers)
        for frame in range(num_frames):
            for mover in self.movers:
                if not mover.history:
                    mover.start = frame
                mover.history.append(mover.state())
            before = len(self.movers)
            for _ in range(SUBSTEPS):
                self._step()
            everyone += self.movers[before:]
            self.movers = [mover for mover in self.movers if not mover.is_over]
        objects = [
            _finished(mover, num_frames, self.plan)
            for mover in everyone
            if mover.history
        ]
        return [*objects, *(_standing(body, num_frames) for body in self.parked)]

    def _parked(self) -> list[StreetObject]:
        bodies = []
        for x, z, heading in self.plan.parking:
            if self.rng.random() < 0.7:
                kind = str(self.rng.choice(['car', 'van'], p=[0.75, 0.25]))
                body = StreetObject(kind, self._color(kind), None, parked=True)
                jitter = self.rng.normal(0, 0.15, 2)
                body.place = np.array([[x, z]]) + jitter
                body.heading = np.array([heading + self.rng.normal(0, 0.03)])
                bodies.append(body)
        return bodies

    def _color(self, kind: str) -> str:
        colors = SHIRT_COLORS if kind == 'person' else VEHICLE_COLORS
        return str(self.rng.choice(allowed_colors(kind, colors, self.split)))

    def _step(self) -> None:
        self.time += self.step_seconds
        self._enter()
        spots = self._spots()
        for number, mover in enumerate(self.movers):
            self._drive(number, mover, spots)

    def _enter(self) -> None:
        """New vehicles, from each side as often as the settings say."""
        chance = self.settings.traffic / 60 * self.step_seconds
        sides = sorted({route.name.split()[0] for route in self.plan.routes})
        for side in sides:
            if self.rng.random() >= chance:
                continue
            kind = str(
                self.rng.choice(list(KIND_CHANCES), p=list(KIND_CHANCES.values()))
            )
            routes = self.plan.cycle_routes if kind == 'bicycle' else self.plan.routes
            fitting_routes = [r for r in routes if r.name.startswith(side)] or [*routes]
            # A bus would not get around the corner.
            if kind == 'bus':
                fitting_routes = [
                    r for r in fitting_routes if r.turn != 'right'
                ] or fitting_routes
            route = fitting_routes[self.rng.integers(len(fitting_routes))]
            self._add(kind, route)
        if self.rng.random() < self.step_seconds / 12:
            self._add_people(spread=False)

    def _add(self, kind: str, route: Route) -> None:
        look, color = None, self._color(kind)
        if kind == 'bicycle':
            # The frame is a few pixels: the top shows what is called the bicycle's colour.
            rider = str(self.rng.choice(['man', 'woman']))
            look = random_appearance(self.rng, rider, color)
            desired_speed = CYCLE_SPEED
        else:
            desired_speed = SHAPES[kind].speed
        body = StreetObject(kind, color, look, counter=route.is_counter)
        at_kerb = kind == 'bicycle' and route in self.plan.routes
        desired_speed *= float(self.rng.uniform(0.85, 1.15))
        mover = _Mover(
            body,
            route,
            desired_speed,
            offset=KERB_OFFSET if at_kerb else 0.0,
            speed=desired_speed,
        )
        entry = mover.place(mover.heading)
        spots = self._spots()
        if len(spots) and np.hypot(*(spots[:, :2] - entry).T).min() < ENTRY_GAP:
            return  # no room; another comes later
        self.movers.append(mover)

    def _add_people(self, spread: bool) -> None:
        """People on foot: several who are on their way already, or one more."""
        low, high = self.settings.num_people
        count = int(self.rng.integers(low, high + 1)) if spread else 1
        for _ in range(count):
            index = int(self.rng.integers(len(self.plan.walks)))
            points = self.plan.walks[index]
            if self.rng.random() < 0.5:
                points = points[::-1]
            is_zebra = index in self.plan.zebra_walks
            kind = str(self.rng.choice(PERSON_KINDS, p=[0.4, 0.36, 0.12, 0.12]))
            color = self._color('person')
            look = random_appearance(self.rng, kind, color)
            offset = float(self.rng.uniform(-0.7, 0.7))
            slow = 0.8 if kind in ('boy', 'girl') else 1.0
            mover = _Mover(
                StreetObject('person', color, look),
                Route('zebra' if is_zebra else 'pavement', points),
                WALK_SPEED * slow * float(self.rng.uniform(0.85, 1.2)),
                offset,
            )
            if spread and not is_zebra:
                mover.along = float(self.rng.uniform(0, len(points) * STEP * 0.9))
                mover.speed = mover.desired_speed
                # Some wait for somebody, and go on later or not at all.
                if self.rng.random() < 0.3:
                    mover.desired_speed, mover.speed = 0.0, 0.0
            self.movers.append(mover)

    def _spots(self) -> np.ndarray:
        """(N, 4) x, z, number of the mover and whether it walks, of spots along each."""
        spots = []
        for number, mover in enumerate(self.movers):
            heading = mover.heading
            x, z = mover.place(heading).tolist()
            half_length = mover.body.length / 2
            shares = (-0.8, 0.0, 0.8) if half_length > 0.5 else (0.0,)
            for share in shares:
                spots.append(
                    (
                        x + share * half_length * np.cos(heading),
                        z + share * half_length * np.sin(heading),
                        number,
                        mover.body.kind == 'person',
                    )
                )
        return np.array(spots, float).reshape(-1, 4)

    def _drive(self, number: int, mover: _Mover, spots: np.ndarray) -> None:
        if mover.is_over:
            return
        body, dt = mover.body, self.step_seconds
        target = mover.desired_speed
        gap = self._gap(number, mover, spots)
        if gap is not None:
            target = min(target, float(np.sqrt(2 * BRAKING * 0.5 * max(gap, 0.0))))
            if gap < 0.3:
                target = 0.0
        change = np.clip(target - mover.speed, -BRAKING * dt * 1.6, ACCELERATION * dt)
        if body.kind == 'person':
            change = target - mover.speed
        mover.speed = max(0.0, mover.speed + float(change))
        mover.along += mover.speed * dt
        mover.is_over = mover.along >= (len(mover.route.points) - 3) * STEP

    def _gap(self, number: int, mover: _Mover, spots: np.ndarray) -> float | None:
        """Metres that are free before a mover; ``None`` for more than it looks ahead."""
        half_length = mover.body.length / 2
        gaps = []
        line = self._stop_line(mover)
        if line is not None:
            gaps.append(line - mover.along - half_length)
        if mover.body.kind == 'person':
            return min(gaps) if gaps else None
        first = mover.row + int(half_length / STEP)
        ahead = mover.route.points[first : first + int(LOOK_AHEAD / STEP)]
        if len(ahead):
            ahead = ahead + mover.shift(mover.heading)
            spots = spots[spots[:, 2] != number]
            if len(spots):
                distance = np.hypot(
                    *(ahead[:, None] - spots[None, :, :2]).transpose(2, 0, 1)
                )
                clearance = np.where(spots[:, 3] > 0, *CLEARANCES)
                blocked = np.flatnonzero((distance < clearance).any(axis=1))
                if len(blocked):
                    gaps.append(float(blocked[0]) * STEP - SAFE_GAP)
        return min(gaps) if gaps else None

    def _stop_line(self, mover: _Mover) -> float | None:
        """Where along its route a mover has to wait now; ``None``: nowhere."""
        route = mover.route
        if route.name == 'zebra':
            # At the kerb, until the walkers' light; on the road, until no car comes.
            at_kerb = mover.along < 1.2
            return 1.0 if at_kerb and not self._may_walk() else None
        if route.stop < 0:
            return None
        line = route.stop * STEP
        is_before = mover.along + mover.body.length / 2 < line + 0.4
        return (
            line
            if is_before and self.lights.green_approach(self.time) != route.approach
            else None
        )

    def _may_walk(self) -> bool:
        if self.plan.scene == 'road':
            return True  # cars give way
        return self.lights.may_walk(self.time)


def _finished(mover: _Mover, num_frames: int, plan: GroundPlan) -> StreetObject:
    """The object with its history; outside of it, far away."""
    body = mover.body
    table = np.array(mover.history, float)
    span = slice(mover.start, mover.start + len(table))
    body.place = np.full((num_frames, 2), np.nan)
    body.heading, body.speed = np.zeros(num_frames), np.zeros(num_frames)
    body.turn = np.zeros(num_frames, int)
    body.crossing = np.zeros(num_frames, bool)
    body.place[span], body.heading[span] = table[:, :2], table[:, 2]
    body.speed[span], body.turn[span] = table[:, 3], table[:, 4]
    # A way over the zebra crossing begins and ends on the pavement.
    is_crossing = plan.is_road(table[:, :2]) & (table[:, 3] > MOVING)
    body.crossing[span] = is_crossing & (mover.route.name == 'zebra')
    return body


def _standing(body: StreetObject, num_frames: int) -> StreetObject:
    body.place = np.repeat(body.place, num_frames, axis=0)
    body.heading = np.repeat(body.heading, num_frames)
    body.speed = np.zeros(num_frames)
    body.turn = np.zeros(num_frames, int)
    body.crossing = np.zeros(num_frames, bool)
    return body
