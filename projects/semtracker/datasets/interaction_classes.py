"""Classes of interactions: verbs with their supercategories, and whom or what with."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmsmot.utils.json_file import read_json

# The 10 supercategories of SynSMOT's verbs. THING_ACTIONS are done with a thing.
SUPERCATEGORIES: dict[str, tuple[str, ...]] = {
    'body contact': ('embrace.v.02', 'handshake.n.01', 'dance.v.01'),
    'communication': ('talk.v.01', 'beckon.v.01', 'indicate.v.02', 'applaud.v.01'),
    'attention': ('look.v.01', 'photograph.v.01'),
    'pursuit': ('chase.v.01', 'flee.v.01'),
    'walking with': ('follow.v.01', 'lead.v.01', 'accompany.v.02'),
    'meeting and parting': ('approach.v.01', 'leave.v.01'),
    'collision': ('push.v.01', 'dodge.v.01'),
    'ball play': ('throw.v.01', 'catch.v.04', 'pass.v.05', 'bounce.v.01'),
    'handover': ('give.v.03', 'receive.v.01', 'carry.v.01', 'hold.v.02', 'lift.v.02'),
    'use of a thing': (
        'ride.v.01',
        'wheel.v.01',
        'sit.v.01',
        'call.v.03',
        'drink.v.01',
    ),
}
SUPERCATEGORY_OF = {
    verb: name for name, verbs in SUPERCATEGORIES.items() for verb in verbs
}
VERBS: tuple[str, ...] = tuple(sorted(SUPERCATEGORY_OF))

# What a person of SynSMOT does with a thing: action of its script -> (verb, thing).
THING_ACTIONS: dict[str, tuple[str, str]] = {
    'ride': ('ride.v.01', 'bicycle'),
    'carry': ('carry.v.01', 'box'),
    'push_cart': ('wheel.v.01', 'cart'),
    'sit': ('sit.v.01', 'bench'),
    'phone': ('call.v.03', 'phone'),
    'drink': ('drink.v.01', 'cup'),
    'pick_up': ('lift.v.02', 'box'),
    'dribble': ('bounce.v.01', 'ball'),
    'hold_box': ('hold.v.02', 'box'),
}
PEOPLE = ('boy', 'girl', 'man', 'woman')
OBJECTS: tuple[str, ...] = (*PEOPLE, *sorted({o for _, o in THING_ACTIONS.values()}))


def read_classes(path: str | os.PathLike) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Interaction classes and object classes of a data set, by id.

    Args:
        path: JSON object with the lists ``relation_categories`` and ``categories`` of
            ``id`` and ``name``: an annotation file of SemTrack, or these two lists alone.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: A list is not there or malformed, or two classes have one name; names
            the file, the list and the entry.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            f'{path}: expected a JSON file with the lists "relation_categories" and '
            '"categories", such as the annotations of the training split'
        )
    content = read_json(path)
    return (
        _class_names(content, 'relation_categories', path),
        _class_names(content, 'categories', path),
    )


def _class_names(content: Any, name: str, path: str | os.PathLike) -> tuple[str, ...]:
    entries = content.get(name) if isinstance(content, dict) else None
    if not isinstance(entries, list) or not entries:
        raise ValueError(f'{path}: expected a list {name!r} of classes')
    names: dict[int, str] = {}
    for number, entry in enumerate(entries):
        is_class = isinstance(entry, dict) and type(entry.get('id')) is int
        if not is_class or not isinstance(entry.get('name'), str):
            raise ValueError(
                f'{path}: {name}[{number}]: expected a whole number "id" and a text '
                f'"name", got {entry!r:.80}'
            )
        if entry['id'] in names or entry['name'] in names.values():
            raise ValueError(f'{path}: {name}[{number}] is there twice: {entry!r:.80}')
        names[entry['id']] = entry['name']
    return tuple(names[number] for number in sorted(names))


def frequency_groups(
    counts: Mapping[str, int], names: Sequence[str] = ('head', 'middle', 'tail')
) -> dict[str, str]:
    """The frequency group of each verb: as many verbs in each, the most frequent first.

    Args:
        counts: How often each verb is there in training. Ties are broken by name.
        names: Of the groups.

    >>> frequency_groups({'a': 9, 'b': 5, 'c': 1})
    {'a': 'head', 'b': 'middle', 'c': 'tail'}
    """
    order = sorted(counts, key=lambda verb: (-counts[verb], verb))
    return {
        verb: names[rank * len(names) // len(order)] for rank, verb in enumerate(order)
    }
