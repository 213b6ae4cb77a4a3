"""Language elements of the street: nouns, looks and motions, and of whom and when they hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .traffic import MOVING, STANDING

VEHICLES = ('car', 'van', 'bus')
NOUNS: dict[str, tuple[str, ...]] = {
    'cars': ('car',),
    'vans': ('van',),
    'buses': ('bus',),
    'bicycles': ('bicycle',),
    'people': ('person',),
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
    objects, frames = facts['objects'], facts['num_frames']
    kinds = np.array([body['kind'] for body in objects])
    everything = frozenset(('car', 'van', 'bus', 'bicycle', 'person'))
    table = _Motions(objects, frames)
    elements = [
        Element(
            text, np.tile(np.isin(kinds, group), (frames, 1)), 'noun', frozenset(group)
        )
        for text, group in NOUNS.items()
    ]
    persons = [body.get('appearance', {}).get('kind', '') for body in objects]
    for text, group in PERSON_NOUNS.items():
        is_one = np.isin(persons, group) & (kinds == 'person')
        elements.append(
            Element(text, np.tile(is_one, (frames, 1)), 'noun', frozenset({'person'}))
        )
    colors = np.array([body['color'] for body in objects])
    for color in sorted({*colors.tolist()}):
        is_worn = np.tile(colors == color, (frames, 1))
        elements.append(Element(color, is_worn, 'color', everything))
    for phrase, holds, kind_of_phrase, holders in table.phrases(kinds):
        elements.append(Element(phrase, holds, kind_of_phrase, holders))
    return [element for element in elements if element.holds.any()]


class _Motions:
    """What everyone does in each frame, as tables (T, N)."""

    def __init__(self, objects: list[dict[str, Any]], frames: int) -> None:
        def column(name: str, kind: type = float) -> np.ndarray:
            rows = [body[name] for body in objects]
            return np.array(rows, kind).reshape(len(objects), frames).T

        self.heading, self.speed = column('heading'), column('speed')
        self.turn = column('turn', int)
        self.crossing = column('crossing', bool)
        self.parked = np.tile([bool(body['parked']) for body in objects], (frames, 1))
        # Against the traffic of its lane: a bicycle on the wrong side of the road.
        self.counter = np.tile([bool(body['counter']) for body in objects], (frames, 1))

    def phrases(
        self, kinds: np.ndarray
    ) -> list[tuple[str, np.ndarray, str, frozenset[str]]]:
        """Text, table, group, and the kinds it is said of."""
        vehicles = frozenset(VEHICLES)
        wheels = vehicles | {'bicycle'}
        person = frozenset({'person'})
        along, away = np.cos(self.heading), np.sin(self.heading)
        moves, stands = self.speed >= MOVING, self.speed <= STANDING
        is_wheeled = np.isin(kinds, [*wheels])
        is_person = kinds == 'person'
        is_vehicle = np.isin(kinds, [*vehicles])
        rows: list[tuple[str, np.ndarray, str, frozenset[str]]] = [
            ('facing the camera', (away < -TOWARD) & is_wheeled, 'facing', wheels),
            ('facing away', (away > TOWARD) & is_wheeled, 'facing', wheels),
            (
                'seen from the side',
                (abs(away) < LATERAL) & is_wheeled,
                'facing',
                wheels,
            ),
            ('moving', moves & is_wheeled, 'motion', wheels),
            ('waiting', stands & ~self.parked & is_wheeled, 'motion', wheels),
            ('parking', self.parked & is_vehicle, 'motion', vehicles),
            ('turning left', (self.turn > 0) & moves, 'motion', wheels),
            ('turning right', (self.turn < 0) & moves, 'motion', wheels),
            (
                'coming towards the camera',
                moves & (away < -TOWARD) & is_wheeled,
                'motion',
                wheels,
            ),
            (
                'moving away from the camera',
                moves & (away > TOWARD) & is_wheeled,
                'motion',
                wheels,
            ),
            (
                'moving in the counter direction',
                moves & self.counter & is_wheeled,
                'motion',
                wheels,
            ),
            ('walking', moves & is_person, 'motion', person),
            ('standing still', stands & is_person, 'motion', person),
            ('crossing the road', self.crossing & is_person, 'motion', person),
        ]
        for text, is_so in (('left', along < -TOWARD), ('right', along > TOWARD)):
            rows += [
                (f'moving to the {text}', moves & is_so & is_wheeled, 'motion', wheels),
                (f'walking to the {text}', moves & is_so & is_person, 'motion', person),
            ]
        return [(t, _long_runs(holds), g, k) for t, holds, g, k in rows]


def _long_runs(holds: np.ndarray) -> np.ndarray:
    """The same without runs of frames that are shorter than :data:`MIN_RUN`."""
    padded = np.pad(holds.astype(np.int8), ((1, 1), (0, 0)))
    steps = np.diff(padded, axis=0)
    kept = holds.copy()
    for column in range(holds.shape[1]):
        starts = np.flatnonzero(steps[:, column] == 1)
        ends = np.flatnonzero(steps[:, column] == -1)
        for start, end in zip(starts, ends, strict=True):
            if end - start < MIN_RUN:
                kept[start:end, column] = False
    return kept
