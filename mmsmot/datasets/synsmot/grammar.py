"""From facts to sentences: instance captions and video captions in several phrasings.

Everything here takes the facts of ``script.json`` and a random generator that chooses
the phrasing, so that any clip can be told again in other words.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .lexicon import CLAUSES, DIRECTIONS, HEADLINES, NUMBERS, PLACES, PRONOUNS

MIN_WORDS, MAX_WORDS = 8, 35
MAX_CLAUSES = 3
# Said only when there is room: they tell little.
DULL = frozenset({'stand'})

Facts = dict[str, Any]


def synsmot_instance_caption(
    facts: Facts, person: int, rng: np.random.Generator
) -> str:
    """What a person looks like and does, in the order it is done.

    Args:
        facts: As in ``script.json``.
        person: The id.
        rng: Chooses the phrasing.

    Returns:
        One to three sentences of 8 to 35 words.
    """
    for _ in range(50):
        text = _caption(facts, person, rng)
        if MIN_WORDS <= len(text.split()) <= MAX_WORDS:
            break
    return text


def _caption(facts: Facts, person: int, rng: np.random.Generator) -> str:
    who = facts['people'][person - 1]
    states = _told(who['states'])
    subject = _described(who, rng)
    clauses, partner = [], 0
    for state in states:
        clauses.append(_clause(facts, who, state, rng, known=partner))
        partner = state['partner'] or partner
    he = PRONOUNS[who['appearance']['kind']][0]
    if len(clauses) == 1:
        return f'A {subject} {clauses[0]}.'
    first, *middle, last = clauses
    if middle:
        form = rng.integers(3)
        if form == 0:
            return f'A {subject} {first}, then {middle[0]}, and finally {last}.'
        if form == 1:
            return f'A {subject} {first}. Then {he} {middle[0]} and {last}.'
        return f'A {subject} first {first}, then {middle[0]}, then {last}.'
    form = rng.integers(4)
    if form == 0:
        return f'A {subject} {first}. After that, {he} {last}.'
    if form == 1:
        return f'A {subject} first {first} and then {last}.'
    return f'A {subject} {first}, then {last}.'


def _told(states: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """At most three, in order; what is repeated and what is dull goes first."""
    told: list[dict[str, Any]] = []
    for state in states:
        same = told and (
            (told[-1]['action'], told[-1]['partner'], told[-1]['direction'])
            == (state['action'], state['partner'], state['direction'])
        )
        if not same:
            told.append(state)
    while len(told) > MAX_CLAUSES:
        dull = [index for index, state in enumerate(told) if state['action'] in DULL]
        told.pop(dull[-1] if dull else len(told) - 1)
    return told


def _clause(
    facts: Facts,
    who: dict[str, Any],
    state: dict[str, Any],
    rng: np.random.Generator,
    known: int = 0,
) -> str:
    """A state as words; a partner named before (``known``) is him or her."""
    forms = CLAUSES[state['action']]
    form = forms[rng.integers(len(forms))]
    other = ''
    if state['partner']:
        partner = facts['people'][state['partner'] - 1]
        other = PRONOUNS[partner['appearance']['kind']][1]
        if state['partner'] != known:
            other = _named(facts, partner, who, rng)
    text = form.format(d=DIRECTIONS[state['direction']], o=other, c=state['color'])
    text = text.replace('a orange', 'an orange')
    return ' '.join(text.split())


def _article(text: str) -> str:
    return f'an {text}' if text[0] in 'aeiou' else f'a {text}'


def _top(look: dict[str, Any], rng: np.random.Generator) -> str:
    """ "a red shirt", perhaps with its sleeves."""
    color, top = look['top_color'], look['top']
    if top == 'shirt' and rng.random() < 0.25:
        return f'a {look["sleeves"]}-sleeved {color} shirt'
    return _article(f'{color} {top}')


def _legs(look: dict[str, Any]) -> str:
    """ "blue trousers", "a black skirt"."""
    if look['bottom'] == 'skirt':
        return f'a {look["bottom_color"]} skirt'
    return f'{look["bottom_color"]} {look["bottom"]}'


def _described(who: dict[str, Any], rng: np.random.Generator) -> str:
    """A long noun phrase without its article: "man in a red shirt and blue trousers"."""
    look = who['appearance']
    wearing = 'wearing' if rng.random() < 0.3 else 'in'
    text = f'{look["kind"]} {wearing} {_top(look, rng)}'
    if look['bottom'] and rng.random() < 0.7:
        text += f' and {_legs(look)}'
    extras = []
    if look['hat']:
        extras.append(f'a {look["hat"]} hat')
    if look['backpack']:
        extras.append(f'a {look["backpack"]} backpack')
    if look['umbrella']:
        extras.append(f'a {look["umbrella"]} umbrella')
    if extras and rng.random() < 0.75:
        text += ' with ' + extras[rng.integers(len(extras))]
    return text


def _named(
    facts: Facts, who: dict[str, Any], speaker: dict[str, Any], rng: np.random.Generator
) -> str:
    """A short noun phrase that fits nobody else of the clip but, at most, the subject."""
    look = who['appearance']
    rivals = [
        p['appearance']
        for p in facts['people']
        if p['id'] not in (who['id'], speaker['id'])
        and (p['appearance']['kind'], p['appearance']['top_color'])
        == (look['kind'], look['top_color'])
    ]
    mine = speaker['appearance']
    alike = (mine['kind'], mine['top_color']) == (look['kind'], look['top_color'])
    if (rivals or alike) and look['bottom']:
        article = 'another' if alike else 'a'
        return f'{article} {look["kind"]} in {_top(look, rng)} and {_legs(look)}'
    if rng.random() < 0.5:
        return f'a {look["kind"]} in {look["top_color"]}'
    return f'a {look["kind"]} in {_article(look["top_color"] + " " + look["top"])}'


def video_caption(facts: Facts, rng: np.random.Generator) -> str:
    """Where it is, how many people there are, and what it is mainly about."""
    people = facts['people']
    count, place = NUMBERS[len(people)], PLACES[facts['setting']]
    main, other = _headline(facts, rng)
    if len(people) == 1:
        return f'One person is {place}. {_capital(main)}.'
    form = rng.integers(4)
    if form == 0:
        text = f'{_capital(place)}, there are {count} people: {main}'
    elif form == 1:
        text = f'{_capital(count)} people are {place}. {_capital(main)}'
    elif form == 2:
        text = f'There are {count} people {place}, and {main}'
    else:
        text = f'{_capital(main)} {place} with {count} people'
        return text + '.'
    if other:
        text += f' while {other}'
    return text + '.'


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _headline(facts: Facts, rng: np.random.Generator) -> tuple[str, str]:
    """The main event as a clause, and one of somebody who has no part in it."""
    action = HEADLINES[facts['activity']]
    cast: set[int] = set()
    main = ''
    for who in facts['people']:
        for state in who['states']:
            if state['action'] == action and not main:
                main = f'{_named(facts, who, who, rng).replace("another", "a")} '
                main += _clause(facts, who, state, rng)
                cast = {who['id'], state['partner']}
    others = [p for p in facts['people'] if p['id'] not in cast and p['states']]
    if not main:
        who = others.pop(0)
        main = f'a {_described(who, rng)} {_clause(facts, who, who["states"][0], rng)}'
    if not others or rng.random() < 0.4:
        return main, ''
    who = others[rng.integers(len(others))]
    look = who['appearance']
    clause = _clause(facts, who, _told(who['states'])[0], rng)
    return main, f'a {look["kind"]} in {look["top_color"]} {clause}'
