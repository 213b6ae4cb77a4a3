"""Sentences read back as claims."""

from __future__ import annotations

from mmsmot.datasets.synsmot.checks.claims import (
    AppearanceClaim,
    parse_caption_claims,
    parse_video_caption_claims,
)


def test_a_caption_of_three_deeds():
    look, doings, rest = parse_caption_claims(
        'A girl wearing a long-sleeved pink shirt and a black skirt with a red hat first '
        'runs to the left after another girl in a pink dress, then hugs her, then stands '
        'with an orange box.'
    )
    assert look == AppearanceClaim('girl', 'pink', 'black', 'hat', 'red')
    assert rest == ''
    assert [d.name for d in doings] == ['chase', 'hug', 'hold']
    assert [d.direction for d in doings] == ['left', '', '']
    assert [d.other for d in doings] == [AppearanceClaim('girl', 'pink'), 'her', '']
    assert [d.moves for d in doings] == [True, False, False]
    assert (doings[2].thing, doings[2].color) == ('box', 'orange')


def test_the_longest_way_to_read_a_verb_is_taken():
    for text, name in (
        ('walks to the right', 'walk'),
        ('walks to the right behind a man in red', 'follow'),
        ('follows a man in red to the left', 'follow'),
        ('follows a man in red to the left hand in hand', 'be led'),
        ('is led to the left by a man in red', 'be led'),
        ('walks to the right with a gray cart', 'push a cart'),
        ('leaves the picture to the left', 'walk out'),
        ('leaves a man in red', 'leave'),
        ('gives a man in red a push', 'push'),
        ('gives a red box to a man in red', 'give'),
        ('talks on the phone', 'phone'),
        ('claps for him', 'applaud'),
        ('claps', 'clap'),
    ):
        _, doings, rest = parse_caption_claims(f'A boy in blue {text}.')
        assert ([d.name for d in doings], rest) == ([name], '')


def test_words_not_understood_are_told():
    _, doings, rest = parse_caption_claims('A boy in blue yodels, then waves a hand.')
    assert rest == 'yodels'
    assert [d.name for d in doings] == ['wave']
    assert parse_caption_claims('Nobody is here.') == (None, [], 'Nobody is here.')


def test_video_captions_of_all_forms():
    main = 'a man in red pushes a boy in a blue shirt'
    for text in (
        f'In a park, there are two people: {main}.',
        f'Two people are in a park. {main.capitalize()}.',
        f'There are two people in a park, and {main}.',
        f'{main.capitalize()} in a park with two people.',
    ):
        summary = parse_video_caption_claims(text)
        assert summary.count == 2
        assert summary.subjects == [AppearanceClaim('man', 'red')]
        assert summary.doings[0].verb == 'push.v.01'
        assert summary.doings[0].other == AppearanceClaim('boy', 'blue')
        assert summary.rest == ''
    two = parse_video_caption_claims(
        f'Two people are in a park. {main.capitalize()} while a girl in pink claps.'
    )
    assert [look.kind for look in two.subjects] == ['man', 'girl']
    assert [doing.name for doing in two.doings] == ['push', 'clap']


def test_looks_fit_where_nothing_said_denies_the_other():
    full = AppearanceClaim('man', 'red', 'blue')
    assert full.fits(AppearanceClaim('man', 'red')) and AppearanceClaim(
        'man', 'red'
    ).fits(full)
    assert not full.fits(AppearanceClaim('man', 'red', 'black'))
    assert not full.fits(AppearanceClaim('boy', 'red', 'blue'))
    assert not full.fits(AppearanceClaim('man', 'pink', 'blue'))
