"""The street's elements, expressions and captions, of facts made by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mmsmot.datasets.synsmot.street.captions import street_caption, street_summary
from mmsmot.datasets.synsmot.street.elements import language_elements
from mmsmot.datasets.synsmot.street.expressions import (
    LEAST_BOXES,
    make_street_expressions,
)

FRAMES = 10
LEFT, TOWARD, AWAY = np.pi, -np.pi / 2, np.pi / 2


def body(kind: str, color: str, **columns: Any) -> dict[str, Any]:
    content = dict(kind=kind, color=color, parked=False, counter=False)
    content |= dict(heading=[0.0] * FRAMES, speed=[0.0] * FRAMES)
    content |= dict(turn=[0] * FRAMES, crossing=[False] * FRAMES)
    if kind == 'person':
        content['appearance'] = dict(kind='man')
    return content | columns


@pytest.fixture
def facts() -> dict[str, Any]:
    """1 turns left and drives away, 2 waits, 3 is parked, 4 crosses, 5 rides to the left."""
    heading = [*np.linspace(-np.pi / 2, 0, 5), *[AWAY] * 5]
    objects = [
        body('car', 'red', heading=heading, speed=[5.0] * 10, turn=[1] * 5 + [0] * 5),
        body('van', 'black', heading=[TOWARD] * 10),
        body('car', 'black', heading=[AWAY] * 10, parked=True),
        body('person', 'blue', speed=[1.2] * 10, crossing=[True] * 10),
        body('bicycle', 'red', heading=[LEFT] * 10, speed=[3.0] * 10, counter=True),
    ]
    return dict(objects=objects, num_frames=FRAMES, scene='crossing')


def holders(facts: dict[str, Any]) -> dict[str, list[int]]:
    """Text to the numbers of those it holds of in some frame, from 1."""
    return {
        element.text: (np.flatnonzero(element.holds.any(axis=0)) + 1).tolist()
        for element in language_elements(facts)
    }


def test_elements_hold_of_whom_they_should(facts: dict[str, Any]) -> None:
    table = holders(facts)
    assert table['cars'] == [1, 3]
    assert table['vehicles'] == [1, 2, 3]
    assert table['people'] == table['men'] == [4]
    assert table['red'] == [1, 5]
    assert table['moving'] == [1, 5]
    assert table['waiting'] == [2]  # who is parked does not wait
    assert table['parking'] == [3]
    assert table['turning left'] == [1]
    assert table['crossing the road'] == table['walking to the right'] == [4]
    assert table['moving to the left'] == [5]
    assert 5 in table['seen from the side']
    assert table['facing the camera'] == [2]
    assert table['moving away from the camera'] == [1]
    assert table['moving in the counter direction'] == [5]  # though it goes to the left
    assert 'turning right' not in table
    assert 'women' not in table


def test_a_motion_of_two_frames_is_none(facts: dict[str, Any]) -> None:
    facts['objects'][0]['turn'] = [1, 1] + [0] * 8
    assert 'turning left' not in holders(facts)


def test_expressions_list_all_and_only(facts: dict[str, Any]) -> None:
    present = np.ones((FRAMES, 5), bool)
    present[:, 2] = np.arange(FRAMES) < 9
    made = make_street_expressions(facts, present, np.random.default_rng(0), 60)
    assert made['black vehicles'] == {
        t: [2, 3] if t < 9 else [2] for t in range(FRAMES)
    }
    tables = [str(labels) for labels in made.values()]
    assert len({*tables}) == len(tables)
    for labels in made.values():
        assert sum(map(len, labels.values())) >= LEAST_BOXES
        assert all(ids == sorted(ids) and ids for ids in labels.values())
    assert not any('parking' in text and 'people' in text for text in made)


def test_captions_tell_what_is_done(facts: dict[str, Any]) -> None:
    present = np.ones(FRAMES, bool)
    captions = [street_caption(b, present) for b in facts['objects']]
    assert captions == [
        'A red car turns left, then drives away.',
        'A black van waits.',
        'A black car is parked.',
        'A man in blue crosses the road.',
        'A red bicycle rides to the left.',
    ]
    assert street_summary(facts) == (
        'A crossing seen from above, with one bicycle, two cars, one person and one van.'
    )
