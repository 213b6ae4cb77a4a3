"""Who plays a role: looks by chance, and the combinations kept for the test split."""

from __future__ import annotations

import numpy as np

from .actions import ACTIONS
from .appearance import KINDS, SHIRT_COLORS, Appearance, dress_up

_ACTION_NUMBERS = {name: number for number, name in enumerate(ACTIONS)}
# How often someone in a test clip wears what nobody in training wore doing the same.
UNSEEN_SHARE = 0.5
SAME_COLOR_SHARE = 0.3


def is_held_out(top_color: str, action: str) -> bool:
    """Whether people with tops of this colour do this in the test split only.

    Of every action one colour in ten is held out, of every colour every tenth action.
    """
    color = SHIRT_COLORS.index(top_color)
    return (color + 3 * _ACTION_NUMBERS[action]) % len(SHIRT_COLORS) == 0


def held_out_pairs() -> list[tuple[str, str]]:
    """Every (top colour, action) that no training clip holds."""
    return [(c, a) for c in SHIRT_COLORS for a in ACTIONS if is_held_out(c, a)]


def choose_looks(
    rng: np.random.Generator,
    actions: list[set[str]],
    kinds: list[tuple[str, ...]],
    split: str,
) -> list[Appearance]:
    """Looks for people who do these actions.

    In some clips two people wear the same colour, so that motion alone tells them apart.

    Args:
        rng: Random generator.
        actions: What each of N people does.
        kinds: Which kinds each may be, empty for any.
        split: ``train`` never pairs a held-out colour with its action.
    """
    twins = rng.random() < SAME_COLOR_SHARE and len(actions) > 1
    looks: list[Appearance] = []
    for index, doings in enumerate(actions):
        free = [c for c in SHIRT_COLORS if not any(is_held_out(c, a) for a in doings)]
        unseen = [c for c in SHIRT_COLORS if c not in free]
        wants_unseen = split == 'test' and unseen and rng.random() < UNSEEN_SHARE
        choices = unseen if wants_unseen else free
        worn = [look.top_color for look in looks]
        kind = str(rng.choice(kinds[index] or KINDS))
        if twins and index == 1 and worn[0] in choices:
            color, kind = worn[0], kind if kinds[index] else looks[0].kind
        else:
            rest = [c for c in choices if c not in worn] or choices
            color = str(rng.choice(rest))
        looks.append(_unlike(rng, kind, color, looks))
    return looks


def _unlike(
    rng: np.random.Generator, kind: str, color: str, looks: list[Appearance]
) -> Appearance:
    """Dressed so that words can tell this person from the others, if need be."""
    for _ in range(20):
        look = dress_up(rng, kind, color)
        if all(not _same_words(look, other) for other in looks):
            break
    return look


def _same_words(one: Appearance, other: Appearance) -> bool:
    return (one.kind, one.top, one.top_color, one.bottom_color) == (
        other.kind,
        other.top,
        other.top_color,
        other.bottom_color,
    )
