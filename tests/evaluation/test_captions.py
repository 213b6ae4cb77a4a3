"""Caption scores beside pycocoevalcap called its own way, and without java."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from mmsmot.evaluation.caption_server import CaptionServer, CaptionServerError
from mmsmot.evaluation.captions import (
    METRICS,
    CaptionScores,
    CaptionSet,
    score_captions,
    tokenize_caption,
)

pytest.importorskip('pycocoevalcap.meteor', reason='needs pycocoevalcap')
needs_java = pytest.mark.skipif(shutil.which('java') is None, reason='needs java')

TRUE = [
    "A man in a red T-shirt walks to the right, then he doesn't stop.",
    'Two boys (brothers) play; "catch" it is.',
    'A woman waves.',
    'A girl runs -- fast -- away...',
]
SAID = [
    'a man in a red shirt walks to the left, then stops.',
    'Two boys play catch with a ball!',
    '',
    '一个女孩 跑',
]
SETS = {
    'instance': CaptionSet([[t] for t in TRUE], SAID),
    'itself': CaptionSet([[t] for t in TRUE], TRUE),
    'none': CaptionSet([], []),
}


@pytest.fixture(scope='module')
def scores() -> dict[str, CaptionScores]:
    return score_captions(SETS)


@needs_java
def test_equals_pycocoevalcap(scores: dict[str, CaptionScores]) -> None:
    from pycocoevalcap.bleu.bleu import Bleu
    from pycocoevalcap.cider.cider import Cider
    from pycocoevalcap.meteor.meteor import Meteor
    from pycocoevalcap.rouge.rouge import Rouge
    from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

    def tokens(captions: list[str]) -> dict[int, list[str]]:
        rows = {i: [{'caption': text}] for i, text in enumerate(captions)}
        return PTBTokenizer().tokenize(rows)

    truth, said = tokens(TRUE), tokens(SAID)
    result = scores['instance']
    bleu = Bleu(4).compute_score(truth, said, verbose=0)[0]
    assert [result.corpus[f'BLEU-{n}'] for n in (1, 2, 3, 4)] == pytest.approx(bleu)
    scorers = {'ROUGE-L': Rouge(), 'CIDEr': Cider(), 'METEOR': Meteor()}
    for name, scorer in scorers.items():
        corpus, segments = scorer.compute_score(truth, said)
        assert result.corpus[name] == pytest.approx(corpus, abs=1e-12)
        np.testing.assert_allclose(result.segments[name], segments, atol=1e-12)
    assert result.missing == {}


@needs_java
def test_the_truth_itself_and_nothing(scores: dict[str, CaptionScores]) -> None:
    perfect = scores['itself'].corpus
    assert set(perfect) == set(METRICS)
    for metric in ('BLEU-4', 'ROUGE-L', 'METEOR'):
        assert perfect[metric] == pytest.approx(1.0)
    assert scores['none'].corpus == {}


@needs_java
def test_an_empty_caption_scores_zero(scores: dict[str, CaptionScores]) -> None:
    assert {m: scores['instance'].segments[m][2] for m in METRICS} == dict.fromkeys(
        METRICS, 0.0
    )


@needs_java
def test_published_scores(test_data: Path) -> None:
    def lines(name: str) -> list[str]:
        text = (test_data / 'goldens' / 'captions' / name).read_text()
        return text.splitlines()

    references = list(zip(lines('ref1.txt'), lines('ref2.txt'), strict=True))
    captions = CaptionSet(references, lines('hyp.txt'))
    result = score_captions({'all': captions}, tokenizer='none')['all'].corpus
    expected = {
        'BLEU-1': 0.55,
        'BLEU-2': 0.428174,
        'BLEU-3': 0.284043,
        'BLEU-4': 0.201143,
        'ROUGE-L': 0.522104,
        'CIDEr': 1.242192,
        'METEOR': 0.295797,
    }
    assert {k: round(v, 6) for k, v in result.items()} == expected


def test_without_java_the_rest_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    which = shutil.which
    monkeypatch.setattr(
        'shutil.which', lambda name, *a: None if name == 'java' else which(name, *a)
    )
    result = score_captions({'instance': SETS['instance']})['instance']
    assert set(result.corpus) == set(METRICS) - {'METEOR'}
    assert 'apt install default-jre-headless' in result.missing['METEOR']
    assert 'not PTB' in result.missing['tokenizer']
    assert result.corpus['ROUGE-L'] == pytest.approx(0.27, abs=0.01)


@needs_java
def test_java_that_dies_half_way(monkeypatch: pytest.MonkeyPatch) -> None:
    tokenize = CaptionServer.tokenize

    def kill_after(self: CaptionServer, captions: list[str]) -> list[str]:
        words = tokenize(self, captions)
        self._process.kill()
        self._process.wait()
        return words

    monkeypatch.setattr(CaptionServer, 'tokenize', kill_after)
    result = score_captions({'instance': SETS['instance']})['instance']
    assert 'METEOR' not in result.corpus
    assert 'java died during METEOR' in result.missing['METEOR']
    assert result.corpus['CIDEr'] > 0


@needs_java
def test_odd_line_breaks_keep_captions_apart() -> None:
    odd = ['a\u2028b', 'c\r\nd', '', 'e\x85f', 'g ||| h']
    with CaptionServer() as server:
        words = server.tokenize(odd)
    assert words == ['a b', 'c d', '', 'e f', 'g | | | h']
    with pytest.raises(CaptionServerError, match='java died during TOKENIZE'):
        server.tokenize(['too late'])


@needs_java
def test_half_a_surrogate_pair_harms_nobody() -> None:
    """JSON may hold one, as ``"\\ud800"``; UTF-8 cannot."""
    texts = ['a man \ud800 walks', 'a boy runs']
    captions = CaptionSet([[text] for text in texts], ['a \udfff man walks', texts[1]])
    result = score_captions({'all': captions})['all']
    assert result.missing == {}
    assert result.segments['METEOR'][1] == pytest.approx(1.0)
    assert result.segments['METEOR'][0] > 0.4


@pytest.mark.parametrize('java', [pytest.param(True, marks=needs_java), False])
def test_true_captions_without_a_word(
    java: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not java:
        monkeypatch.setattr('shutil.which', lambda *args, **kwargs: None)
    result = score_captions(
        {
            'marks': CaptionSet([['...'], ['!']], ['a man walks', '']),
            'pairs': CaptionSet([['...']], ['a man walks'], corpus=False),
            'words': CaptionSet([['...'], ['a dog']], ['a man walks', 'a dog']),
        }
    )
    assert result['marks'].missing['CIDEr'] == (
        'no true caption holds a word; counted as 0'
    )
    assert set(result['marks'].corpus) == set(METRICS) - (set() if java else {'METEOR'})
    assert max(result['marks'].corpus.values()) == pytest.approx(0, abs=1e-6)
    assert result['pairs'].segments['CIDEr'].tolist() == [0.0]
    assert 'CIDEr' not in result['words'].missing
    assert result['words'].segments['ROUGE-L'].tolist() == [0.0, 1.0]


def test_cider_of_one_caption_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its words are in every caption there is, so they weigh nothing."""
    monkeypatch.setattr('shutil.which', lambda *args, **kwargs: None)
    same = 'a man walks'
    result = score_captions(
        {
            'one': CaptionSet([[same]], [same]),
            'alike': CaptionSet([[same], [same]], [same, 'a dog']),
            'two': CaptionSet([[same], ['a dog runs']], [same, 'a dog']),
        }
    )
    for name in ('one', 'alike'):
        assert result[name].corpus['CIDEr'] == 0
        assert 'always 0' in result[name].missing['CIDEr']
    assert 'CIDEr' not in result['two'].missing


def test_captions_must_be_paired() -> None:
    with pytest.raises(ValueError, match='instance: 1 true captions but 2 predicted'):
        score_captions({'instance': CaptionSet([['a']], ['a', 'b'])})
    with pytest.raises(ValueError, match='caption 1 has no reference'):
        score_captions({'instance': CaptionSet([['a'], []], ['a', 'b'])})
    with pytest.raises(ValueError, match="one of 'ptb', 'none'"):
        score_captions({}, tokenizer='words')


def test_words_without_java() -> None:
    assert tokenize_caption(["A man's T-shirt isn't red."]) == [
        "a man 's t-shirt is n't red ."
    ]


@needs_java
def test_the_shipped_class_is_that_of_the_source(tmp_path: Path) -> None:
    javac = shutil.which('javac')
    if javac is None:
        pytest.skip('needs a JDK')
    import subprocess

    from mmsmot.evaluation.caption_server import CLASSES, _command

    command = _command('java')
    paths = command[command.index('-cp') + 1]
    source = CLASSES / 'CaptionServer.java'
    subprocess.run(
        [javac, '--release', '8', '-cp', paths, '-d', tmp_path, source],
        check=True,
        capture_output=True,
    )
    compiled = (tmp_path / 'CaptionServer.class').read_bytes()
    if compiled[:8] != (CLASSES / 'CaptionServer.class').read_bytes()[:8]:
        pytest.skip('another class file version')
    assert len(compiled) == (CLASSES / 'CaptionServer.class').stat().st_size


@needs_java
def test_java_killed_while_it_answers() -> None:
    """A request too large to be answered before the process is gone."""
    many = [f'a man with number {i} walks to the left .' for i in range(20000)]
    with CaptionServer() as server:
        server.tokenize(['ready'])
        killer = threading.Timer(0.5, server._process.kill)
        killer.start()
        with pytest.raises(CaptionServerError, match=r'java died during METEOR \(exit'):
            server.meteor([[text] for text in many], many)
        killer.join()


@needs_java
def test_segments_alone_equal_those_of_the_corpus(
    scores: dict[str, CaptionScores],
) -> None:
    both = SETS | {'alone': CaptionSet(SETS['instance'].references, SAID, corpus=False)}
    alone = score_captions(both)['alone']
    assert alone.corpus == {}
    assert set(alone.segments) == {'CIDEr', 'METEOR'}
    for name, values in alone.segments.items():
        np.testing.assert_array_equal(values, scores['instance'].segments[name])
