"""Answers in plain English, mapped to the verbs of BenSMOT."""

from __future__ import annotations

import json

import pytest

from mmsmot.datasets.verb_forms import FORMS_FILE, VerbForms, inflected_verb
from mmsmot.datasets.vocabulary import InteractionVocabulary


@pytest.fixture(scope='module')
def forms() -> VerbForms:
    return VerbForms(InteractionVocabulary('clean335'))


@pytest.mark.parametrize(
    ('answer', 'verbs'),
    [
        ('hugs', ['embrace.v.02']),
        ('Hug.', ['embrace.v.02']),
        ('She is hugging him and talking to him.', ['embrace.v.02', 'talk.v.01']),
        ('shakes his hand, smiles', ['handshake.n.01', 'smile.v.01']),
        ('takes a picture of the other', ['photograph.v.01']),
        ('takes off, takes', ['take_off.v.02', 'take.v.04']),
        ('The person is walking up to the other', ['approach.v.01']),
        ('follows, follows', ['follow.v.01']),
        ('hands the box to', ['give.v.03']),
        ('"kisses"', ['kiss.v.02']),
        ('lies', ['lie.v.01']),
        ('tying', ['tie.v.05']),
        # Roles the other way round, nouns, clothes, the past: no verb of this person.
        ('is followed by the other', None),
        ('The man wearing a light dress holding the box', ['hold.v.02']),
        ('', None),
        ('qwerty', None),
        ('Nothing.', []),
        ('no interaction', []),
        ('is not touching the other', []),
        ("doesn't hug or push", []),
    ],
)
def test_answers(forms: VerbForms, answer: str, verbs: list[str] | None) -> None:
    found_verbs = forms.find(answer)
    assert (None if found_verbs is None else list(found_verbs)) == verbs


def test_who_acts(forms: VerbForms) -> None:
    def find(answer: str) -> tuple[str, ...] | None:
        return forms.find(answer, subject_word='red', object_word='blue')

    assert find('The person in the red box pushes the one in blue') == ('push.v.01',)
    assert find('The person in the blue box pushes the one in red') is None
    sentence = 'Blue pushes red, while red follows blue.'
    assert find(sentence) == ('follow.v.01',)


@pytest.mark.parametrize(
    ('verb', 'third', 'participle'),
    [
        ('hug', 'hugs', 'hugging'),
        ('chase', 'chases', 'chasing'),
        ('flee', 'flees', 'fleeing'),
        ('carry', 'carries', 'carrying'),
        ('play', 'plays', 'playing'),
        ('lie', 'lies', 'lying'),
        ('push', 'pushes', 'pushing'),
        ('box', 'boxes', 'boxing'),
        ('lean', 'leans', 'leaning'),
        ('open', 'opens', 'opening'),
        ('throw', 'throws', 'throwing'),
        ('go away', 'goes away', 'going away'),
    ],
)
def test_spelling(verb: str, third: str, participle: str) -> None:
    assert inflected_verb(verb) == (third, participle)


def test_a_vocabulary_of_ones_own() -> None:
    """A verb stands for the first of its senses that is there, else for its own name."""
    forms = VerbForms(InteractionVocabulary(['hug.v.01', 'look.v.01', 'talk.v.02']))
    assert forms.find('hugging') == ('hug.v.01',)
    assert forms.find('watches') == ('look.v.01',)
    assert forms.find('talks') == ('talk.v.02',)
    assert forms.find('pushes') is None


def test_the_listed_senses_are_bensmots() -> None:
    listed = json.loads(FORMS_FILE.read_text())['senses']
    verbs = InteractionVocabulary('clean335')
    assert {s for senses in listed.values() for s in senses if s not in verbs} == set()


def test_every_verb_of_bensmot_that_is_one_can_be_said(forms: VerbForms) -> None:
    """By its own name it finds itself or another sense of the same name."""
    unsaid = set()
    for verb in InteractionVocabulary('clean335').verbs:
        name = verb.split('.')[0].replace('_', ' ')
        if not forms.find(inflected_verb(name)[0]):
            unsaid.add(name)
    silent = {'wear', 'through', 'towards', 'money', 'moisture', 'facial'}
    assert unsaid == silent
