"""Sentences from facts: every word of the lexicon is put right, read back independently."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mmsmot.datasets.synsmot.actions import ACTIONS, SYMMETRIC
from mmsmot.datasets.synsmot.checks.claims import (
    AppearanceClaim,
    parse_action_claims,
    parse_caption_claims,
    parse_video_caption_claims,
)
from mmsmot.datasets.synsmot.grammar import synsmot_instance_caption, video_caption
from mmsmot.datasets.synsmot.lexicon import CLAUSES, HEADLINES, PARTICIPLES, PLACES
from mmsmot.datasets.synsmot.plots import PLOTS
from mmsmot.datasets.synsmot.writer import written_sequence_folders
from mmsmot.datasets.vocabulary import InteractionVocabulary


def test_the_lexicon_has_words_for_all_and_nothing_else():
    assert set(CLAUSES) == set(ACTIONS)
    assert set(HEADLINES) == set(PLOTS)
    assert set(HEADLINES.values()) <= set(ACTIONS)
    assert set().union(*PARTICIPLES.values()) <= set(ACTIONS)
    assert set(SYMMETRIC) <= set(ACTIONS)
    assert all(len(set(forms)) == len(forms) >= 2 for forms in CLAUSES.values())


def test_interactions_are_of_bensmots_vocabulary():
    vocabulary = InteractionVocabulary()
    verbs = {action.verb for action in ACTIONS.values()} - {''}
    assert len(verbs) == 23
    assert all(verb in vocabulary for verb in verbs)


@pytest.mark.parametrize('action', sorted(ACTIONS))
def test_each_way_to_say_it_means_the_same_to_a_reader_of_its_own(action):
    for form in CLAUSES[action]:
        text = form.format(d='to the left', o='a boy in red', c='blue')
        doings, rest = parse_action_claims(text)
        assert rest == ''
        assert len(doings) == 1
        doing = doings[0]
        assert doing.verb == ACTIONS[action].verb
        assert doing.direction == ('left' if '{d}' in form else '')
        assert doing.other == (AppearanceClaim('boy', 'red') if '{o}' in form else '')
        assert doing.color == ('blue' if '{c}' in form else '')


def _facts(mini: Path) -> list[dict]:
    return [
        json.loads((folder / 'script.json').read_text())
        for folder in written_sequence_folders(mini)
    ]


def test_captions_of_many_phrasings_say_only_what_is_so(mini):
    """Ten tellings of everyone: 8 to 35 words, all understood, deeds in their order."""
    texts = set()
    for facts in _facts(mini):
        for person in facts['people']:
            look = person['appearance']
            verbs = [ACTIONS[s['action']].verb for s in person['states']]
            for seed in range(10):
                rng = np.random.default_rng(seed)
                text = synsmot_instance_caption(facts, person['id'], rng)
                texts.add(text)
                said, doings, rest = parse_caption_claims(text)
                assert rest == ''
                assert 8 <= len(text.split()) <= 35
                assert (said.kind, said.top) == (look['kind'], look['top_color'])
                assert said.legs in ('', look['bottom_color'])
                assert said.extra_color in ('', look[said.extra or 'hat'])
                order = iter(verbs)
                assert all(d.verb in order for d in doings)
                assert text[0] == 'A' and text[-1] == '.' and '  ' not in text
                assert ' a orange' not in text
    assert len(texts) > 200


def test_the_same_dice_give_the_same_words(mini):
    facts = _facts(mini)[0]
    one, two = (video_caption(facts, np.random.default_rng(5)) for _ in range(2))
    assert one == two


def test_video_captions_count_the_people_and_name_the_place(mini):
    for facts in _facts(mini):
        for seed in range(10):
            text = video_caption(facts, np.random.default_rng(seed))
            summary = parse_video_caption_claims(text)
            assert summary.rest == ''
            assert summary.count == len(facts['people'])
            assert PLACES[facts['setting']].lower() in text.lower()
            verb = ACTIONS[HEADLINES[facts['activity']]].verb
            assert summary.doings[0].verb == verb
