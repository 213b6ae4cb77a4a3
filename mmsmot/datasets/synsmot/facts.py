"""The objective facts of a clip as JSON: what ``script.json`` holds, all language is made of.

Frame numbers are from 1 and inclusive, as in ``gt.txt``.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from .actions import ACTIONS, SYMMETRIC, WITHOUT_THING
from .camera import EYE_HEIGHT, HORIZON
from .motion import animate_actor_motion
from .script import Actor, Script, ScriptedAction

MIN_VISIBILITY = 0.1  # below it a person is not annotated
CLEAR = 0.3  # visible fraction from which on one can tell what somebody does
MIN_CLEAR_FRAMES = 4
# Sine of the turn towards the camera from which on the body hides what is on its back.
FRONT = 0.6
_THING_OF = {
    'ride': 'bicycle',
    'push_cart': 'cart',
    'carry': 'box',
    'pick_up': 'box',
    'hold_box': 'box',
    'bring': 'box',
    'give': 'box',
    'receive_box': 'box',
    'dribble': 'ball',
    'pass_ball': 'ball',
    'receive_ball': 'ball',
    'throw_ball': 'ball',
    'catch_ball': 'ball',
}


def clip_facts(
    script: Script, visibility: np.ndarray, things: np.ndarray
) -> dict[str, Any]:
    """Everything true and seen of a clip.

    What was hidden or out of the image all the time is no fact: such states and
    interactions are left out, and backpacks of people who never turn. Somebody whose ball
    is hidden is not said to bounce it but to do what is seen without it.

    Args:
        script: What was played.
        visibility: (T, N) visible fraction of everyone as rendered.
        things: (T, K) visible fraction of the script's things as rendered.
    """
    people, counts = [], {}
    for actor, motion in zip(script.actors, animate_actor_motion(script), strict=True):
        kind = actor.look.kind
        number = counts.setdefault(kind, 0)
        counts[kind] += 1
        looks = actor.look.facts() | {'umbrella': actor.umbrella}
        clear = visibility[:, actor.id - 1] >= CLEAR
        turned = -np.sin(motion.heading) < FRONT
        if (clear & turned).sum() < MIN_CLEAR_FRAMES:
            looks['backpack'] = ''
        people.append(
            {
                'id': actor.id,
                'name': f'{kind}{number}',
                'appearance': looks,
                'states': [
                    _state(script, actor, state, things)
                    for state in actor.states
                    if _is_clear(visibility[:, actor.id - 1], state.start, state.stop)
                ],
            }
        )
    return {
        'activity': script.activity,
        'setting': script.setting,
        'num_frames': script.num_frames,
        'fps': script.fps,
        'width': script.width,
        'height': script.height,
        'camera': {
            'horizon': HORIZON * script.height,
            'eye_height': EYE_HEIGHT,
            'affine': [
                script.camera.affine(t, script.width, script.height).round(4).tolist()
                for t in range(script.num_frames)
            ],
        },
        'light': asdict(script.light),
        'people': people,
        'interactions': _interactions(script, visibility),
    }


def _is_clear(visibility: np.ndarray, start: int, stop: int) -> bool:
    clear = int((visibility[start:stop] >= CLEAR).sum())
    return clear >= min(MIN_CLEAR_FRAMES, stop - start)


def _state(
    script: Script, actor: Actor, state: ScriptedAction, things: np.ndarray
) -> dict[str, Any]:
    action, color = state.action, ''
    thing = _thing_of(script, actor, state)
    if thing is not None:
        color = script.things[thing].color
        seen = things[state.start : state.stop, thing].max(initial=0)
        if seen < MIN_VISIBILITY and action in WITHOUT_THING:
            action, color = WITHOUT_THING[action], ''
    return {
        'action': action,
        'start': state.start + 1,
        'end': state.stop,
        'direction': state.direction,
        'partner': state.partner,
        'color': color,
    }


def _thing_of(script: Script, actor: Actor, state: ScriptedAction) -> int | None:
    """Row of the ball, box, cart or bicycle that a state is about."""
    kind = _THING_OF.get(state.action)
    if kind is None:
        return None
    things = [(k, t) for k, t in enumerate(script.things) if t.kind == kind]
    own = [k for k, t in things if any(s.holder == actor.id for s in t.spans)]
    # A ball that rolls has no holder; nobody shares one that somebody bounces.
    free = [k for k, t in things if not any(s.mode == 'bounce' for s in t.spans)]
    return (own or free)[0]


def _interactions(script: Script, visibility: np.ndarray) -> list[dict[str, Any]]:
    """Seen ones, trimmed to the frames in which both people are annotated."""
    found = []
    for i in script.interactions:
        span = slice(i.start, i.stop)
        subject, object_ = (
            visibility[span, i.subject - 1],
            visibility[span, i.object - 1],
        )
        both = np.flatnonzero((subject >= MIN_VISIBILITY) & (object_ >= MIN_VISIBILITY))
        clear = int(((subject >= CLEAR) & (object_ >= MIN_VISIBILITY)).sum())
        if clear >= min(MIN_CLEAR_FRAMES, i.stop - i.start):
            found.append(
                {
                    'subject': i.subject,
                    'verb': i.verb,
                    'object': i.object,
                    'start': i.start + int(both[0]) + 1,
                    'end': i.start + int(both[-1]) + 1,
                }
            )
    return _both_ways(found)


def _both_ways(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What people do together needs both directions, or it was not seen."""
    symmetric = {ACTIONS[name].verb for name in SYMMETRIC}
    keys = {(i['subject'], i['verb'], i['object']) for i in found}
    return [
        i
        for i in found
        if i['verb'] not in symmetric or (i['object'], i['verb'], i['subject']) in keys
    ]
