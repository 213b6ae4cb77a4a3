"""Referring expressions by appearance and motion, joined by AND and OR.

In the spirit of Refer-UE-City (MLS-Track, section 3): attributes come from the script,
so each expression is true of the people and frames it lists, and of no others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from .lexicon import DIRECTIONS, PARTICIPLES, PLURALS

PER_CLIP = 8
CHILDREN, ADULTS = ('boy', 'girl'), ('man', 'woman')

Facts = dict[str, Any]


@dataclass(frozen=True)
class ExpressionTerm:
    """A part of an expression: its words, and for whom and when it holds.

    Attributes:
        text: "in red", "walking to the left".
        holds: Of a person's facts and a frame number.
    """

    text: str
    holds: Callable[[dict[str, Any], int], bool]


def make_expressions(
    facts: Facts, present: list[set[int]], rng: np.random.Generator
) -> dict[str, dict[int, list[int]]]:
    """Some expressions for a clip.

    Args:
        facts: As in ``script.json``.
        present: For every frame the ids annotated in it.
        rng: Chooses among the expressions that hold of somebody.

    Returns:
        Sentence to {frame from 0: ids}, frames with nobody left out. No two sentences
        list the same people and frames.
    """
    nouns, looks, motions = _nouns(facts), _looks(facts), _motions(facts)
    pools = [
        [(f'{n.text} {a.text}', [[n, a]]) for n in nouns for a in looks],
        [(f'{n.text} {m.text}', [[n, m]]) for n in nouns for m in motions],
        [
            (f'{n.text} {a.text} {m.text}', [[n, a, m]])
            for n in nouns
            for a in looks
            for m in motions
        ],
        [
            (f'{nouns[0].text} {a.text} or {b.text}', [[a], [b]])
            for group in (looks, motions)
            for a, b in combinations(group, 2)
        ],
    ]
    found: dict[str, dict[int, list[int]]] = {}
    seen: list[dict[int, list[int]]] = []
    for turn in range(PER_CLIP * 6):
        pool = pools[turn % len(pools)]
        if not pool or len(found) >= PER_CLIP:
            continue
        text, alternatives = pool[rng.integers(len(pool))]
        labels = _labels(facts, present, alternatives)
        if labels and labels not in seen:
            seen.append(labels)
            found[text] = labels
    return found


def _labels(
    facts: Facts, present: list[set[int]], alternatives: list[list[ExpressionTerm]]
) -> dict[int, list[int]]:
    labels = {}
    for index, ids in enumerate(present):
        chosen = [
            person
            for person in sorted(ids)
            if any(
                all(t.holds(facts['people'][person - 1], index + 1) for t in terms)
                for terms in alternatives
            )
        ]
        if chosen:
            labels[index] = chosen
    return labels


def _wears(key: str, value: str) -> Callable[[dict[str, Any], int], bool]:
    return lambda who, _: who['appearance'][key] == value


def _nouns(facts: Facts) -> list[ExpressionTerm]:
    kinds = sorted({p['appearance']['kind'] for p in facts['people']})
    nouns = [ExpressionTerm('people', lambda *_: True)]
    nouns += [ExpressionTerm(PLURALS[kind], _wears('kind', kind)) for kind in kinds]
    for text, group in (('children', CHILDREN), ('adults', ADULTS)):
        if set(group) & set(kinds):
            nouns.append(
                ExpressionTerm(
                    text, lambda who, _, g=group: who['appearance']['kind'] in g
                )
            )
    return nouns


def _looks(facts: Facts) -> list[ExpressionTerm]:
    people = [p['appearance'] for p in facts['people']]
    terms = [
        ExpressionTerm(f'in {color}', _wears('top_color', color))
        for color in sorted({look['top_color'] for look in people})
    ]
    for bottom in ('trousers', 'shorts'):
        for color in sorted(
            {p['bottom_color'] for p in people if p['bottom'] == bottom}
        ):
            terms.append(
                ExpressionTerm(
                    f'in {color} {bottom}',
                    lambda who, _, b=bottom, c=color: (
                        (who['appearance']['bottom'], who['appearance']['bottom_color'])
                        == (b, c)
                    ),
                )
            )
    for key, text in (
        ('hat', 'wearing a hat'),
        ('backpack', 'with a backpack'),
        ('umbrella', 'with an umbrella'),
    ):
        if any(look[key] for look in people):
            terms.append(
                ExpressionTerm(text, lambda who, _, k=key: bool(who['appearance'][k]))
            )
    return terms


def _does(
    actions: frozenset[str], direction: str = ''
) -> Callable[[dict[str, Any], int], bool]:
    def holds(who: dict[str, Any], frame: int) -> bool:
        return any(
            state['action'] in actions
            and state['start'] <= frame <= state['end']
            and direction in ('', state['direction'])
            for state in who['states']
        )

    return holds


def _motions(facts: Facts) -> list[ExpressionTerm]:
    """Participles that hold of somebody, with and without a direction."""
    states = [state for person in facts['people'] for state in person['states']]
    terms = []
    for words, actions in PARTICIPLES.items():
        mine = [state for state in states if state['action'] in actions]
        if mine:
            terms.append(ExpressionTerm(words, _does(actions)))
        if words in ('walking', 'running'):
            for direction in sorted({s['direction'] for s in mine} - {''}):
                text = f'{words} {DIRECTIONS[direction]}'
                terms.append(ExpressionTerm(text, _does(actions, direction)))
    return terms
