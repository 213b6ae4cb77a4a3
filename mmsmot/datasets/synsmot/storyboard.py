"""Writing a script role by role: a clock, a place, and what is done next."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from .actions import ACTIONS
from .script import Place, ScriptedAction, ScriptedProp, ScriptedPropSpan

WALK_SPEED = (0.95, 1.25)  # metres a second
RUN_SPEED = (2.3, 2.8)
RIDE_SPEED = (2.2, 2.8)
MIN_FRAMES = 6  # of a state; shorter ones could not be seen


class StoryboardRole:
    """A person without looks: the states so far, and where and when the next begins."""

    def __init__(self, place: Place, kinds: tuple[str, ...] = ()) -> None:
        self.id = 0
        self.place = place
        self.clock = 0
        self.kinds = kinds
        self.states: list[ScriptedAction] = []
        self.partners: list[StoryboardRole | None] = []

    def stay(
        self,
        action: str,
        frames: int,
        partner: StoryboardRole | None = None,
        heading: float | None = None,
    ) -> StoryboardRole:
        """Do something on the spot; towards the partner where no heading is given."""
        return self.move(action, self.place, frames, partner, heading)

    def move(
        self,
        action: str,
        to: Place,
        frames: int,
        partner: StoryboardRole | None = None,
        heading: float | None = None,
        via: tuple[Place, ...] = (),
    ) -> StoryboardRole:
        """Get somewhere in some frames."""
        stop = self.clock + max(int(frames), 1)
        to, *via = [(round(float(x), 3), round(float(z), 3)) for x, z in (to, *via)]
        heading = None if heading is None else round(float(heading), 4)
        self.states.append(
            ScriptedAction(
                action, self.clock, stop, self.place, to, heading, via=tuple(via)
            )
        )
        self.partners.append(partner)
        self.place, self.clock = to, stop
        return self

    def wait_until(self, frame: int, heading: float | None = None) -> StoryboardRole:
        """Stand still up to a frame; a short wait lengthens what was done before.

        Without a heading one goes on looking at the partner.
        """
        gap = frame - self.clock
        if gap <= 0:
            return self
        last = self.states[-1] if self.states else None
        on_the_spot = last is not None and not ACTIONS[last.action].pace
        if on_the_spot and (last.action == 'stand' or gap < MIN_FRAMES):
            self.states[-1] = replace(last, stop=frame)
            self.clock = frame
            return self
        partner = self.partners[-1] if self.partners and heading is None else None
        return self.stay('stand', gap, partner, heading)

    def hold_on(self, frame: int) -> None:
        """Go on with the last state up to a frame."""
        self.states[-1] = replace(self.states[-1], stop=frame)
        self.clock = frame

    @property
    def actions(self) -> set[str]:
        """Everything it does."""
        return {state.action for state in self.states}

    def finished(self, num_frames: int) -> list[ScriptedAction]:
        """The states with partners' ids, up to the end of the clip."""
        states = []
        for state, partner in zip(self.states, self.partners, strict=True):
            if state.start >= num_frames:
                break
            states.append(replace(state, partner=partner.id if partner else 0))
        last = states[-1]
        if last.stop > num_frames:  # a way cut short ends on the way
            part = (num_frames - last.start) / (last.stop - last.start)
            finish = tuple(
                round(b + part * (f - b), 3)
                for b, f in zip(last.begin, last.finish, strict=True)
            )
            states[-1] = replace(last, stop=num_frames, finish=finish)
        return states


class Storyboard:
    """The roles and things of a clip in the making, and the dice.

    Args:
        rng: Random generator.
        fps: Frames a second.
    """

    def __init__(self, rng: np.random.Generator, fps: float) -> None:
        self.rng = rng
        self.fps = fps
        self.roles: list[StoryboardRole] = []
        self.things: list[tuple[ScriptedProp, dict[int, StoryboardRole]]] = []
        self.side = 1 if rng.random() < 0.5 else -1  # mirrors the story
        self.depth = float(rng.uniform(5.3, 8.3))

    def role(
        self, x: float, z: float | None = None, kinds: tuple[str, ...] = ()
    ) -> StoryboardRole:
        """A new person at x (mirrored for half of the clips)."""
        z = self.depth if z is None else z
        role = StoryboardRole((round(self.side * x, 3), round(float(z), 3)), kinds)
        self.roles.append(role)
        role.id = len(self.roles)
        return role

    def at(self, x: float, z: float | None = None) -> Place:
        """A place, mirrored like the roles'."""
        return self.side * x, self.depth if z is None else z

    @property
    def half_width(self) -> float:
        """Metres from the middle to the side of the image at the story's depth."""
        return self.depth / 2

    def uniform(self, low: float, high: float) -> float:
        """A number in between."""
        return float(self.rng.uniform(low, high))

    def frames(self, low: int, high: int) -> int:
        """A number of frames, both ends included."""
        return int(self.rng.integers(low, high + 1))

    def chance(self, probability: float) -> bool:
        """True that often."""
        return bool(self.rng.random() < probability)

    def pick(self, *choices):
        """One of some."""
        return choices[self.rng.integers(len(choices))]

    def walk(
        self,
        role: StoryboardRole,
        action: str,
        to: Place,
        partner: StoryboardRole | None = None,
    ) -> StoryboardRole:
        """Get somewhere at a walk or a run, as the action says."""
        speed = WALK_SPEED if ACTIONS[action].pace == 'walk' else RUN_SPEED
        if action == 'ride':
            speed = RIDE_SPEED
        way = math.dist(role.place, to)
        return role.move(
            action, to, round(way / self.uniform(*speed) * self.fps), partner
        )

    @property
    def ahead(self) -> float:
        """The heading along the story's x axis."""
        return 0.0 if self.side > 0 else math.pi

    def facing_us(self) -> float:
        """A heading of someone who looks more or less at the camera."""
        return -math.pi / 2 + self.uniform(-0.75, 0.75)

    def thing(
        self, kind: str, color: str, *spans: ScriptedPropSpan, heading: float = -1.5708
    ) -> None:
        """A prop; holders are roles' ids."""
        self.things.append(ScriptedProp(kind, color, spans, round(float(heading), 4)))
