"""Someone or something in the street: what it is, and where in each frame."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..appearance import Appearance
from .vehicles import SHAPES

KINDS = ('car', 'van', 'bus', 'bicycle', 'person')
MOVING, STANDING = 0.8, 0.25  # metres a second: above it moves, below it stands
BICYCLE_LENGTH = 1.7  # metres
PERSON_LENGTH = 0.5


@dataclass(eq=False)
class StreetObject:
    """Someone or something in the street over the T frames of a clip.

    Attributes:
        kind: Of :data:`KINDS`; a bicycle is one with who rides it.
        color: Of the vehicle, of the bicycle's frame and its rider's top, or of a
            person's top.
        look: Of a person or of who rides; ``None`` for vehicles.
        parked: Whether it stands in a parking place the whole time.
        place: (T, 2) metres.
        heading: (T,) radians.
        speed: (T,) metres a second.
        turn: (T,) -1 while it turns right, 1 while it turns left, else 0.
        crossing: (T,) bool, a person who walks over the asphalt on a zebra crossing.
        counter: Whether it goes against the traffic of its lane.
    """

    kind: str
    color: str
    look: Appearance | None
    parked: bool = False
    counter: bool = False
    place: np.ndarray = field(default_factory=lambda: np.empty((0, 2)))
    heading: np.ndarray = field(default_factory=lambda: np.empty(0))
    speed: np.ndarray = field(default_factory=lambda: np.empty(0))
    turn: np.ndarray = field(default_factory=lambda: np.empty(0, int))
    crossing: np.ndarray = field(default_factory=lambda: np.empty(0, bool))

    @property
    def length(self) -> float:
        """Metres from back to front."""
        if self.kind in SHAPES:
            return SHAPES[self.kind].length
        return BICYCLE_LENGTH if self.kind == 'bicycle' else PERSON_LENGTH


def object_facts(body: StreetObject, number: int, name: str) -> dict[str, Any]:
    """What stays the same about an object, as JSON."""
    content: dict[str, Any] = dict(
        id=number, name=name, kind=body.kind, color=body.color
    )
    if body.look is not None:
        content['appearance'] = body.look.facts()
    return content
