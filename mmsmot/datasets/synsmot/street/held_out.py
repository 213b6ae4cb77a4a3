"""Colours of kinds that a split alone shows."""

from __future__ import annotations

from collections.abc import Sequence

# Kind to the colours that test alone shows, and that training leaves to val and test.
HELD_OUT: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    'car': (('yellow',), ('green',)),
    'van': (('red',), ('blue',)),
    'bus': (('white',), ('gray',)),
    'bicycle': (('black',), ('red',)),
    'person': (('orange', 'purple'), ('pink',)),
}


def allowed_colors(kind: str, colors: Sequence[str], split: str) -> list[str]:
    """The colours that a kind may have in a split, in their order.

    >>> allowed_colors('van', ('red', 'blue', 'white'), 'train')
    ['white']
    >>> allowed_colors('van', ('red', 'blue', 'white'), 'val')
    ['blue', 'white']
    """
    for_test, for_val = HELD_OUT[kind]
    forbidden = {'train': (*for_test, *for_val), 'val': for_test}.get(split, ())
    return [color for color in colors if color not in forbidden]
