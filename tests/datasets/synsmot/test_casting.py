"""Looks by chance; combinations of colour and action that training never shows."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest

from mmsmot.datasets.synsmot.actions import ACTIONS, WITHOUT_THING
from mmsmot.datasets.synsmot.appearance import SHIRT_COLORS
from mmsmot.datasets.synsmot.casting import (
    HELD_OUT,
    NEVER_SHOWN,
    choose_appearances,
    held_out_casting_pairs,
    is_held_out_casting,
)
from mmsmot.datasets.synsmot.script_generator import generate_script
from mmsmot.datasets.synsmot.settings import ClipSettings
from mmsmot.datasets.synsmot.writer import written_sequence_folders


def _played(split: str, count: int) -> Counter:
    """(top colour, action) of so many clips of a split."""
    pairs: Counter = Counter()
    for index in range(count):
        rng = np.random.default_rng([7, index])
        for actor in generate_script(rng, index, split, ClipSettings()).actors:
            pairs.update((actor.look.top_color, s.action) for s in actor.states)
    return pairs


@pytest.mark.parametrize('split', ['val', 'test'])
def test_of_every_action_one_colour_in_ten_is_held_out(split):
    pairs = held_out_casting_pairs(split)
    assert len(pairs) == len(ACTIONS) == 48
    assert Counter(action for _, action in pairs) == Counter(list(ACTIONS))
    colors = Counter(color for color, _ in pairs)
    assert set(colors) == set(SHIRT_COLORS)
    assert max(colors.values()) - min(colors.values()) <= 1


def test_training_never_shows_them_and_val_and_test_do():
    of_val, of_test = (
        set(held_out_casting_pairs('val')),
        set(held_out_casting_pairs('test')),
    )
    assert of_val.isdisjoint(of_test)
    train = _played('train', 120)
    assert len(train) > 250
    assert of_val.isdisjoint(train) and of_test.isdisjoint(train)
    val, test = _played('val', 60), _played('test', 60)
    assert len(of_val & set(val)) >= 15 and len(of_test & set(test)) >= 15
    assert of_test.isdisjoint(val)


@pytest.mark.parametrize('split', ['train', 'val'])
def test_what_is_seen_where_a_thing_is_hidden_counts_as_well(split):
    """Nobody bounces a ball in a colour in which "stands still" is held out."""
    rng = np.random.default_rng(2)
    for action, seen in WITHOUT_THING.items():
        worn = {
            look.top_color
            for _ in range(60)
            for look in choose_appearances(rng, [{action}], [()], split)
        }
        assert len(worn) >= 6
        for kept_for in NEVER_SHOWN[split]:
            assert not any(is_held_out_casting(color, seen, kept_for) for color in worn)


def test_a_clip_of_val_draws_from_its_own_combinations_half_of_the_time():
    rng = np.random.default_rng(4)
    colors = [
        choose_appearances(rng, [{'walk'}], [()], 'val')[0].top_color
        for _ in range(400)
    ]
    shares = {
        s: np.mean([is_held_out_casting(c, 'walk', s) for c in colors])
        for s in HELD_OUT
    }
    assert shares['test'] == 0
    assert 0.42 <= shares['val'] <= 0.58


def test_colours_and_actions_are_seen_apart_in_training():
    train = _played('train', 120)
    assert {color for color, _ in train} == set(SHIRT_COLORS)
    assert {action for _, action in train} == set(ACTIONS)


def test_the_files_of_mini_keep_the_rule(mini):
    seen: Counter = Counter()
    for folder in written_sequence_folders(mini):
        split = folder.parents[1].name
        facts = json.loads((folder / 'script.json').read_text())
        for person in facts['people']:
            color = person['appearance']['top_color']
            for state in person['states']:
                seen[split] += 1
                for kept_for in NEVER_SHOWN[split]:
                    assert not is_held_out_casting(color, state['action'], kept_for)
    assert seen['train'] > 30 and seen['val'] > 15


def test_people_can_be_told_apart_by_words_or_by_motion():
    rng = np.random.default_rng(0)
    twins = 0
    for _ in range(100):
        looks = choose_appearances(rng, [{'walk'}, {'run'}, {'sit'}], [()] * 3, 'train')
        words = {(k.kind, k.top, k.top_color, k.bottom_color) for k in looks}
        assert len(words) == 3
        twins += looks[0].top_color == looks[1].top_color
    assert 15 <= twins <= 45  # three clips in ten


def test_roles_keep_to_their_kinds():
    rng = np.random.default_rng(1)
    kinds = [('man', 'woman'), ('boy', 'girl', 'woman')]
    for _ in range(50):
        looks = choose_appearances(rng, [{'lead'}, {'led'}], kinds, 'test')
        assert all(k.kind in may for k, may in zip(looks, kinds, strict=True))
