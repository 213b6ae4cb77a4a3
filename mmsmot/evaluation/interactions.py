"""Interaction scores over labelled pairs (subject, object, verb)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from operator import ge, gt

import numpy as np

from ..structures import Interactions, SMOTDataSample

THRESHOLD = 0.4  # of the released SMOTer
HEAD_SHARE = 0.8
_Flat = tuple[tuple[str, ...], np.ndarray, np.ndarray, np.ndarray]  # see _flat


@dataclass(frozen=True)
class PairVerbs:
    """The true and predicted verbs of one directed pair, subject to object.

    Attributes:
        truth: Verbs that hold; empty for a pair that does not interact.
        scores: Predicted verbs with scores in [0, 1]; empty where the pair was missed.
        overlaps: Of verbs that are both, and whose true span is known: IoU of the frames
            in which they are predicted to hold with those in which they do.
    """

    truth: Set[str]
    scores: Mapping[str, float]
    overlaps: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class VerbCounts:
    """True positives, false positives and false negatives of each of V verbs."""

    verbs: tuple[str, ...]
    true_positives: np.ndarray
    false_positives: np.ndarray
    false_negatives: np.ndarray

    @property
    def support(self) -> np.ndarray:
        """(V,) how often each verb is true."""
        return self.true_positives + self.false_negatives


def count_interaction_verbs(
    pairs: Sequence[PairVerbs], threshold: float = THRESHOLD, above: bool = False
) -> VerbCounts:
    """Count labelled pairs, verb by verb.

    Args:
        pairs: Truth and prediction.
        threshold: A verb is predicted from this score on.
        above: Only a greater score is enough, as in SMOTer's release.
    """
    return _count_flat(_flat(pairs), threshold, above)


def _count_flat(flat: _Flat, threshold: float, above: bool = False) -> VerbCounts:
    verbs, hits, misses, wrong = flat
    num_verbs = len(verbs)
    reaches = gt if above else ge
    hit = reaches(hits[1], threshold)
    true_positives = np.bincount(hits[0][hit].astype(int), minlength=num_verbs)
    false_negatives = np.bincount(hits[0][~hit].astype(int), minlength=num_verbs)
    false_negatives += np.bincount(misses, minlength=num_verbs)
    claimed = reaches(wrong[1], threshold)
    false_positives = np.bincount(wrong[0][claimed].astype(int), minlength=num_verbs)
    return VerbCounts(verbs, true_positives, false_positives, false_negatives)


def precision_recall_f1(
    true_positives: float, false_positives: float, false_negatives: float
) -> dict[str, float]:
    """P, R and F1 as fractions; 0 where nothing was predicted, or nothing is true."""
    predicted = true_positives + false_positives
    real = true_positives + false_negatives
    total = predicted + real
    return {
        'P': float(true_positives / predicted) if predicted else 0.0,
        'R': float(true_positives / real) if real else 0.0,
        'F1': float(2 * true_positives / total) if total else 0.0,
    }


def micro_interaction_scores(counts: VerbCounts) -> dict[str, float]:
    """P, R and F1 over all labelled pairs at once."""
    return precision_recall_f1(
        counts.true_positives.sum(),
        counts.false_positives.sum(),
        counts.false_negatives.sum(),
    )


def scores_per_verb(counts: VerbCounts) -> dict[str, dict[str, float]]:
    """P, R, F1 and support of each verb that is true somewhere, most frequent first."""
    rows = {}
    for i in np.argsort(-counts.support, kind='stable'):
        if counts.support[i]:
            row = precision_recall_f1(
                counts.true_positives[i],
                counts.false_positives[i],
                counts.false_negatives[i],
            )
            rows[counts.verbs[i]] = {**row, 'support': int(counts.support[i])}
    return rows


def macro_interaction_scores(counts: VerbCounts) -> dict[str, float]:
    """The mean P, R and F1 of the verbs that are true somewhere."""
    rows = list(scores_per_verb(counts).values())
    return {
        key: float(np.mean([row[key] for row in rows])) if rows else 0.0
        for key in ('P', 'R', 'F1')
    }


def head_and_tail_scores(counts: VerbCounts) -> dict[str, dict[str, float]]:
    """Micro scores of the frequent verbs and of the long tail.

    The head is the least set of most frequent verbs that makes up 80 % of all true
    labels; every other verb is the tail, those that are never true too.
    """
    order = np.argsort(-counts.support, kind='stable')
    share = np.cumsum(counts.support[order]) / max(counts.support.sum(), 1)
    # A share of just HEAD_SHARE may lie a rounding error below it.
    size = int(np.searchsorted(share, HEAD_SHARE - 1e-12)) + 1
    parts = {'head': order[:size], 'tail': order[size:]}
    rows = {}
    for name, index in parts.items():
        part = VerbCounts(
            tuple(counts.verbs[i] for i in index),
            counts.true_positives[index],
            counts.false_positives[index],
            counts.false_negatives[index],
        )
        rows[name] = {**micro_interaction_scores(part), 'verbs': len(index)}
    return rows


def interaction_threshold_curve(pairs: Sequence[PairVerbs]) -> dict[str, np.ndarray]:
    """Micro P, R and F1 at every threshold .05, .1, ..., .95."""
    thresholds = np.arange(1, 20) / 20
    flat = _flat(pairs)  # once: of a crowd it takes longer than to count
    rows = [
        micro_interaction_scores(_count_flat(flat, threshold))
        for threshold in thresholds
    ]
    curve = {key: np.array([row[key] for row in rows]) for key in ('P', 'R', 'F1')}
    return {'threshold': thresholds, **curve}


def interaction_span_iou(
    pairs: Sequence[PairVerbs], threshold: float = THRESHOLD
) -> float | None:
    """Mean IoU in time of the right verbs; ``None`` where no true span is known."""
    ious = [
        iou
        for pair in pairs
        for verb, iou in pair.overlaps.items()
        if pair.scores[verb] >= threshold
    ]
    return float(np.mean(ious)) if ious else None


def pair_subset_accuracy(
    pairs: Sequence[PairVerbs], threshold: float = THRESHOLD, above: bool = False
) -> float:
    """The share of pairs whose predicted verbs are exactly the true ones.

    Args:
        pairs: As of :func:`count_interaction_verbs`.
        threshold: As of :func:`count_interaction_verbs`.
        above: As of :func:`count_interaction_verbs`.
    """
    reaches = gt if above else ge
    right = [
        {verb for verb, score in pair.scores.items() if reaches(score, threshold)}
        == set(pair.truth)
        for pair in pairs
    ]
    return float(np.mean(right)) if right else 0.0


def _flat(pairs: Sequence[PairVerbs]) -> _Flat:
    """Verbs; (2, H) verb and score of true ones; (M,) verbs of true ones without any
    score; (2, W) verb and score of wrong ones."""
    true_verbs = {verb for p in pairs for verb in p.truth}
    verbs = tuple(sorted(true_verbs | {verb for p in pairs for verb in p.scores}))
    number = {verb: i for i, verb in enumerate(verbs)}
    hits: list[tuple[int, float]] = []
    wrong: list[tuple[int, float]] = []
    misses: list[int] = []
    for pair in pairs:
        for verb, score in pair.scores.items():
            (hits if verb in pair.truth else wrong).append((number[verb], score))
        misses += [number[verb] for verb in pair.truth if verb not in pair.scores]
    columns = [np.array(rows, float).reshape(-1, 2).T for rows in (hits, wrong)]
    return verbs, columns[0], np.array(misses, np.int64), columns[1]


def gt_pair_verbs(sample: SMOTDataSample) -> dict[tuple[int, int], set[str]]:
    """The verbs of each true pair of tracked ids, by (subject, object)."""
    return sample.get('gt_interactions', Interactions.empty()).as_pairs()


def predicted_pair_verbs(
    sample: SMOTDataSample,
) -> dict[tuple[int, int], dict[str, float]]:
    """The best score of each verb of each predicted pair, over its spans.

    Pairs with a side that is not tracked are left out: no trajectory matches it.
    """
    table = sample.get('pred_interactions', Interactions.empty()).of_tracked()
    pairs: dict[tuple[int, int], dict[str, float]] = {}
    columns = (table.subject_ids, table.object_ids, table.verbs, table.scores)
    for i, j, verb, score in zip(*(c.tolist() for c in columns), strict=True):
        verbs = pairs.setdefault((i, j), {})
        verbs[verb] = max(score, verbs.get(verb, 0.0))
    return pairs
