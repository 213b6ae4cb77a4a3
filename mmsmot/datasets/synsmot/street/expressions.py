"""Referring expressions of the street: elements joined by AND and OR, with a least count.

The third step of Refer-UE-City (MLS-Track, section 3.1): combinations that hold of fewer
boxes than a threshold are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .elements import Element, language_elements

LEAST_BOXES = 8  # of an expression
ATTEMPTS = 24  # draws for each expression that is wanted

Labels = dict[int, list[int]]


def make_street_expressions(
    facts: dict[str, Any],
    present: np.ndarray,
    rng: np.random.Generator,
    num_expressions: int,
) -> dict[str, Labels]:
    """Some expressions for a clip.

    Args:
        facts: As in ``script.json``.
        present: (T, N) bool, who is annotated in which frame.
        rng: Chooses among the combinations.
        num_expressions: At most so many.

    Returns:
        Sentence to {frame from 0: ids}, frames with nobody left out. No two sentences
        list the same objects and frames.
    """
    elements = language_elements(facts)
    by_group = {
        group: [e for e in elements if e.group == group]
        for group in ('noun', 'color', 'facing', 'motion')
    }
    expressions: dict[str, Labels] = {}
    tables: list[np.ndarray] = []
    for turn in range(num_expressions * ATTEMPTS):
        if len(expressions) >= num_expressions or not by_group['noun']:
            break
        combination = _draw(by_group, rng, turn % 5)
        if combination is None:
            continue
        text, holds = combination
        table = holds & present
        if table.sum() < LEAST_BOXES or text in expressions:
            continue
        if any(np.array_equal(table, earlier) for earlier in tables):
            continue
        tables.append(table)
        expressions[text] = _labels(table)
    return expressions


def _draw(
    by_group: dict[str, list[Element]], rng: np.random.Generator, form: int
) -> tuple[str, np.ndarray] | None:
    """A combination of a form, or ``None`` where its elements do not go together.

    The forms: noun with motion, colour and noun, colour and noun with motion, noun with
    facing (and motion), and OR of two colours or two motions.
    """
    noun = _pick(by_group['noun'], rng)
    if noun is None:
        return None
    color = _pick(by_group['color'], rng)
    motion = _pick(_said_of(by_group['motion'], noun), rng)
    facing = _pick(_said_of(by_group['facing'], noun), rng)
    if form == 4:
        return _alternatives(by_group, noun, rng)
    combined: Sequence[Element | None] = (
        (noun, motion),
        (color, noun),
        (color, noun, motion),
        (noun, facing) if rng.random() < 0.6 else (color, noun, facing),
    )[form]
    if any(part is None for part in combined):
        return None
    parts = [part for part in combined if part is not None]
    return _sentence(parts), np.logical_and.reduce([part.holds for part in parts])


def _alternatives(
    by_group: dict[str, list[Element]], noun: Element, rng: np.random.Generator
) -> tuple[str, np.ndarray] | None:
    """``'red or black cars'``, ``'cars turning left or waiting'``."""
    group = 'color' if rng.random() < 0.5 else 'motion'
    choices = [
        e for e in _said_of(by_group[group], noun) if (e.holds & noun.holds).any()
    ]
    if len(choices) < 2:
        return None
    first, second = (choices[k] for k in rng.permutation(len(choices))[:2])
    first_holds, second_holds = first.holds & noun.holds, second.holds & noun.holds
    if (first_holds <= second_holds).all() or (second_holds <= first_holds).all():
        return None  # the wider one says all that both do
    holds = first_holds | second_holds
    if group == 'motion':
        return f'{noun.text} {first.text} or {second.text}', holds
    if 'person' in noun.kinds:
        return f'{noun.text} in {first.text} or in {second.text}', holds
    return f'{first.text} or {second.text} {noun.text}', holds


def _sentence(parts: Sequence[Element]) -> str:
    """Colour before a vehicle, but ``'people in red'``; facing and motion behind."""
    color = next((e.text for e in parts if e.group == 'color'), '')
    noun = next(e for e in parts if e.group == 'noun')
    behind = [e.text for e in parts if e.group in ('facing', 'motion')]
    if 'person' in noun.kinds:
        return ' '.join([noun.text, *([f'in {color}'] if color else []), *behind])
    return ' '.join([*([color] if color else []), noun.text, *behind])


def _said_of(elements: list[Element], noun: Element) -> list[Element]:
    return [element for element in elements if noun.kinds <= element.kinds]


def _pick(elements: list[Element], rng: np.random.Generator) -> Element | None:
    return elements[int(rng.integers(len(elements)))] if elements else None


def _labels(table: np.ndarray) -> Labels:
    return {
        frame: (np.flatnonzero(row) + 1).tolist()
        for frame, row in enumerate(table)
        if row.any()
    }
