"""All scores of semantic multi-object tracking, from the results of single videos."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..structures import SMOTDataSample
from .captions import BLEU, CaptionScores, CaptionSet, score_captions
from .chota import caption_accuracy, caption_similarity, chota
from .interactions import (
    THRESHOLD,
    PairVerbs,
    count,
    head_and_tail,
    macro,
    micro,
    per_verb,
    span_iou,
    subset_accuracy,
    threshold_curve,
)
from .preprocessing import preprocessing_for
from .protocols import (
    RELEASE,
    STRICT,
    Comparison,
    compare_as_released,
    compare_strictly,
)
from .release_captions import score_as_released
from .tracking import Result, combine_sequences, evaluate_and_match, summarize

Pair = tuple[int, int]


@dataclass(frozen=True)
class VideoResult:
    """What is kept of one video: counts and texts, no boxes.

    Attributes:
        name: The video's name.
        preprocessing: Of its tracks; never ``'auto'``.
        tracking: trackeval's fields.
        comparisons: By protocol.
        boxes: Boxes that HOTA matches at .5, by (true id, predicted id).
        captions: (true, predicted) captions of these pairs, where there are both.
    """

    name: str
    preprocessing: str
    tracking: Result
    comparisons: dict[str, Comparison]
    boxes: dict[Pair, int]
    captions: dict[Pair, tuple[str, str]]


def score_video(
    sample: SMOTDataSample,
    protocols: Sequence[str] = (STRICT, RELEASE),
    preprocessing: str = 'auto',
) -> VideoResult:
    """Everything that is counted video by video.

    Args:
        sample: Truth and prediction of a whole video.
        protocols: Which to follow.
        preprocessing: Of the tracks, see :func:`~.tracking.evaluate_sequence`.
    """
    compare = {STRICT: compare_strictly, RELEASE: compare_as_released}
    gt, pred, frames = (
        sample.gt_trajectories,
        sample.pred_trajectories,
        sample.frame_ids,
    )
    preprocessing = preprocessing_for(preprocessing, gt)
    tracking, boxes = evaluate_and_match(gt, pred, frames, preprocessing)
    truth, said = sample.get('gt_captions', {}), sample.get('pred_captions', {})
    captions = {
        (g, p): (truth[g], said.get(p, ''))
        for g, p in boxes
        if truth.get(g, '').strip()
    }
    return VideoResult(
        sample.video.name,
        preprocessing,
        tracking,
        {name: compare[name](sample) for name in protocols},
        boxes,
        captions,
    )


def report(
    videos: Sequence[VideoResult], threshold: float = THRESHOLD
) -> dict[str, Any]:
    """All scores of all videos.

    Args:
        videos: Results with the same protocols.
        threshold: Least score of a predicted verb.

    Returns:
        ``'tracking'`` (percent and counts), then by protocol ``'instance'``, ``'video'``
        (caption scores), ``'interactions'``, ``'joint'``; ``'counts'`` of what had no
        truth, ``'missing'`` for scores that could not be counted, or mean something else
        than their name says, and why; ``'preprocessing'`` of each video's tracks.

    Raises:
        ValueError: There is no video.
    """
    tracking = combine_sequences({video.name: video.tracking for video in videos})
    protocols = list(videos[0].comparisons)
    found: dict[str, Any] = {'tracking': summarize(tracking)}
    missing: dict[str, str] = {}
    if STRICT in protocols:
        compared = [video.comparisons[STRICT] for video in videos]
        found[STRICT] = _strict(videos, compared, tracking, threshold, missing)
    if RELEASE in protocols:
        compared = [video.comparisons[RELEASE] for video in videos]
        found[RELEASE] = _released(compared, threshold, missing)
    unjudged = Counter(n for v in videos for n in v.comparisons[protocols[0]].unjudged)
    found['counts'] = {'videos': len(videos), 'without truth': dict(unjudged)}
    found['missing'] = missing
    found['preprocessing'] = {video.name: video.preprocessing for video in videos}
    return found


def _strict(
    videos: Sequence[VideoResult],
    compared: Sequence[Comparison],
    tracking: Result,
    threshold: float,
    missing: dict[str, str],
) -> dict[str, Any]:
    pairs_captions = [v.captions[key] for v in videos for key in v.captions]
    pairs = [pair for c in compared for pair in c.pairs]
    instance = [pair for c in compared for pair in c.captions]
    sets = {
        'instance': _caption_set(instance),
        'video': _caption_set([c.video for c in compared if c.video is not None]),
        'pairs': _caption_set(pairs_captions, corpus=False),
    }
    scores = score_captions(sets)
    for level, of_level in scores.items():
        missing |= _named(f'{STRICT} {level}', of_level)
    joint = {'IHOTA': chota(tracking, _jaccard(pairs, threshold))}
    if 'CIDEr' in scores['pairs'].segments:
        accuracy = _caption_accuracy(videos, scores['pairs'])
        joint = {'CHOTA': chota(tracking, accuracy), **joint}
    if pairs_captions and 'CIDEr' not in scores['pairs'].segments:
        missing[f'{STRICT} CHOTA'] = 'its CapA needs the scores of captions'
    elif pairs_captions and 'METEOR' not in scores['pairs'].segments:
        missing[f'{STRICT} CHOTA'] = (
            'its CapA is CIDEr alone, for want of METEOR: not to be compared with others'
        )
    spurious = sum(c.spurious for c in compared)
    kept = len(instance) / max(len(instance) + spurious, 1)
    return {
        'instance': {k: kept * v for k, v in scores['instance'].corpus.items()}
        | {'captions': len(instance), 'spurious': spurious},
        'video': {**scores['video'].corpus, 'captions': len(sets['video'].hypotheses)},
        'interactions': interaction_report(pairs, threshold),
        'joint': joint,
    }


def _released(
    compared: Sequence[Comparison], threshold: float, missing: dict[str, str]
) -> dict[str, Any]:
    instance = score_as_released([pair for c in compared for pair in c.captions])
    video = score_as_released([c.video for c in compared if c.video is not None])
    missing |= _named(f'{RELEASE} instance', instance)
    missing |= _named(f'{RELEASE} video', video)
    pairs = [pair for c in compared for pair in c.pairs]
    return {
        'instance': instance.corpus,
        'video': video.corpus,
        'interactions': {
            **micro(count(pairs, threshold, above=True)),
            'accuracy': subset_accuracy(pairs, threshold, above=True),
            'pairs': len(pairs),
        },
    }


def _named(level: str, scores: CaptionScores) -> dict[str, str]:
    return {f'{level} {name}': why for name, why in scores.missing.items()}


def interaction_report(pairs: Sequence[PairVerbs], threshold: float) -> dict[str, Any]:
    """Micro, macro, head and tail, each verb, and the curve over thresholds.

    With ``'span IoU'`` of the verbs found, where the truth says when they hold.
    """
    counts = count(pairs, threshold)
    overlap = span_iou(pairs, threshold)
    return {
        **micro(counts),
        **({} if overlap is None else {'span IoU': overlap}),
        'macro': macro(counts),
        **head_and_tail(counts),
        'verbs': per_verb(counts),
        'curve': {
            name: values.tolist() for name, values in threshold_curve(pairs).items()
        },
        'threshold': threshold,
    }


def headline(found: dict[str, Any]) -> dict[str, float]:
    """The numbers of a row in a table, by name: what MMEngine's evaluator returns."""
    row = {f'track/{name}': value for name, value in found['tracking'].items()}
    for protocol in (STRICT, RELEASE):
        if protocol not in found:
            continue
        part = found[protocol]
        for level in ('instance', 'video'):
            for name in ('BLEU', *BLEU, 'ROUGE-L', 'METEOR', 'CIDEr'):
                if name in part[level]:
                    row[f'{protocol}/{level}_{name}'] = part[level][name]
        for name in ('P', 'R', 'F1', 'span IoU'):
            if name in part['interactions']:
                row[f'{protocol}/interaction_{name}'] = part['interactions'][name]
        for name, joint in part.get('joint', {}).items():
            row[f'{protocol}/{name}'] = joint['joint']
    return row


def _caption_set(
    captions: Sequence[tuple[str, str]], corpus: bool = True
) -> CaptionSet:
    references = [[true] for true, _ in captions]
    return CaptionSet(references, [said for _, said in captions], corpus)


def _caption_accuracy(videos: Sequence[VideoResult], scores: CaptionScores) -> float:
    if not len(scores.segments['CIDEr']):
        return 0.0
    similarity = iter(caption_similarity(scores.segments).tolist())
    total, boxes = 0.0, 0
    for video in videos:
        known = {pair: next(similarity) for pair in video.captions}
        part, number = caption_accuracy(video.boxes, known)
        total, boxes = total + part, boxes + number
    return total / max(boxes, 1)


def _jaccard(pairs: Sequence[PairVerbs], threshold: float) -> float:
    """IntA = TP / (TP + FP + FN)."""
    counts = count(pairs, threshold)
    wrong = np.sum(counts.false_positives) + np.sum(counts.false_negatives)
    right = np.sum(counts.true_positives)
    return float(right / (right + wrong)) if right + wrong else 0.0
