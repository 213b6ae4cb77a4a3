"""Looks by chance; combinations of colour and action that only the test split has."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np

from mmsmot.datasets.synsmot.actions import ACTIONS
from mmsmot.datasets.synsmot.appearance import SHIRT_COLORS
from mmsmot.datasets.synsmot.casting import (
    choose_looks,
    held_out_pairs,
    is_held_out,
)
from mmsmot.datasets.synsmot.scene import write_script
from mmsmot.datasets.synsmot.settings import Settings
from mmsmot.datasets.synsmot.writer import sequence_folders


def _played(split: str, count: int) -> Counter:
    """(top colour, action) of so many clips of a split."""
    pairs: Counter = Counter()
    for index in range(count):
        rng = np.random.default_rng([7, index])
        for actor in write_script(rng, index, split, Settings()).actors:
            pairs.update((actor.look.top_color, s.action) for s in actor.states)
    return pairs


def test_of_every_action_one_colour_in_ten_is_held_out():
    pairs = held_out_pairs()
    assert len(pairs) == len(ACTIONS) == 48
    assert Counter(action for _, action in pairs) == Counter(list(ACTIONS))
    colors = Counter(color for color, _ in pairs)
    assert set(colors) == set(SHIRT_COLORS)
    assert max(colors.values()) - min(colors.values()) <= 1


def test_training_never_shows_them_and_the_test_split_does():
    held_out = set(held_out_pairs())
    train, test = _played('train', 120), _played('test', 60)
    assert len(train) > 250
    assert held_out.isdisjoint(train)
    assert len(held_out & set(test)) >= 15


def test_colours_and_actions_are_seen_apart_in_training():
    train = _played('train', 120)
    assert {color for color, _ in train} == set(SHIRT_COLORS)
    assert {action for _, action in train} == set(ACTIONS)


def test_the_files_of_mini_keep_the_rule(mini):
    seen = 0
    for folder in sequence_folders(mini):
        if folder.parents[1].name != 'train':
            continue
        facts = json.loads((folder / 'script.json').read_text())
        for person in facts['people']:
            color = person['appearance']['top_color']
            for state in person['states']:
                seen += 1
                assert not is_held_out(color, state['action'])
    assert seen > 30


def test_people_can_be_told_apart_by_words_or_by_motion():
    rng = np.random.default_rng(0)
    twins = 0
    for _ in range(100):
        looks = choose_looks(rng, [{'walk'}, {'run'}, {'sit'}], [()] * 3, 'train')
        words = {(k.kind, k.top, k.top_color, k.bottom_color) for k in looks}
        assert len(words) == 3
        twins += looks[0].top_color == looks[1].top_color
    assert 15 <= twins <= 45  # three clips in ten


def test_roles_keep_to_their_kinds():
    rng = np.random.default_rng(1)
    kinds = [('man', 'woman'), ('boy', 'girl', 'woman')]
    for _ in range(50):
        looks = choose_looks(rng, [{'lead'}, {'led'}], kinds, 'test')
        assert all(k.kind in may for k, may in zip(looks, kinds, strict=True))
