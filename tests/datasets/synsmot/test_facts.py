"""What is told is what was seen."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from mmsmot.datasets.synsmot.facts import clip_facts
from mmsmot.datasets.synsmot.script import (
    Actor,
    ScriptedAction,
    ScriptedProp,
    ScriptedPropSpan,
)

NO_THINGS = np.zeros((24, 0))


@pytest.fixture
def meeting(play, look):
    """Frames 0-11: one approaches another; 12-23: they talk."""

    def states(partner, start, meet, first):
        walk = ScriptedAction(first, 0, 12, start, meet, partner=partner)
        return walk, ScriptedAction('talk', 12, 24, meet, meet, partner=partner)

    one = Actor(1, look, states(2, (-2.0, 7.0), (-0.5, 7.0), 'approach'), 0.0)
    two = Actor(2, look, states(1, (0.5, 7.0), (0.5, 7.0), 'stand'), 0.0)
    return replace(play((0, 7), frames=24), actors=(one, two))


def test_frames_count_from_one_and_both_directions_are_told(meeting):
    facts = clip_facts(meeting, np.ones((24, 2)), NO_THINGS)
    assert [person['name'] for person in facts['people']] == ['man0', 'man1']
    assert [tuple(i.values()) for i in facts['interactions']] == [
        (1, 'approach.v.01', 2, 1, 12),
        (1, 'talk.v.01', 2, 13, 24),
        (2, 'talk.v.01', 1, 13, 24),
    ]
    assert facts['people'][0]['states'][0]['direction'] == 'right'
    assert facts['people'][1]['states'][0]['direction'] == ''


def test_hidden_states_are_left_out_and_spans_trimmed(meeting):
    visibility = np.ones((24, 2))
    visibility[:4, 0] = 0  # hidden while it begins to approach
    facts = clip_facts(meeting, visibility, NO_THINGS)
    assert facts['interactions'][0]['start'] == 5
    visibility[12:, 0] = 0.05  # hidden while they talk: seen of neither
    facts = clip_facts(meeting, visibility, NO_THINGS)
    assert [i['verb'] for i in facts['interactions']] == ['approach.v.01']
    assert [s['action'] for s in facts['people'][0]['states']] == ['approach']


@pytest.mark.parametrize(
    ('heading', 'told'),
    [
        (-math.pi / 2, ''),
        (-math.pi / 2 + 0.7, ''),
        (0.0, 'blue'),
        (math.pi / 2, 'blue'),
    ],
)
def test_a_backpack_is_told_of_those_who_turn(play, look, heading, told):
    script = play((0.0, 7.0), frames=8)
    bearer = Actor(
        1,
        replace(look, backpack='blue'),
        (ScriptedAction('stand', 0, 8, (0.0, 7.0), (0.0, 7.0), heading),),
        0.0,
    )
    facts = clip_facts(replace(script, actors=(bearer,)), np.ones((8, 1)), NO_THINGS)
    assert facts['people'][0]['appearance']['backpack'] == told


@pytest.mark.parametrize(
    ('seen', 'told'), [(0.0, ('stand', '')), (0.5, ('dribble', 'red'))]
)
def test_a_ball_behind_a_tree_is_not_told(play, look, seen, told):
    """Of several balls it is the own one that counts, while it is bounced."""
    states = (
        ScriptedAction('dribble', 0, 12, (0.0, 7.0), (0.0, 7.0), 0.0),
        ScriptedAction('wave', 12, 24, (0.0, 7.0), (0.0, 7.0), 0.0),
    )
    balls = (
        ScriptedProp('ball', 'blue', (ScriptedPropSpan(0, 24, 'bounce', 2),)),
        ScriptedProp('ball', 'red', (ScriptedPropSpan(0, 24, 'bounce', 1),)),
    )
    script = replace(
        play((0.0, 7.0), frames=24),
        actors=(Actor(1, look, states, 0.0),),
        things=balls,
    )
    things = np.ones((24, 2))
    things[:12, 1] = 0
    things[5, 1] = seen
    states = clip_facts(script, np.ones((24, 1)), things)['people'][0]['states']
    assert [s['action'] for s in states] == [told[0], 'wave']
    assert [s['color'] for s in states] == [told[1], '']
