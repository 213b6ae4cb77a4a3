"""Language elements of the street: nouns, looks and motions, and of whom and when they hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .street_object import KINDS, MOVING, STANDING

VEHICLES = ('car', 'van', 'bus')
PERSON = 'person'
NOUNS: dict[str, tuple[str, ...]] = {
    'cars': ('car',),
    'vans': ('van',),
    'buses': ('bus',),
    'bicycles': ('bicycle',),
    'people': (PERSON,),
    'vehicles': VEHICLES,
}
PERSON_NOUNS = {
    'men': ('man',),
    'women': ('woman',),
    'children': ('boy', 'girl'),
}
# Share of a heading along z from which on it is to or from the camera, and below which
# it is lateral; what is between is neither.
TOWARD, LATERAL = 0.8, 0.45
MIN_RUN = 3  # frames; what lasts shorter is no motion that one can name


@dataclass(frozen=True, eq=False)
class Element:
    """A word or phrase, and for whom in which frame it holds.

    Attributes:
        text: As it stands in an expression.
        holds: (T, N) bool.
        group: ``'noun'``, ``'color'``, ``'facing'`` or ``'motion'``.
        kinds: Of which kinds of object it may be said.
    """

    text: str
    holds: np.ndarray
    group: str
    kinds: frozenset[str]


def language_elements(facts: dict[str, Any]) -> list[Element]:
    """Every element that holds of somebody in a clip.

    Args:
        facts: As in ``script.json``.
    """
    objects, num_frames = facts['objects'], facts['num_frames']
    kinds = np.array([body['kind'] for body in objects])
    persons = np.array([body.get('appearance', {}).get('kind', '') for body in objects])
    colors = np.array([body['color'] for body in objects])

    def element(
        text: str, is_one: np.ndarray, group: str, said_of: Iterable[str]
    ) -> Element:
        """What holds of the same objects (N,) in all frames."""
        return Element(
            text, np.tile(is_one, (num_frames, 1)), group, frozenset(said_of)
        )

    elements = [
        element(text, np.isin(kinds, nouns), 'noun', nouns)
        for text, nouns in NOUNS.items()
    ]
    elements += [
        element(text, np.isin(persons, nouns) & (kinds == PERSON), 'noun', {PERSON})
        for text, nouns in PERSON_NOUNS.items()
    ]
    elements += [
        element(color, colors == color, 'color', KINDS)
        for color in sorted({*colors.tolist()})
    ]
    for text, holds, group, said_of in _motion_phrases(objects, num_frames):
        holds = _long_runs(holds & np.isin(kinds, [*said_of]))
        elements.append(Element(text, holds, group, said_of))
    return [element for element in elements if element.holds.any()]


def _motion_phrases(
    objects: list[dict[str, Any]], num_frames: int
) -> list[tuple[str, np.ndarray, str, frozenset[str]]]:
    """Text, where it would hold (T, N) of any kind, group, and the kinds it is said of."""

    def column(name: str, kind: type = float) -> np.ndarray:
        rows = [body[name] for body in objects]
        return np.array(rows, kind).reshape(len(objects), num_frames).T

    heading, speed, turn = column('heading'), column('speed'), column('turn', int)
    is_parked = np.tile([bool(body['parked']) for body in objects], (num_frames, 1))
    # Against the traffic of its lane: a bicycle on the wrong side of the road.
    is_counter = np.tile([bool(body['counter']) for body in objects], (num_frames, 1))
    moves, stands = speed >= MOVING, speed <= STANDING
    rightward, backward = np.cos(heading), np.sin(heading)
    vehicles, people = frozenset(VEHICLES), frozenset({PERSON})
    wheels = vehicles | {'bicycle'}
    to_camera, from_camera = backward < -TOWARD, backward > TOWARD
    to_left, to_right = rightward < -TOWARD, rightward > TOWARD
    motions: list[tuple[str, np.ndarray, frozenset[str]]] = [
        ('moving', moves, wheels),
        ('waiting', stands & ~is_parked, wheels),
        ('parking', is_parked, vehicles),
        ('turning left', (turn > 0) & moves, wheels),
        ('turning right', (turn < 0) & moves, wheels),
        ('coming towards the camera', moves & to_camera, wheels),
        ('moving away from the camera', moves & from_camera, wheels),
        ('moving in the counter direction', moves & is_counter, wheels),
        ('walking', moves, people),
        ('standing still', stands, people),
        ('crossing the road', column('crossing', bool), people),
        ('moving to the left', moves & to_left, wheels),
        ('walking to the left', moves & to_left, people),
        ('moving to the right', moves & to_right, wheels),
        ('walking to the right', moves & to_right, people),
    ]
    return [
        ('facing the camera', to_camera, 'facing', wheels),
        ('facing away', from_camera, 'facing', wheels),
        ('seen from the side', abs(backward) < LATERAL, 'facing', wheels),
        *((text, holds, 'motion', said_of) for text, holds, said_of in motions),
    ]


def _long_runs(holds: np.ndarray) -> np.ndarray:
    """The same without runs of frames that are shorter than :data:`MIN_RUN`."""
    padded = np.pad(holds.astype(np.int8), ((1, 1), (0, 0)))
    steps = np.diff(padded, axis=0)
    long_runs = holds.copy()
    for column in range(holds.shape[1]):
        starts = np.flatnonzero(steps[:, column] == 1)
        ends = np.flatnonzero(steps[:, column] == -1)
        for start, end in zip(starts, ends, strict=True):
            if end - start < MIN_RUN:
                long_runs[start:end, column] = False
    return long_runs
