"""Referring expressions list all people and frames of which they are true."""

from __future__ import annotations

import json

import numpy as np

from mmsmot.datasets.synsmot.expressions import make_expressions


def _person(number: int, kind: str, color: str, *states: tuple) -> dict:
    return {
        'id': number,
        'appearance': {
            'kind': kind,
            'top_color': color,
            'bottom': 'trousers',
            'bottom_color': 'black',
            'hat': '',
            'backpack': '',
            'umbrella': '',
        },
        'states': [
            dict(zip(('action', 'start', 'end', 'direction'), s, strict=True))
            for s in states
        ],
    }


FACTS = {
    'people': [
        _person(1, 'man', 'red', ('walk', 1, 3, 'left'), ('wave', 4, 6, '')),
        _person(2, 'girl', 'red', ('run', 1, 6, 'right')),
        _person(3, 'boy', 'blue', ('walk', 1, 6, 'right')),
    ]
}
# The girl is not annotated in frame 2.
PRESENT = [{1, 2, 3}, {1, 3}, {1, 2, 3}, {1, 2, 3}, {1, 2, 3}, {1, 2, 3}]
EXPECTED = {
    'people in red': {0: [1, 2], 1: [1], 2: [1, 2], 3: [1, 2], 4: [1, 2], 5: [1, 2]},
    'men in red': {t: [1] for t in range(6)},
    'children in red': {t: [2] for t in (0, 2, 3, 4, 5)},
    'people walking': {t: [1, 3] if t < 3 else [3] for t in range(6)},
    'people walking to the left': {t: [1] for t in range(3)},
    'men in red waving': {t: [1] for t in (3, 4, 5)},
    'people waving or running to the right': {
        t: sorted([1] * (t > 2) + [2] * (t != 1)) for t in (0, 2, 3, 4, 5)
    },
    'people in blue or in red': {t: [1, 3] if t == 1 else [1, 2, 3] for t in range(6)},
}


def test_expressions_list_all_and_only_those_meant():
    made: dict = {}
    for seed in range(60):
        made |= make_expressions(FACTS, PRESENT, np.random.default_rng(seed))
    alike = {
        'people running to the right or waving': 'people waving or running to the right'
    }
    checked = 0
    for text, labels in made.items():
        key = alike.get(text, text)
        if key in EXPECTED:
            checked += 1
            assert labels == EXPECTED[key], text
    assert checked >= 6


def test_no_two_expressions_of_a_clip_list_the_same():
    for seed in range(20):
        made = make_expressions(FACTS, PRESENT, np.random.default_rng(seed))
        assert 4 <= len(made) <= 8
        assert all(made.values())
        keys = [json.dumps(labels) for labels in made.values()]
        assert len(set(keys)) == len(keys)


def test_nobody_there_means_no_expression():
    none = [set() for _ in PRESENT]
    assert make_expressions(FACTS, none, np.random.default_rng(0)) == {}
