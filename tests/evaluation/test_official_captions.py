"""The release's caption scores are what its libraries give when called directly."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

from mmsmot.evaluation.official_captions import score_captions_official

nltk = pytest.importorskip('nltk')
pytest.importorskip('pycocoevalcap.rouge', reason='needs pycocoevalcap')

CAPTIONS = [
    ('A man in black walks, then stops.', 'a man in black runs.'),
    ('Two women talk.', 'a boy plays with a ball.'),
]


def test_bleu_counts_characters() -> None:
    from nltk.translate.bleu_score import corpus_bleu

    result = score_captions_official(CAPTIONS).corpus
    truth, said = [[list(t)] for t, _ in CAPTIONS], [list(s) for _, s in CAPTIONS]
    assert result['BLEU'] == pytest.approx(corpus_bleu(truth, said), abs=1e-12)
    # These two say different things.
    unrelated = [
        (
            'A woman in a white dress is singing on the stage.',
            'a man in a black suit is sitting on the sofa.',
        )
    ]
    assert score_captions_official(unrelated).corpus['BLEU'] > 0.4


def test_rouge_and_cider_see_marks_and_capitals() -> None:
    from pycocoevalcap.cider.cider import Cider
    from pycocoevalcap.rouge.rouge import Rouge

    result = score_captions_official(CAPTIONS)
    truth = {i: [t] for i, (t, _) in enumerate(CAPTIONS)}
    said = {i: [s] for i, (_, s) in enumerate(CAPTIONS)}
    rouge, segments = Rouge().compute_score(truth, said)
    assert result.corpus['ROUGE-L'] == pytest.approx(rouge)
    np.testing.assert_allclose(result.segments['ROUGE-L'], segments)
    assert result.corpus['CIDEr'] == pytest.approx(
        Cider().compute_score(truth, said)[0]
    )


def test_meteor_or_why_not() -> None:
    from nltk.translate.meteor_score import meteor_score

    result = score_captions_official(CAPTIONS)
    try:
        expected = np.mean(
            [
                meteor_score(
                    [t.replace(',', '').replace('.', '').split(' ')],
                    s.replace(',', '').replace('.', '').split(' '),
                )
                for t, s in CAPTIONS
            ]
        )
    except LookupError:
        assert 'WordNet data is not there' in result.missing['METEOR']
        assert 'METEOR' not in result.corpus
    else:
        assert result.corpus['METEOR'] == pytest.approx(expected)


def test_no_captions() -> None:
    assert score_captions_official([]).corpus == {}


def test_damaged_word_net_costs_only_meteor(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> float:
        raise zipfile.BadZipFile('File is not a zip file')

    monkeypatch.setattr('nltk.translate.meteor_score.meteor_score', fail)
    result = score_captions_official(CAPTIONS)
    assert set(result.corpus) == {'BLEU', 'ROUGE-L', 'CIDEr'}
    assert 'damaged (File is not a zip file)' in result.missing['METEOR']
    assert 'nltk.download' in result.missing['METEOR']


def test_cider_of_one_caption_is_told() -> None:
    result = score_captions_official(CAPTIONS[:1])
    assert result.corpus['CIDEr'] == 0
    assert 'always 0' in result.missing['CIDEr']
    assert 'CIDEr' not in score_captions_official(CAPTIONS).missing
