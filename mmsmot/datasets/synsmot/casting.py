"""Who plays a role: looks by chance, and the combinations kept for val and for test."""

from __future__ import annotations

import numpy as np

from .actions import ACTIONS, WITHOUT_THING
from .appearance import KINDS, SHIRT_COLORS, Appearance, random_appearance

_ACTION_NUMBERS = {name: number for number, name in enumerate(ACTIONS)}
# (colour + 3 * action) mod 10 of the combinations that a split keeps to itself. Of each
# action one colour in ten is test's, one val's, eight are left to train; 3 has no factor
# in common with 10, so that neighbouring actions miss different colours. With 4 somebody
# of many actions has at least 3 colours to train in, with 5 or 7 sometimes only 2.
HELD_OUT = {'test': 0, 'val': 4}
# Whose combinations a split never shows. Test was made before val had any, and keeps its
# bytes: it shows val's too.
NEVER_SHOWN = {'train': ('test', 'val'), 'val': ('test',), 'test': ()}
# How often someone in a val or test clip wears what the split keeps to itself.
UNSEEN_SHARE = 0.5
SAME_COLOR_SHARE = 0.3


def is_held_out_casting(top_color: str, action: str, split: str = 'test') -> bool:
    """Whether training never shows this action in this colour, for the sake of a split.

    Of every action one colour in ten is held out, of every colour every tenth action.

    Args:
        top_color: One of ``SHIRT_COLORS``.
        action: One of ``ACTIONS``.
        split: ``val`` or ``test``.
    """
    color = SHIRT_COLORS.index(top_color)
    residue = (color + 3 * _ACTION_NUMBERS[action]) % len(SHIRT_COLORS)
    return residue == HELD_OUT[split]


def held_out_casting_pairs(split: str = 'test') -> list[tuple[str, str]]:
    """Every (top colour, action) that no training clip holds, for the sake of a split."""
    return [
        (c, a)
        for c in SHIRT_COLORS
        for a in ACTIONS
        if is_held_out_casting(c, a, split)
    ]


def choose_appearances(
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
        split: ``train`` never pairs a held-out colour with its action, ``val`` none of
            those held out for ``test``.
    """
    twins = rng.random() < SAME_COLOR_SHARE and len(actions) > 1
    looks: list[Appearance] = []
    for index, doings in enumerate(actions):
        free, unseen = _colors(doings, split)
        wants_unseen = unseen and rng.random() < UNSEEN_SHARE
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


def _colors(actions: set[str], split: str) -> tuple[list[str], list[str]]:
    """Colours of which the split keeps nothing to itself, and those with a combination
    that it does; neither with one that it never shows."""
    if split != 'test':
        # Whose ball or box is hidden is seen to do something else: that counts as well.
        actions = actions | {WITHOUT_THING[a] for a in actions if a in WITHOUT_THING}

    def held_out(color: str, kept_for: str) -> bool:
        return any(is_held_out_casting(color, action, kept_for) for action in actions)

    may_show = [
        color
        for color in SHIRT_COLORS
        if not any(held_out(color, kept_for) for kept_for in NEVER_SHOWN[split])
    ]
    if split not in HELD_OUT:
        return may_show, []
    unseen = [color for color in may_show if held_out(color, split)]
    return [color for color in may_show if color not in unseen], unseen


def _unlike(
    rng: np.random.Generator, kind: str, color: str, looks: list[Appearance]
) -> Appearance:
    """Dressed so that words can tell this person from the others, if need be."""
    for _ in range(20):
        look = random_appearance(rng, kind, color)
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
