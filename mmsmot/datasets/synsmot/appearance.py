"""How the people of the synthetic world look: kind, clothes, hair, what they carry."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

Color = tuple[int, int, int]

# Name -> BGR. Ten colours that stay apart under every light the renderer has.
COLORS: dict[str, Color] = {
    'red': (38, 32, 205),
    'orange': (20, 125, 242),
    'yellow': (45, 222, 248),
    'green': (52, 150, 38),
    'blue': (208, 88, 32),
    'purple': (160, 42, 118),
    'pink': (190, 142, 250),
    'white': (240, 241, 242),
    'black': (36, 32, 32),
    'gray': (138, 136, 134),
}
BROWN: Color = (38, 72, 118)
SHIRT_COLORS = tuple(COLORS)
TROUSER_COLORS = ('blue', 'black', 'gray', 'white', 'brown', 'green')
BAG_COLORS = ('red', 'blue', 'green', 'black', 'yellow')
HAT_COLORS = ('red', 'blue', 'white', 'black', 'yellow')

SKINS: tuple[Color, ...] = (
    (188, 212, 242),
    (150, 182, 228),
    (105, 140, 195),
    (62, 90, 135),
)
HAIRS: tuple[Color, ...] = ((24, 24, 28), (30, 50, 82), (48, 92, 140), (95, 175, 215))
GRAY_HAIR: Color = (170, 170, 172)
SHOES: tuple[Color, ...] = ((30, 30, 32), (225, 225, 228), (38, 58, 100))

KINDS = ('man', 'woman', 'boy', 'girl')
# Body height in metres (mean, half range) and width as a factor of the usual.
STATURE = {
    'man': (1.80, 0.06, 1.12),
    'woman': (1.67, 0.05, 0.94),
    'boy': (1.27, 0.06, 1.0),
    'girl': (1.24, 0.06, 0.96),
}
HAIR_STYLES = {
    'man': ('short', 'short', 'crew'),
    'woman': ('long', 'long', 'bun', 'ponytail'),
    'boy': ('short', 'crew'),
    'girl': ('pigtails', 'ponytail', 'long'),
}


def appearance_color_bgr(name: str) -> Color:
    """The colour of a name; ``brown`` is worn on legs only."""
    return BROWN if name == 'brown' else COLORS[name]


@dataclass(frozen=True)
class Appearance:
    """What stays the same about a person.

    Attributes:
        kind: One of :data:`KINDS`.
        stature: Body height in metres.
        build: Width as a factor of the usual.
        top: ``shirt`` or ``dress``.
        top_color: One of :data:`SHIRT_COLORS`.
        sleeves: ``long`` or ``short``.
        bottom: ``trousers``, ``shorts``, ``skirt``, or ``''`` under a dress.
        bottom_color: One of :data:`TROUSER_COLORS`, ``''`` under a dress.
        hair_style: One of :data:`HAIR_STYLES`' values.
        hat: Colour of the hat, ``''`` for no hat.
        backpack: Colour of the backpack, ``''`` for none.
        skin, hair, shoes: BGR; no caption speaks of them.
    """

    kind: str
    stature: float
    build: float
    top: str
    top_color: str
    sleeves: str
    bottom: str
    bottom_color: str
    hair_style: str
    hat: str
    backpack: str
    skin: Color
    hair: Color
    shoes: Color

    @property
    def is_child(self) -> bool:
        """Whether a boy or a girl."""
        return self.kind in ('boy', 'girl')

    def facts(self) -> dict[str, Any]:
        """The attributes as JSON values."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }


def random_appearance(
    rng: np.random.Generator, kind: str, top_color: str
) -> Appearance:
    """Someone of a kind with a top of a colour, everything else by chance."""

    def pick(choices: tuple) -> Any:
        return choices[rng.integers(len(choices))]

    mean, spread, build = STATURE[kind]
    female = kind in ('woman', 'girl')
    top = 'dress' if female and rng.random() < 0.35 else 'shirt'
    bottom = 'trousers'
    if kind in ('boy', 'man') and rng.random() < 0.25:
        bottom = 'shorts'
    if female and rng.random() < 0.3:
        bottom = 'skirt'
    # A leg of the shirt's colour would read as an overall.
    legs = tuple(color for color in TROUSER_COLORS if color != top_color)
    old = kind in ('man', 'woman') and rng.random() < 0.12
    # Long hair would hide a backpack.
    style = pick(HAIR_STYLES[kind])
    return Appearance(
        kind=kind,
        stature=round(float(mean + spread * rng.uniform(-1, 1)), 3),
        build=round(float(build * rng.uniform(0.93, 1.1)), 3),
        top=top,
        top_color=top_color,
        sleeves='short' if rng.random() < 0.5 else 'long',
        bottom='' if top == 'dress' else bottom,
        bottom_color='' if top == 'dress' else pick(legs),
        hair_style=style,
        hat=pick(HAT_COLORS) if rng.random() < 0.25 else '',
        backpack=pick(BAG_COLORS) if rng.random() < 0.25 and style != 'long' else '',
        skin=pick(SKINS),
        hair=GRAY_HAIR if old else pick(HAIRS),
        shoes=pick(SHOES),
    )
