"""The worst tracks, captions and pairs of a result, and how they depend on each other.

Matching and pairs are those of the strict protocol.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from ..structures import SMOTDataSample, match_trajectories, trajectory_iou
from ..utils.number_ranges import FRACTION, NON_NEGATIVE_INT, require_numbers
from .captions import CaptionSet, missing_caption_scorers, score_captions
from .chota import chota_caption_similarity
from .interactions import (
    THRESHOLD,
    gt_pair_verbs,
    precision_recall_f1,
    predicted_pair_verbs,
)
from .protocols import STRICT_MIN_IOU, preprocess_by_protocol
from .result_names import result_name
from .tracking import evaluate_and_match_sequence

NO_TRACK = -1
NO_VERB = '(nothing)'
Pair = tuple[int, int]
PURITY_BINS = (0.0, 0.5, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True)
class TrackError:
    """How well one true trajectory was found.

    Attributes:
        video: Its name.
        gt_id: The true trajectory.
        pred_id: The predicted one of greatest mean IoU, -1 for none.
        iou: That mean over the union of frames.
        completeness: The greatest share of its boxes that one predicted trajectory has.
        fragments: How many predicted trajectories have some of its boxes.
    """

    video: str
    gt_id: int
    pred_id: int
    iou: float
    completeness: float
    fragments: int


@dataclass(frozen=True)
class CaptionError:
    """How well one true trajectory was described.

    Attributes:
        video: Its name.
        gt_id: The true trajectory.
        pred_id: The matched one, -1 where it was missed.
        truth: Its caption.
        said: The predicted caption; ``''`` for none.
        purity: Share of the predicted trajectory's boxes that are on the person whom it
            has most boxes of; 0 where it was missed.
        score: In [0, 1], see :func:`~.chota.chota_caption_similarity`.
    """

    video: str
    gt_id: int
    pred_id: int
    truth: str
    said: str
    purity: float
    score: float = 0.0


@dataclass(frozen=True)
class PairError:
    """Verbs of one pair that were missed or spurious.

    Attributes:
        video: Its name.
        gt_ids: True subject and object; -1 for an end that matches no true trajectory.
        pred_ids: Predicted subject and object; -1 for an end that was missed.
        right: Verbs both true and predicted.
        missed: True verbs that were not predicted.
        wrong: Predicted verbs that are not true.
    """

    video: str
    gt_ids: tuple[int, int]
    pred_ids: tuple[int, int]
    right: tuple[str, ...]
    missed: tuple[str, ...]
    wrong: tuple[str, ...]


@dataclass(frozen=True)
class ErrorAnalysis:
    """All trajectories, captions and pairs of a result, the worst first."""

    tracks: list[TrackError]
    captions: list[CaptionError]
    pairs: list[PairError]

    def summary(self, top: int) -> dict[str, Any]:
        """The ``top`` worst of each kind, confusion and purity, as JSON's values.

        Raises:
            ValueError: ``top`` is no whole number from 0 on.
        """
        require_numbers('ErrorAnalysis', NON_NEGATIVE_INT, top=top)
        return {
            'tracks': [asdict(t) for t in self.tracks[:top]],
            'captions': [asdict(c) for c in self.captions[:top]],
            'pairs': [asdict(p) for p in self.pairs[:top]],
            'confusion': [
                {'truth': true, 'said': pred, 'count': n}
                for (true, pred), n in verb_confusion(self.pairs).most_common()
            ],
            'verbs': verb_error_scores(self.pairs),
            'purity': caption_score_by_purity(self.captions),
        }


def analyze_errors(
    samples: Iterable[SMOTDataSample], threshold: float = THRESHOLD
) -> ErrorAnalysis:
    """Compare every video with its truth.

    Args:
        samples: With truth and prediction; those without true trajectories are left out.
        threshold: Least score of a predicted verb.

    Raises:
        ModuleNotFoundError: The packages that score captions are not installed.
        ValueError: A prediction does not fit its truth; names the video.
    """
    require_numbers('analyze_errors', FRACTION, threshold=threshold)
    if reason := missing_caption_scorers():
        raise ModuleNotFoundError(f'the worst captions cannot be ranked: {reason}')
    tracks, captions, pairs = [], [], []
    for sample in samples:
        if 'gt_trajectories' not in sample:
            continue
        try:
            _, boxes = evaluate_and_match_sequence(
                sample.gt_trajectories,
                sample.pred_trajectories,
                sample.frame_ids,
                video=sample.video,
            )
        except ValueError as error:
            raise ValueError(f'{result_name(sample)}: {error}') from error
        sample = preprocess_by_protocol(sample)
        gt_of = match_trajectories(
            sample.gt_trajectories, sample.pred_trajectories, STRICT_MIN_IOU
        )
        tracks += _tracks(sample, boxes)
        captions += _captions(sample, boxes, gt_of)
        pairs += _pairs(sample, gt_of, threshold)
    return ErrorAnalysis(
        sorted(tracks, key=lambda t: (t.iou, t.completeness)),
        sorted(_scored(captions), key=lambda c: c.score),
        sorted(pairs, key=lambda p: (-len(p.missed) - len(p.wrong), -len(p.missed))),
    )


def verb_confusion(pairs: Iterable[PairError]) -> Counter[tuple[str, str]]:
    """How often a true verb was taken for another one, by (true, predicted).

    A verb that is right counts for itself. In a pair with missed and wrong verbs, each
    missed one was taken for each wrong one; what has no counterpart stands beside
    ``'(nothing)'``.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for pair in pairs:
        counts.update((verb, verb) for verb in pair.right)
        for true in pair.missed or [NO_VERB] * bool(pair.wrong):
            counts.update((true, pred) for pred in pair.wrong or [NO_VERB])
    return counts


def verb_error_scores(pairs: Iterable[PairError]) -> dict[str, dict[str, float]]:
    """Precision, recall and F1 of each verb that is true or predicted, by its name.

    ``'true'`` counts the pairs that have it.
    """
    right: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for pair in pairs:
        right.update(pair.right)
        missed.update(pair.missed)
        wrong.update(pair.wrong)
    return {
        verb: {
            'true': right[verb] + missed[verb],
            **precision_recall_f1(right[verb], wrong[verb], missed[verb]),
        }
        for verb in sorted({*right, *missed, *wrong})
    }


def caption_score_by_purity(captions: Sequence[CaptionError]) -> dict[str, Any]:
    """Caption scores of matched trajectories against the purity of their tracks.

    Returns:
        ``'bins'``: for each range of purity the mean score and the number of captions;
        ``'correlation'``: Pearson's, ``None`` where there is no spread.
    """
    matched = [c for c in captions if c.pred_id != NO_TRACK]
    purity = np.array([c.purity for c in matched])
    score = np.array([c.score for c in matched])
    edges = np.array(PURITY_BINS)
    index = np.clip(np.searchsorted(edges, purity, 'right') - 1, 0, len(edges) - 1)
    rows = []
    for i, edge in enumerate(PURITY_BINS):
        inside = index == i
        if inside.any():
            # The last bin is the wholly pure.
            to = PURITY_BINS[min(i + 1, len(edges) - 1)]
            rows.append(
                {
                    'from': edge,
                    'to': to,
                    'captions': int(inside.sum()),
                    'score': float(score[inside].mean()),
                }
            )
    spread = len(matched) > 1 and np.ptp(purity) > 0 and np.ptp(score) > 0
    correlation = float(np.corrcoef(purity, score)[0, 1]) if spread else None
    return {'bins': rows, 'correlation': correlation}


def _tracks(
    sample: SMOTDataSample, boxes: dict[tuple[int, int], int]
) -> list[TrackError]:
    gt, pred = sample.gt_trajectories, sample.pred_trajectories
    gt_ids, pred_ids, iou = trajectory_iou(gt, pred)
    errors = []
    for row, gt_id in enumerate(gt_ids.tolist()):
        shares = [n for (g, _), n in boxes.items() if g == gt_id]
        best = int(iou[row].argmax()) if len(pred_ids) else NO_TRACK
        value = float(iou[row, best]) if len(pred_ids) else 0.0
        errors.append(
            TrackError(
                video=result_name(sample),
                gt_id=gt_id,
                pred_id=int(pred_ids[best]) if value > 0 else NO_TRACK,
                iou=value,
                completeness=max(shares, default=0) / int((gt.ids == gt_id).sum()),
                fragments=len(shares),
            )
        )
    return errors


def _captions(
    sample: SMOTDataSample, boxes: dict[tuple[int, int], int], gt_of: dict[int, int]
) -> list[CaptionError]:
    pred_of = {gt: pred for pred, gt in gt_of.items()}
    pred_captions = sample.get('pred_captions', {})
    present = set(sample.gt_trajectories.ids.tolist())
    errors = []
    for gt_id, text in sample.get('gt_captions', {}).items():
        if gt_id not in present or not text.strip():
            continue
        pred_id = pred_of.get(gt_id, NO_TRACK)
        shares = [n for (_, p), n in boxes.items() if p == pred_id]
        length = max(int((sample.pred_trajectories.ids == pred_id).sum()), 1)
        errors.append(
            CaptionError(
                video=result_name(sample),
                gt_id=gt_id,
                pred_id=pred_id,
                truth=text,
                said=pred_captions.get(pred_id, ''),
                purity=max(shares, default=0) / length,
            )
        )
    return errors


def _pairs(
    sample: SMOTDataSample, gt_of: dict[int, int], threshold: float
) -> list[PairError]:
    if 'gt_interactions' not in sample:
        return []
    pred_of = {gt: pred for pred, gt in gt_of.items()}
    pred_verbs = {
        pair: {verb for verb, score in verbs.items() if score >= threshold}
        for pair, verbs in predicted_pair_verbs(sample).items()
    }
    items: list[tuple[Pair, Pair, set[str], set[str]]] = []
    for (i, j), verbs in gt_pair_verbs(sample).items():
        pred_ids = pred_of.get(i, NO_TRACK), pred_of.get(j, NO_TRACK)
        items.append(((i, j), pred_ids, verbs, pred_verbs.pop(pred_ids, set())))
    for (i, j), verbs in pred_verbs.items():
        if verbs:
            gt_ids = gt_of.get(i, NO_TRACK), gt_of.get(j, NO_TRACK)
            items.append((gt_ids, (i, j), set(), verbs))
    return [
        PairError(
            result_name(sample),
            gt_ids,
            pred_ids,
            right=tuple(sorted(true & pred)),
            missed=tuple(sorted(true - pred)),
            wrong=tuple(sorted(pred - true)),
        )
        for gt_ids, pred_ids, true, pred in items
    ]


def _scored(captions: list[CaptionError]) -> list[CaptionError]:
    pairs = CaptionSet([[c.truth] for c in captions], [c.said for c in captions], False)
    scores = score_captions({'all': pairs})['all'].segments
    similarity = chota_caption_similarity(scores).tolist()
    return [replace(c, score=s) for c, s in zip(captions, similarity, strict=True)]
