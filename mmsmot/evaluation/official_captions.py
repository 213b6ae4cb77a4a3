"""Caption scores as SMOTer's release counts them, for standing beside its paper."""

from __future__ import annotations

import warnings
import zipfile

import numpy as np

from .captions import ONE_CAPTION, PIP, CaptionScores, missing_caption_scorers

WORDNET_HINT = 'python -c "import nltk; nltk.download(\'wordnet\')"'


def score_captions_official(captions: list[tuple[str, str]]) -> CaptionScores:
    """BLEU, METEOR, ROUGE-L and CIDEr of (true, predicted) captions.

    BLEU is nltk's ``corpus_bleu`` on raw strings, which takes *characters* for words:
    two unrelated sentences share most of theirs. METEOR is nltk's on words split at
    blanks, ``,`` and ``.`` taken away, and needs its WordNet data. ROUGE-L and CIDEr
    are pycocoevalcap's without a tokenizer. Predictions come in lower case, the truth
    as it was written.

    Returns:
        Fractions under ``BLEU``, ``METEOR``, ``ROUGE-L`` and ``CIDEr``.
    """
    corpus: dict[str, float] = {}
    segments: dict[str, np.ndarray] = {}
    missing: dict[str, str] = {}
    if not captions:
        return CaptionScores({}, {}, {'captions': 'there are none'})
    _add_bleu(captions, corpus, missing)
    _add_meteor(captions, corpus, segments, missing)
    _add_coco(captions, corpus, segments, missing)
    return CaptionScores(corpus, segments, missing)


def _add_bleu(
    captions: list[tuple[str, str]], corpus: dict[str, float], missing: dict[str, str]
) -> None:
    try:
        from nltk.translate.bleu_score import corpus_bleu
    except ImportError:
        missing['BLEU'] = f'nltk is not installed: {PIP}'
        return
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # of scores without any 4-gram in common
        references = [[true] for true, _ in captions]
        corpus['BLEU'] = float(corpus_bleu(references, [pred for _, pred in captions]))


def _add_meteor(
    captions: list[tuple[str, str]],
    corpus: dict[str, float],
    segments: dict[str, np.ndarray],
    missing: dict[str, str],
) -> None:
    try:
        from nltk.translate.meteor_score import meteor_score

        scores = [meteor_score([_words(t)], _words(pred)) for t, pred in captions]
    except ImportError:
        missing['METEOR'] = f'nltk is not installed: {PIP}'
    except LookupError:
        missing['METEOR'] = f"nltk's WordNet data is not there: {WORDNET_HINT}"
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        missing['METEOR'] = (
            f"nltk's WordNet data is damaged ({error}). Remove corpora/wordnet* from the "
            f'folder nltk_data and get it again: {WORDNET_HINT}'
        )
    else:
        segments['METEOR'] = np.array(scores)
        corpus['METEOR'] = float(np.mean(scores))


def _add_coco(
    captions: list[tuple[str, str]],
    corpus: dict[str, float],
    segments: dict[str, np.ndarray],
    missing: dict[str, str],
) -> None:
    if reason := missing_caption_scorers():
        missing['ROUGE-L and CIDEr'] = reason
        return
    from pycocoevalcap.cider.cider import Cider
    from pycocoevalcap.rouge.rouge import Rouge

    truth = {i: [true] for i, (true, _) in enumerate(captions)}
    hypotheses = {i: [pred] for i, (_, pred) in enumerate(captions)}
    if len({true for true, _ in captions}) == 1:
        missing['CIDEr'] = ONE_CAPTION
    for name, scorer in (('ROUGE-L', Rouge()), ('CIDEr', Cider())):
        score, segment_scores = scorer.compute_score(truth, hypotheses)
        corpus[name], segments[name] = float(score), np.array(segment_scores)


def _words(text: str) -> list[str]:
    return text.replace(',', '').replace('.', '').split(' ')
