"""The rules of interactions on boxes made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.datasets.synsmot.actions import ACTIONS
from mmsmot.datasets.synsmot.checks.interactions import PAIR_RULES, InteractionPair

GO = np.linspace(0, 2, 12)
STAY = np.zeros(12)


def _pair(
    subject: np.ndarray, other: np.ndarray, width: float = 0.3
) -> InteractionPair:
    gap = np.abs(subject - other) - width
    return InteractionPair(subject, other, gap, float(other[-1] - other[0]))


HOLDS = {
    'approach.v.01': (GO, STAY + 2.5),
    'leave.v.01': (-GO, STAY + 0.5),
    'embrace.v.02': (STAY, STAY + 0.25),
    'handshake.n.01': (STAY, STAY + 0.45),
    'dance.v.01': (STAY, STAY + 0.45),
    'talk.v.01': (STAY, STAY + 0.6),
    'follow.v.01': (GO, GO + 0.7),
    'chase.v.01': (-GO, -GO - 0.7),
    'lead.v.01': (GO, GO - 0.4),
    'flee.v.01': (-GO, -GO + 0.7),
    'accompany.v.02': (GO, GO + 0.1),
    'push.v.01': (STAY, 0.4 + 0.5 * GO),
    'dodge.v.01': (STAY, GO - 1),
    'give.v.03': (STAY, STAY + 0.5),
    'receive.v.01': (STAY, STAY + 0.5),
}
FAR = ('pass.v.05', 'throw.v.01', 'catch.v.04', 'indicate.v.02', 'beckon.v.01')
FAR += ('look.v.01', 'applaud.v.01', 'photograph.v.01')
HOLDS |= {verb: (STAY, STAY + 1.2) for verb in FAR}
BREAKS = {
    'approach.v.01': (STAY, STAY + 1),
    'leave.v.01': (GO, STAY + 2.5),
    'embrace.v.02': (STAY, STAY + 0.9),
    'handshake.n.01': (STAY, STAY + 1),
    'dance.v.01': (STAY, STAY + 1),
    'talk.v.01': (STAY, STAY + 1.5),
    'follow.v.01': (GO, GO - 0.7),
    'chase.v.01': (GO, -GO),
    'lead.v.01': (GO, GO + 0.4),
    'flee.v.01': (GO, STAY + 1),
    'accompany.v.02': (GO, -GO),
    'push.v.01': (STAY, STAY + 0.4),
    'dodge.v.01': (STAY, STAY + 0.4),
    'give.v.03': (STAY, STAY + 2),
    'receive.v.01': (GO, STAY + 0.5),
} | {verb: (GO, STAY + 1.2) for verb in FAR}


def test_there_is_a_rule_for_each_interaction():
    verbs = {action.verb for action in ACTIONS.values()} - {''}
    assert set(PAIR_RULES) == verbs == set(HOLDS) == set(BREAKS)


@pytest.mark.parametrize('verb', sorted(PAIR_RULES))
def test_the_rule_tells_true_from_false(verb):
    assert PAIR_RULES[verb](_pair(*HOLDS[verb])) == ''
    assert PAIR_RULES[verb](_pair(*BREAKS[verb])) != ''
