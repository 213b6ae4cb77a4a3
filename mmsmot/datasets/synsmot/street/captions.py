"""Captions of the street: what each object is and does, and what the video shows."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import Any

import numpy as np

from .elements import VEHICLES
from .street_object import MOVING, STANDING

# Of an object's frames; a motion that fills less of them is left out.
LEAST_SHARE = 0.15
NUMBERS = {1: 'one', 2: 'two', 3: 'three', 4: 'four', 5: 'five', 6: 'six'}
PLURAL = {'bus': 'buses', 'person': 'people'}


def street_caption(body: dict[str, Any], present: np.ndarray) -> str:
    """A sentence about one object.

    Args:
        body: Of ``script.json``.
        present: (T,) bool, frames in which it is annotated.
    """
    actions = _actions(body, present)
    return f'A {_name(body)} {", then ".join(actions)}.'


def street_summary(facts: dict[str, Any]) -> str:
    """The video caption: the place, and how many of which kind there are."""
    counts = Counter(body['kind'] for body in facts['objects'])
    parts = [
        f'{NUMBERS.get(number, str(number))} {_plural(kind) if number > 1 else kind}'
        for kind, number in sorted(counts.items())
    ]
    text = parts[0] if len(parts) == 1 else f'{", ".join(parts[:-1])} and {parts[-1]}'
    place = 'A crossing' if facts['scene'] == 'crossing' else 'A road'
    return f'{place} seen from above, with {text}.'


def _plural(kind: str) -> str:
    return PLURAL.get(kind, f'{kind}s')


def _name(body: dict[str, Any]) -> str:
    if body['kind'] == 'person':
        return f'{body["appearance"]["kind"]} in {body["color"]}'
    return f'{body["color"]} {body["kind"]}'


def _actions(body: dict[str, Any], present: np.ndarray) -> list[str]:
    """What it does, in order; always something."""
    if body['parked']:
        return ['is parked']
    rows = np.flatnonzero(present)
    words = [_word(body, int(row)) for row in rows]
    # A frame without a word, of who is about to move or to stop, breaks no run.
    runs = [(word, len([*run])) for word, run in groupby(filter(None, words))]
    least = max(3, LEAST_SHARE * len(words))
    actions = [word for word, length in runs if length >= least]
    actions = [word for word, _ in groupby(actions)]
    return actions[:3] or ['passes by']


def _word(body: dict[str, Any], frame: int) -> str:
    speed, heading = body['speed'][frame], body['heading'][frame]
    is_person = body['kind'] == 'person'
    if speed <= STANDING:
        return 'stands still' if is_person else 'waits'
    if speed < MOVING:
        return ''
    if body['crossing'][frame]:
        return 'crosses the road'
    if body['turn'][frame]:
        return 'turns left' if body['turn'][frame] > 0 else 'turns right'
    verb = 'walks' if is_person else 'drives' if body['kind'] in VEHICLES else 'rides'
    rightward, backward = np.cos(heading), np.sin(heading)
    if abs(rightward) >= abs(backward):
        return f'{verb} to the {"right" if rightward > 0 else "left"}'
    return f'{verb} {"away" if backward > 0 else "towards the camera"}'
