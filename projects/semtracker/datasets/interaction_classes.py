"""Classes of interactions: verbs with their supercategories, and whom or what with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# The 10 supercategories of SynSMOT's verbs. The last nine verbs are done with a thing.
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
