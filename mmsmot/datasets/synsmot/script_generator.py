"""Putting a clip's script together: story, bystanders, looks, camera, light, things."""

from __future__ import annotations

import numpy as np

from .backdrop import SETTINGS
from .bystanders import add_bystander
from .camera import CameraPath
from .casting import choose_appearances
from .plots import PLOTS
from .script import (
    Actor,
    Script,
    ScriptedLight,
    ScriptedOccluder,
    ScriptedProp,
    ScriptedPropSpan,
)
from .settings import ClipSettings
from .staging import is_well_staged
from .storyboard import Storyboard

# Of a long stroll's drafts about one in 16 can be staged; of 3,300 clips the hardest
# took 90.
ATTEMPTS = 1000
UMBRELLA_COLORS = ('red', 'blue', 'yellow', 'black', 'pink')
UNDER_UMBRELLA = frozenset({'walk', 'stand', 'follow', 'leave', 'accompany'})


def script_activity(index: int) -> str:
    """The activity of a clip: they take turns, so that splits hold all of them."""
    # A stride without a common factor: neighbours differ, few clips show many kinds.
    return list(PLOTS)[index * 11 % len(PLOTS)]


def generate_script(
    rng: np.random.Generator, index: int, split: str, settings: ClipSettings
) -> Script:
    """A script whose every state can be seen; staged anew until it is so.

    Raises:
        RuntimeError: No well staged script was found.
    """
    story = script_activity(index)
    for _ in range(ATTEMPTS):
        script = _draft(rng, story, split, settings)
        if script is not None and is_well_staged(script):
            return script
    raise RuntimeError(
        f'clip {index}: no script of {story!r} could be staged in {ATTEMPTS} attempts'
    )


def _draft(
    rng: np.random.Generator, story: str, split: str, settings: ClipSettings
) -> Script | None:
    board = Storyboard(rng, settings.fps)
    PLOTS[story](board)
    length = max(role.clock for role in board.roles)
    low, high = settings.num_frames
    if length > high:
        return None
    num_frames = max(length, low)
    num_frames = int(rng.integers(num_frames, min(num_frames + 5, high) + 1))
    people = int(rng.choice([2, 3, 4, 5], p=[0.2, 0.35, 0.3, 0.15]))
    while len(board.roles) < people:
        add_bystander(board, num_frames)
    if len(board.roles) > 5:
        return None
    for role in board.roles:
        _fill(board, role, num_frames)
    actions = [role.actions for role in board.roles]
    looks = choose_appearances(
        rng, actions, [role.kinds for role in board.roles], split
    )
    things = [_timed(thing, settings.fps) for thing in board.things]
    actors = []
    for role, look in zip(board.roles, looks, strict=True):
        umbrella = ''
        if role.actions <= UNDER_UMBRELLA and rng.random() < 0.25:
            umbrella = str(rng.choice(UMBRELLA_COLORS))
            things.append(
                ScriptedProp(
                    'umbrella', umbrella, (ScriptedPropSpan(0, 9999, 'over', role.id),)
                )
            )
        states = tuple(role.finished(num_frames))
        beat = round(float(rng.random()), 4)
        actors.append(Actor(role.id, look, states, beat, umbrella))
    setting = str(rng.choice(list(SETTINGS)))
    return Script(
        activity=story,
        setting=setting,
        num_frames=num_frames,
        fps=settings.fps,
        width=settings.width,
        height=settings.height,
        actors=tuple(actors),
        things=tuple(things),
        occluders=_occluders(rng, setting, board.depth),
        camera=CameraPath.random(rng, num_frames),
        light=_light(rng),
        seed=int(rng.integers(2**31)),
    )


def _fill(board: Storyboard, role, num_frames: int) -> None:
    """Whoever is done before the end stands there until it."""
    if role.states:
        role.wait_until(num_frames)
    else:
        role.stay('stand', num_frames, heading=board.facing_us())


def _timed(thing: ScriptedProp, fps: float) -> ScriptedProp:
    """A bouncing ball is drawn by the second, not by the frame."""
    spans = tuple(
        ScriptedPropSpan(s.start, s.stop, s.mode, s.holder, s.begin, s.finish, 1 / fps)
        if s.mode == 'bounce'
        else s
        for s in thing.spans
    )
    return ScriptedProp(thing.kind, thing.color, spans, thing.heading)


def _occluders(
    rng: np.random.Generator, setting: str, depth: float
) -> tuple[ScriptedOccluder, ...]:
    """Now and then something before the people, mostly before those further away."""
    found = []
    for _ in range(rng.choice([0, 1, 2], p=[0.5, 0.35, 0.15])):
        kinds = {'park': ('tree', 'bush'), 'beach': ('post',), 'room': ('post',)}
        kind = str(rng.choice(kinds.get(setting, ('tree', 'post'))))
        size = {'tree': rng.uniform(0.22, 0.36), 'post': rng.uniform(0.09, 0.14)}
        size['bush'] = rng.uniform(0.5, 0.8)
        z = rng.uniform(5.0, 9.0)
        x = rng.uniform(-0.46, 0.46) * z
        place = (round(float(x), 3), round(float(z), 3))
        found.append(ScriptedOccluder(kind, place, round(float(size[kind]), 3)))
    return tuple(found)


def _light(rng: np.random.Generator) -> ScriptedLight:
    return ScriptedLight(
        gain=round(float(rng.uniform(0.82, 1.08)), 3),
        warmth=round(float(rng.uniform(0.96, 1.05)), 3),
        blur=round(float(rng.choice([0.0, 0.5, 0.7], p=[0.6, 0.25, 0.15])), 2),
        grain=round(float(rng.uniform(1.0, 4.5)), 2),
    )
