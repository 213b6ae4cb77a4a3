"""All scores of semantic multi-object tracking, from the results of single videos."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..structures import SMOTDataSample, Trajectories
from .captions import BLEU, CaptionScores, CaptionSet, score_captions
from .chota import chota, chota_caption_accuracy, chota_caption_similarity
from .interactions import (
    THRESHOLD,
    PairVerbs,
    VerbCounts,
    count_interaction_verbs,
    head_and_tail_scores,
    interaction_span_iou,
    interaction_threshold_curve,
    macro_interaction_scores,
    micro_interaction_scores,
    pair_subset_accuracy,
    scores_per_verb,
)
from .official_captions import score_captions_official
from .preprocessing import preprocessing_for
from .protocols import (
    RELEASE,
    STRICT,
    ProtocolComparison,
    compare_by_strict_protocol,
    compare_official,
)
from .result_names import result_name
from .tracking import (
    Result,
    combine_tracking_sequences,
    evaluate_and_match_sequence,
    summarize_tracking,
)

Pair = tuple[int, int]
ORIGINAL_NUMBERS, POSITIONS = 'original', 'position'
SEMANTICS = ('captions', 'interactions', 'video_caption')


@dataclass(frozen=True)
class VideoScores:
    """Counts and captions of one video, without boxes.

    Attributes:
        name: The video's name, with a prompt's key behind it where one was asked for.
        preprocessing: Of its tracks; never ``'auto'``.
        tracking: trackeval's fields.
        comparisons: By protocol.
        boxes: Boxes that HOTA matches at .5, by (true id, predicted id).
        captions: (true, predicted) captions of these pairs, where there are both.
        predicted: What was predicted besides tracks, of :data:`SEMANTICS`.
        release_tracking: trackeval's fields where the release numbers its frames
            otherwise; ``None``: as ``tracking``.
    """

    name: str
    preprocessing: str
    tracking: Result
    comparisons: dict[str, ProtocolComparison]
    boxes: dict[Pair, int]
    captions: dict[Pair, tuple[str, str]]
    predicted: frozenset[str]
    release_tracking: Result | None = None


def smot_report_video_scores(
    sample: SMOTDataSample,
    protocols: Sequence[str] = (STRICT, RELEASE),
    preprocessing: str = 'auto',
    release_frame_numbers: str = ORIGINAL_NUMBERS,
) -> VideoScores:
    """Compare one video with its truth.

    Args:
        sample: Truth and prediction of a whole video.
        protocols: Which to follow.
        preprocessing: Of the tracks, see :func:`~.tracking.evaluate_sequence`.
        release_frame_numbers: As of :class:`~.smot_metric.SMOTMetric`.
    """
    compare = {STRICT: compare_by_strict_protocol, RELEASE: compare_official}
    gt, pred, frames = (
        sample.gt_trajectories,
        sample.pred_trajectories,
        sample.frame_ids,
    )
    preprocessing = preprocessing_for(preprocessing, gt, sample.video)
    tracking, boxes = evaluate_and_match_sequence(
        gt, pred, frames, preprocessing, video=sample.video
    )
    release_tracking = None
    if RELEASE in protocols and release_frame_numbers == POSITIONS:
        numbers = np.arange(1, len(np.unique(frames)) + 1)
        release_tracking, _ = evaluate_and_match_sequence(
            gt,
            _at_positions(pred, frames),
            np.union1d(numbers, gt.frame_ids),
            preprocessing,
            video=sample.video,
        )
    gt_captions = sample.get('gt_captions', {})
    pred_captions = sample.get('pred_captions', {})
    captions = {
        (g, p): (gt_captions[g], pred_captions.get(p, ''))
        for g, p in boxes
        if gt_captions.get(g, '').strip()
    }
    return VideoScores(
        result_name(sample),
        preprocessing,
        tracking,
        {name: compare[name](sample) for name in protocols},
        boxes,
        captions,
        frozenset(name for name in SEMANTICS if f'pred_{name}' in sample),
        release_tracking,
    )


def _at_positions(pred: Trajectories, frame_ids: np.ndarray) -> Trajectories:
    """The rows with the positions of their frames in the video, from 1, as frame numbers."""
    places = np.searchsorted(np.unique(frame_ids), pred.frame_ids)
    return replace(pred, frame_ids=places + 1)


def build_smot_report(
    videos: Sequence[VideoScores], threshold: float = THRESHOLD
) -> dict[str, Any]:
    """All scores of all videos.

    Args:
        videos: Results with the same protocols.
        threshold: Least score of a predicted verb.

    Returns:
        ``'tracking'`` (percent and counts), then by protocol ``'instance'``, ``'video'``
        (caption scores), ``'interactions'``, ``'joint'`` (and ``'tracking'`` of a release
        that numbers its frames otherwise), each only where it is annotated
        in some video and predicted in some: what was not predicted is absent, not 0;
        ``'tracking_fields'``: the tracking result that
        :func:`~.tracking.combine_tracking_sequences` takes; ``'counts'`` of what had no truth;
        ``'missing'`` for scores that could not be computed, or mean something else than
        their name says, and why; ``'preprocessing'`` of each video's tracks.

    Raises:
        ValueError: There is no video.
    """
    tracking = combine_tracking_sequences(
        {video.name: video.tracking for video in videos}
    )
    protocols = list(videos[0].comparisons)
    scores: dict[str, Any] = {
        'tracking': summarize_tracking(tracking),
        'tracking_fields': tracking,
    }
    missing: dict[str, str] = {}
    scored = smot_report_semantics(videos)
    if STRICT in protocols and scored:
        compared = [video.comparisons[STRICT] for video in videos]
        scores[STRICT] = _strict(videos, compared, tracking, scored, threshold, missing)
    if RELEASE in protocols and scored:
        compared = [video.comparisons[RELEASE] for video in videos]
        scores[RELEASE] = _released(compared, scored, threshold, missing)
    by_position = {v.name: r for v in videos if (r := v.release_tracking) is not None}
    if by_position:
        part = scores.setdefault(RELEASE, {})
        part['tracking'] = summarize_tracking(combine_tracking_sequences(by_position))
    unjudged = Counter(n for v in videos for n in v.comparisons[protocols[0]].unjudged)
    scores['counts'] = {'videos': len(videos), 'without truth': dict(unjudged)}
    scores['missing'] = missing
    scores['preprocessing'] = {video.name: video.preprocessing for video in videos}
    return scores


def smot_report_semantics(videos: Sequence[VideoScores]) -> frozenset[str]:
    """Those of :data:`SEMANTICS` that some video has annotated and some has predicted."""
    annotated: set[str] = set()
    predicted: set[str] = set()
    for video in videos:
        comparison = next(iter(video.comparisons.values()))
        annotated |= set(SEMANTICS) - set(comparison.unjudged)
        predicted |= video.predicted
    return frozenset(annotated & predicted)


def _strict(
    videos: Sequence[VideoScores],
    compared: Sequence[ProtocolComparison],
    tracking: Result,
    scored: Set[str],
    threshold: float,
    missing: dict[str, str],
) -> dict[str, Any]:
    levels: dict[str, Any] = _strict_captions(videos, compared, scored, missing)
    joint = {}
    if 'accuracy' in levels:
        joint['CHOTA'] = chota(tracking, levels.pop('accuracy'))
    if 'interactions' in scored:
        pairs = [pair for c in compared for pair in c.pairs]
        counts = count_interaction_verbs(pairs, threshold)
        levels['interactions'] = smot_interaction_report(pairs, counts, threshold)
        joint['IHOTA'] = chota(tracking, _jaccard(counts))
    return {**levels, 'joint': joint} if joint else levels


def _strict_captions(
    videos: Sequence[VideoScores],
    compared: Sequence[ProtocolComparison],
    scored: Set[str],
    missing: dict[str, str],
) -> dict[str, Any]:
    """``'instance'`` and ``'video'``, and the ``'accuracy'`` of CHOTA."""
    instance = [pair for c in compared for pair in c.captions]
    texts = [c.video for c in compared if c.video is not None]
    pairs = [v.captions[key] for v in videos for key in v.captions]
    sets = {}
    if 'captions' in scored:
        sets['instance'] = _caption_set(instance)
        sets['pairs'] = _caption_set(pairs, corpus=False)
    if 'video_caption' in scored:
        sets['video'] = _caption_set(texts)
    scores = score_captions(sets) if sets else {}  # it starts Java
    for level, of_level in scores.items():
        missing |= _named(f'{STRICT} {level}', of_level)
    levels: dict[str, Any] = {}
    if 'captions' in scored:
        spurious = sum(c.spurious for c in compared)
        share = len(instance) / max(len(instance) + spurious, 1)
        corpus = scores['instance'].corpus
        counts = {'captions': len(instance), 'spurious': spurious}
        levels['instance'] = {k: share * v for k, v in corpus.items()} | counts
        segments = scores['pairs'].segments
        if 'CIDEr' in segments:
            levels['accuracy'] = _caption_accuracy(videos, scores['pairs'])
        if pairs and 'CIDEr' not in segments:
            missing[f'{STRICT} CHOTA'] = 'its CapA needs the scores of captions'
        elif pairs and 'METEOR' not in segments:
            missing[f'{STRICT} CHOTA'] = (
                'its CapA is CIDEr alone, for want of METEOR: not to be compared with '
                'others'
            )
    if 'video_caption' in scored:
        levels['video'] = {**scores['video'].corpus, 'captions': len(texts)}
    return levels


def _released(
    compared: Sequence[ProtocolComparison],
    scored: Set[str],
    threshold: float,
    missing: dict[str, str],
) -> dict[str, Any]:
    levels: dict[str, Any] = {}
    captions_of = {
        'captions': ('instance', [pair for c in compared for pair in c.captions]),
        'video_caption': ('video', [c.video for c in compared if c.video is not None]),
    }
    for name, (level, captions) in captions_of.items():
        if name in scored:
            scores = score_captions_official(captions)
            missing |= _named(f'{RELEASE} {level}', scores)
            levels[level] = scores.corpus
    if 'interactions' in scored:
        pairs = [pair for c in compared for pair in c.pairs]
        levels['interactions'] = {
            **micro_interaction_scores(
                count_interaction_verbs(pairs, threshold, above=True)
            ),
            'accuracy': pair_subset_accuracy(pairs, threshold, above=True),
            'pairs': len(pairs),
        }
    return levels


def _named(level: str, scores: CaptionScores) -> dict[str, str]:
    return {f'{level} {name}': reason for name, reason in scores.missing.items()}


def smot_interaction_report(
    pairs: Sequence[PairVerbs], counts: VerbCounts, threshold: float
) -> dict[str, Any]:
    """Micro, macro, head and tail, each verb, and the curve over thresholds.

    With ``'span IoU'`` of the verbs found, where the truth says when they hold.
    """
    overlap = interaction_span_iou(pairs, threshold)
    return {
        **micro_interaction_scores(counts),
        **({} if overlap is None else {'span IoU': overlap}),
        'macro': macro_interaction_scores(counts),
        **head_and_tail_scores(counts),
        'verbs': scores_per_verb(counts),
        'curve': {
            name: values.tolist()
            for name, values in interaction_threshold_curve(pairs).items()
        },
        'threshold': threshold,
    }


def smot_report_headline(scores: dict[str, Any]) -> dict[str, float]:
    """The numbers of a row in a table, by name: what MMEngine's evaluator returns."""
    row = {f'track/{name}': value for name, value in scores['tracking'].items()}
    for protocol in (STRICT, RELEASE):
        if protocol not in scores:
            continue
        part = scores[protocol]
        for name, value in part.get('tracking', {}).items():
            row[f'{protocol}/track_{name}'] = value
        for level in ('instance', 'video'):
            for name in ('BLEU', *BLEU, 'ROUGE-L', 'METEOR', 'CIDEr'):
                if name in part.get(level, {}):
                    row[f'{protocol}/{level}_{name}'] = part[level][name]
        for name in ('P', 'R', 'F1', 'span IoU'):
            if name in part.get('interactions', {}):
                row[f'{protocol}/interaction_{name}'] = part['interactions'][name]
        for name, joint in part.get('joint', {}).items():
            row[f'{protocol}/{name}'] = joint['joint']
    return row


def _caption_set(
    captions: Sequence[tuple[str, str]], corpus: bool = True
) -> CaptionSet:
    references = [[true] for true, _ in captions]
    return CaptionSet(references, [pred for _, pred in captions], corpus)


def _caption_accuracy(videos: Sequence[VideoScores], scores: CaptionScores) -> float:
    if not len(scores.segments['CIDEr']):
        return 0.0
    similarity = iter(chota_caption_similarity(scores.segments).tolist())
    total, boxes = 0.0, 0
    for video in videos:
        of_pair = {pair: next(similarity) for pair in video.captions}
        part, number = chota_caption_accuracy(video.boxes, of_pair)
        total, boxes = total + part, boxes + number
    return total / max(boxes, 1)


def _jaccard(counts: VerbCounts) -> float:
    """IntA = TP / (TP + FP + FN)."""
    wrong = np.sum(counts.false_positives) + np.sum(counts.false_negatives)
    right = np.sum(counts.true_positives)
    return float(right / (right + wrong)) if right + wrong else 0.0
