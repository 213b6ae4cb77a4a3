"""Tests of the verbs of interactions."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsmot.datasets.vocabulary import BENSMOT_FILE, InteractionVocabulary

CONTENT = json.loads(BENSMOT_FILE.read_text())
RAW = CONTENT['raw359']
RAW_ONLY = [*CONTENT['misspelled'], *CONTENT['joined'], *CONTENT['judgement_calls']]
CLEAN_ONLY = {'accept.v.01', 'command.n.02', 'moisture.n.01', 'stride.v.01'}
BARE = {
    'collision',
    'cooperation',
    'defense',
    'headshake',
    'through',
    'towards',
    'unrobe',
}
MALFORMED = {
    'comply.v.0',
    'hash_out.v.0',
    'order.v.0',
    'hold.v.0',
    'massage.v.0',
    'look.v.1',
}


@pytest.fixture(scope='module')
def clean() -> InteractionVocabulary:
    return InteractionVocabulary()


@pytest.mark.parametrize(
    ('mode', 'count'), [('clean335', 335), ('canonical329', 329), ('raw359', 359)]
)
def test_counts(mode, count) -> None:
    vocabulary = InteractionVocabulary(mode)
    assert len(vocabulary) == len(set(vocabulary.verbs)) == count
    assert list(vocabulary.verbs) == sorted(vocabulary.verbs)


def test_clean_is_raw_less_28_and_4_more(clean) -> None:
    assert len(RAW_ONLY) == len(set(RAW_ONLY)) == 28
    assert set(RAW) - set(clean.verbs) == set(RAW_ONLY)
    assert set(clean.verbs) - set(RAW) == CLEAN_ONLY


def test_canonical_folds_all_malformed_senses_but_one(clean) -> None:
    canonical = InteractionVocabulary('canonical329')
    assert set(clean.verbs) - set(canonical.verbs) == MALFORMED
    assert set(canonical.verbs) < set(clean.verbs)
    assert BARE | {'lift.v.0'} <= set(canonical.verbs)
    for verb in MALFORMED:
        assert canonical.canonical(verb) == (verb.rpartition('.')[0] + '.01',)
        assert clean.canonical(verb) == (verb,)


def test_the_others_are_wordnet_senses(clean) -> None:
    senses = [v for v in clean.verbs if v[-3:-2] == '.' and v[-2:].isdigit()]
    assert len(senses) == 335 - len(BARE) - len(MALFORMED) - 1


@pytest.mark.parametrize('mode', ['clean335', 'canonical329', 'raw359'])
def test_every_raw_string_is_known(mode) -> None:
    vocabulary = InteractionVocabulary(mode)
    for raw in RAW:
        verbs = vocabulary.canonical(raw)
        assert verbs and all(verb in vocabulary for verb in verbs)
        if mode == 'raw359':
            assert verbs == (raw,)


@pytest.mark.parametrize(
    ('text', 'verbs'),
    [
        ('look.v.01', ('look.v.01',)),
        (' .Look.V.01', ('look.v.01',)),
        ('. look.v.01', ('look.v.01',)),
        ('look.v.01, smlie.v.01,,look.v.01 ', ('look.v.01', 'smile.v.01')),
        ('smile.v.01ook.v.01', ('smile.v.01', 'look.v.01')),
        ('clap.v.04.take.v.04', ('clap.v.04', 'take.v.04')),
        ('handshake.n.01.talk.v.01', ('handshake.n.01', 'talk.v.01')),
        ('shake_head.v.01', ('headshake',)),
        ('wipe.v.02', ('wipe.v.01',)),
        ('accept.v.0', ('accept.v.01',)),
        ('accept.v.02 ', ('accept.v.02',)),
        ('', ()),
        (' , .', ()),
    ],
)
def test_canonical(clean, text, verbs) -> None:
    assert clean.canonical(text) == verbs


def test_unknown_verbs(clean) -> None:
    message = r"verb 'folow.v.01' is not among the 335 .*near to it: follow\.v\.01"
    with pytest.raises(ValueError, match=message):
        clean.canonical('look.v.01,folow.v.01')
    unknown: Counter[str] = Counter()
    text = 'look.v.01,folow.v.01, FOLOW.v.01,qqqq'
    assert clean.canonical(text, unknown) == ('look.v.01',)
    assert unknown == {'folow.v.01': 2, 'qqqq': 1}


def test_indices(clean) -> None:
    assert [clean.index(verb) for verb in clean.verbs] == list(range(335))
    assert clean[clean.index('follow.v.01')] == 'follow.v.01'
    with pytest.raises(KeyError, match=r"verb 'folow.v.01' .* follow\.v\.01"):
        clean.index('folow.v.01')


def test_a_list_of_ones_own(tmp_path) -> None:
    verbs = ['smile.v.01', 'juggle.v.01', 'look.v.01']
    (tmp_path / 'verbs.txt').write_text('\ufeffsmile.v.01\r\n\njuggle.v.01\nlook.v.01')
    (tmp_path / 'verbs.json').write_text(json.dumps(verbs))
    for source in (verbs, tmp_path / 'verbs.txt', str(tmp_path / 'verbs.json')):
        vocabulary = InteractionVocabulary(source)
        assert vocabulary.verbs == tuple(verbs)
        assert vocabulary.index('juggle.v.01') == 1
        assert vocabulary.canonical('smlie.v.01,look.v.1') == (
            'smile.v.01',
            'look.v.01',
        )
        with pytest.raises(ValueError, match='not among the 3 of'):
            vocabulary.canonical('hit.v.02')
        with pytest.raises(ValueError, match='not among the 3 of'):
            vocabulary.canonical('clap.v.04.take.v.04')


@pytest.mark.parametrize(
    ('verbs', 'message'),
    [
        (['a', 'b', 'a'], r"\['a'\] stand twice"),
        (['a', ''], 'must be a text, not empty'),
        ([], 'must be a text, not empty'),
    ],
)
def test_bad_lists(verbs, message) -> None:
    with pytest.raises(ValueError, match=message):
        InteractionVocabulary(verbs)


def test_neither_mode_nor_file() -> None:
    with pytest.raises(FileNotFoundError, match='clean336.*clean335, canonical329'):
        InteractionVocabulary('clean336')


@given(st.lists(st.sampled_from(RAW), max_size=5), st.sampled_from([',', ', ', ' ,.']))
def test_a_list_is_the_union_of_its_parts(parts, comma) -> None:
    clean = InteractionVocabulary()
    all_verbs = [verb for part in parts for verb in clean.canonical(part)]
    assert clean.canonical(comma.join(parts)) == tuple(dict.fromkeys(all_verbs))


@pytest.mark.parametrize(
    'verb', ['stalk.v.01', 'glean.v.01', 'swear.v.01', 'upush.v.01']
)
def test_no_letter_is_cut_off_a_verb(verb: str) -> None:
    """Only a blank or a full stop before it: to stalk is not to talk."""
    unknown = Counter()
    vocabulary = InteractionVocabulary(
        ['talk.v.01', 'lean.v.01', 'wear.v.01', 'push.v.01']
    )
    assert vocabulary.canonical(verb, unknown) == ()
    assert unknown == {verb: 1}
    assert vocabulary.canonical('.talk.v.01') == ('talk.v.01',)
    assert InteractionVocabulary().canonical('stalk.v.01', Counter()) != ('talk.v.01',)


@pytest.mark.parametrize(
    ('name', 'data', 'message'),
    [
        ('v.txt', b'smile.v.01\n\x9e\x00', 'expected a text in UTF-8, one verb a line'),
        ('v.txt', b'smile.v.01\n\x00\x01', 'holds control characters'),
        ('v.json', b'\x89PNG', 'not JSON'),
        ('v.json', b'[' * 100_000, 'nested too deeply'),
        ('v.json', b'{"a": 1}', 'expected a list of verbs'),
        ('v.json', b'[[1]]', 'every verb must be a text'),
        ('v.json', b'[1]', 'every verb must be a text'),
    ],
)
def test_a_file_that_is_no_list_of_verbs(tmp_path, name, data, message) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ValueError, match=message):
        InteractionVocabulary(tmp_path / name)
