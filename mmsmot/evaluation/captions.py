"""Caption scores: BLEU-1 to 4, ROUGE-L, METEOR and CIDEr."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from mmengine.logging import print_log

from ..utils.number_ranges import require_choice
from .caption_server import CaptionServer, CaptionServerError

BLEU = ('BLEU-1', 'BLEU-2', 'BLEU-3', 'BLEU-4')
METRICS = (*BLEU, 'ROUGE-L', 'METEOR', 'CIDEr')
COCO_SCORES = (*BLEU, 'ROUGE-L', 'CIDEr')  # pycocoevalcap's, without METEOR
ONE_CAPTION = (
    'it weighs words by how rare they are among the true captions; where there is only '
    'one, it is always 0'
)
PIP = "pip install 'mmsmot[captions]'"
# What pycocoevalcap's PTB tokenizer throws away: brackets only in capitals, which never
# come, so that '-lrb-' stays a word.
PUNCTUATION = {"''", "'", '``', '`', '.', '?', '!', ',', ':', '-', '--', '...', ';'}


@dataclass(frozen=True)
class CaptionSet:
    """Captions that are scored together.

    Attributes:
        references: N lists of one or more true captions.
        hypotheses: N predicted captions; an empty one scores 0.
        corpus: ``False`` for CIDEr and METEOR of the segments alone, in a fraction of
            the time.
    """

    references: Sequence[Sequence[str]]
    hypotheses: Sequence[str]
    corpus: bool = True


@dataclass(frozen=True)
class CaptionScores:
    """Scores as fractions (CIDEr reaches 10).

    Attributes:
        corpus: By metric; METEOR is absent where it could not be computed.
        segments: (N,) by metric.
        missing: Why a metric is absent, or differs from the standard.
    """

    corpus: dict[str, float]
    segments: dict[str, np.ndarray]
    missing: dict[str, str] = field(default_factory=dict)


def missing_caption_scorers() -> str | None:
    """Why captions cannot be scored, and the ``pip`` command; ``None`` if they can."""
    try:
        from pycocoevalcap.bleu import bleu  # noqa: F401
        from pycocoevalcap.cider import cider  # noqa: F401
        from pycocoevalcap.rouge import rouge  # noqa: F401
    except ModuleNotFoundError:
        return f'pycocoevalcap is not installed: {PIP}'
    except ImportError as error:
        return f'pycocoevalcap cannot be imported ({error}): {PIP}'
    return None


def warn_missing_caption_scorers() -> None:
    """Warn before a long run, not after it, that its captions will have no scores."""
    if reason := missing_caption_scorers():
        message = f'there will be no scores of captions, since {reason}'
        print_log(message, logger='current', level=logging.WARNING)


def score_captions(
    sets: Mapping[str, CaptionSet], tokenizer: str = 'ptb'
) -> dict[str, CaptionScores]:
    """Score several sets of captions on one Java process.

    The scorers are pycocoevalcap's (METEOR 1.5 with its own normalisation). Java starts
    at once and METEOR runs beside the others. Without Java, METEOR is missing and words
    are split by a regular expression, both stated in ``missing``; without pycocoevalcap
    there is no score at all.

    Args:
        sets: By name. CIDEr's document frequencies are those of the set.
        tokenizer: ``'ptb'``: lower-case Penn Treebank tokens without punctuation, as
            the COCO caption evaluation does; ``'none'``: captions are split at blanks
            as they stand.

    Raises:
        ValueError: There is no such tokenizer, or numbers of captions differ.
    """
    require_choice('score_captions', ('ptb', 'none'), tokenizer=tokenizer)
    for name, captions in sets.items():
        _require_paired(name, captions)
    if reason := missing_caption_scorers():
        return {name: CaptionScores({}, {}, {'captions': reason}) for name in sets}
    server, missing = None, {}
    try:
        server = CaptionServer()
    except CaptionServerError as error:
        missing['METEOR'] = str(error)
    try:
        return _score(sets, tokenizer, server, missing)
    finally:
        if server is not None:
            server.close()


def _score(
    sets: Mapping[str, CaptionSet],
    tokenizer: str,
    server: CaptionServer | None,
    missing: dict[str, str],
) -> dict[str, CaptionScores]:
    if tokenizer == 'ptb':
        if server is None:
            missing['tokenizer'] = 'a regular expression, not PTB: needs java too'
        try:
            sets = {name: _tokenized(s, server) for name, s in sets.items()}
        except CaptionServerError as error:
            missing |= {'METEOR': str(error), 'tokenizer': 'a regular expression'}
            sets = {name: _tokenized(s, None) for name, s in sets.items()}
    with ThreadPoolExecutor(max_workers=1) as executor:
        meteor_futures = {}
        if server is not None and 'METEOR' not in missing:
            # Sets without a corpus score come last: what they share is known by then.
            meteor_futures = {
                name: executor.submit(_meteor, s, server)
                for name, s in sorted(sets.items(), key=lambda item: not item[1].corpus)
                if len(s.hypotheses)
            }
        scores = {name: _score_in_python(s, missing) for name, s in sets.items()}
        for name, future in meteor_futures.items():
            try:
                segments, corpus = future.result()
            except CaptionServerError as error:
                scores[name].missing['METEOR'] = str(error)
                continue
            if corpus is not None:
                scores[name].corpus['METEOR'] = corpus
            empty = np.array([not h for h in sets[name].hypotheses])
            scores[name].segments['METEOR'] = np.where(empty, 0.0, segments)
    return scores


def _meteor(
    captions: CaptionSet, server: CaptionServer
) -> tuple[list[float], float | None]:
    """Segment scores, and the score of the corpus where it is asked for."""
    if captions.corpus:
        return server.meteor(captions.references, captions.hypotheses)
    return server.meteor_segments(captions.references, captions.hypotheses), None


def _score_in_python(captions: CaptionSet, missing: dict[str, str]) -> CaptionScores:
    """All but METEOR, of captions that are split at blanks already."""
    if not len(captions.hypotheses):
        no_scores = {name: np.empty(0) for name in COCO_SCORES}
        return CaptionScores({}, no_scores, {**missing, 'captions': 'there are none'})
    from pycocoevalcap.bleu.bleu import Bleu
    from pycocoevalcap.rouge.rouge import Rouge

    missing = dict(missing)
    truth = dict(enumerate(map(list, captions.references)))
    hypotheses = {i: [h] for i, h in enumerate(captions.hypotheses)}
    cider, cider_segments = _cider(truth, hypotheses, missing)
    if not captions.corpus:
        return CaptionScores({}, {'CIDEr': cider_segments}, missing)
    bleu, bleu_segments = Bleu(4).compute_score(truth, hypotheses, verbose=0)
    _, rouge = Rouge().compute_score(truth, hypotheses)
    # ROUGE counts an empty caption of an empty truth as perfect.
    rouge = np.where([not h for h in captions.hypotheses], 0.0, rouge)
    corpus = dict(zip(BLEU, map(float, bleu), strict=True))
    segments = dict(zip(BLEU, map(np.array, bleu_segments), strict=True))
    corpus |= {'ROUGE-L': float(rouge.mean()), 'CIDEr': cider}
    segments |= {'ROUGE-L': rouge, 'CIDEr': cider_segments}
    return CaptionScores(corpus, segments, missing)


def _cider(
    truth: dict[int, list[str]],
    hypotheses: dict[int, list[str]],
    missing: dict[str, str],
) -> tuple[float, np.ndarray]:
    from pycocoevalcap.cider.cider import Cider

    if not any(text.strip() for texts in truth.values() for text in texts):
        missing['CIDEr'] = 'no true caption holds a word; counted as 0'
        return 0.0, np.zeros(len(truth))
    if len({tuple(texts) for texts in truth.values()}) == 1:
        missing['CIDEr'] = ONE_CAPTION
    score, segments = Cider().compute_score(truth, hypotheses)
    return float(score), np.array(segments)


def _tokenized(captions: CaptionSet, server: CaptionServer | None) -> CaptionSet:
    """The same set in lower-case tokens without punctuation."""
    counts = [len(texts) for texts in captions.references]
    flat = [text for texts in captions.references for text in texts]
    flat += captions.hypotheses
    # The same caption comes often; a token line depends on nothing but its caption.
    distinct = list(dict.fromkeys(flat))
    lines = tokenize_caption(distinct) if server is None else server.tokenize(distinct)
    tokens = {
        text: ' '.join(w for w in line.split(' ') if w not in PUNCTUATION)
        for text, line in zip(distinct, lines, strict=True)
    }
    words = iter([tokens[text] for text in flat])
    references = [[next(words) for _ in range(count)] for count in counts]
    return CaptionSet(references, list(words), captions.corpus)


def tokenize_caption(captions: Sequence[str]) -> list[str]:
    """Lower-case words and marks by a regular expression, the tokenizer without Java."""
    pattern = re.compile(r"\w+?(?=n't\b)|n't|'\w+|\w+(?:-\w+)*|[^\w\s]")
    return [' '.join(pattern.findall(text.lower())) for text in captions]


def _require_paired(name: str, captions: CaptionSet) -> None:
    if len(captions.references) != len(captions.hypotheses):
        raise ValueError(
            f'{name}: {len(captions.references)} true captions but '
            f'{len(captions.hypotheses)} predicted ones'
        )
    alone = [i for i, texts in enumerate(captions.references) if not len(texts)]
    if alone:
        raise ValueError(f'{name}: caption {alone[0]} has no reference')
