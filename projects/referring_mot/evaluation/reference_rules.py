"""Rules for whom a sentence means on given tracks: floors, the model, the oracle."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from projects.referring_mot.datasets.referred_boxes import (
    referred_mask,
    referred_trajectories,
)
from projects.referring_mot.evaluation.expression_scores import (
    ExpressionScore,
    score_expression,
)
from projects.referring_mot.evaluation.scored_videos import ScoredVideo
from projects.referring_mot.evaluation.train_sentences import TrainSentences

# A rule says which boxes of a video each expression means, (E, R) bool.
Rule = Callable[[ScoredVideo], np.ndarray]


def everybody(video: ScoredVideo) -> np.ndarray:
    """The floor that knows no language: every track is meant."""
    return np.ones(video.scores.shape, bool)


def at_least(threshold: float) -> Rule:
    """The model's own rule."""
    return lambda video: video.scores >= threshold


def whole_tracks(threshold: float) -> Rule:
    """A track is meant as a whole or not at all, by the mean score of its boxes."""

    def rule(video: ScoredVideo) -> np.ndarray:
        _, tracks = np.unique(video.tracks.ids, return_inverse=True)
        counts = np.bincount(tracks)
        means = np.stack(
            [np.bincount(tracks, row, len(counts)) / counts for row in video.scores]
        )
        return means[:, tracks] >= threshold

    return rule


def oracle(video: ScoredVideo) -> np.ndarray:
    """The model's tracks with the true reference: what the tracker leaves possible."""
    is_covered = video.gt_rows >= 0
    covered = video.objects[video.gt_rows[is_covered]]
    is_meant = np.zeros(video.scores.shape, bool)
    for row, expression in enumerate(video.expressions):
        mask = referred_mask(covered.frame_ids, covered.ids, expression)
        is_meant[row, is_covered] = mask
    return is_meant


def true_captions(
    similarity: Callable[[Sequence[str], Sequence[str]], np.ndarray], threshold: float
) -> Rule:
    """A floor that sees nothing: the sentence's similarity to the true caption.

    Args:
        similarity: (S, C) of S sentences and C captions.
        threshold: Least similarity of somebody who is meant, all the time.
    """

    def rule(video: ScoredVideo) -> np.ndarray:
        rows = video.gt_rows
        is_meant = np.zeros(video.scores.shape, bool)
        if not video.captions:
            return is_meant
        ids = sorted(video.captions)
        sentences = [expression.sentence for expression in video.expressions]
        values = similarity(sentences, [video.captions[i] for i in ids]) >= threshold
        is_covered = rows >= 0
        covered_ids = video.objects.ids[rows[is_covered]]
        columns = np.searchsorted(ids, covered_ids).clip(max=len(ids) - 1)
        has_caption = np.array(ids)[columns] == covered_ids
        is_meant[:, is_covered] = values[:, columns] & has_caption
        return is_meant

    return rule


def apply_rule(
    videos: Sequence[ScoredVideo],
    rule: Rule,
    train_sentences: TrainSentences | None = None,
) -> list[ExpressionScore]:
    """The HOTA of every expression under a rule, by the fixed protocol.

    Args:
        videos: Scored ones.
        rule: Whom each expression means.
        train_sentences: Those that were trained on; ``None``: nothing is said of
            held-out.
    """
    scores = []
    for video in videos:
        is_meant = rule(video)
        scores += [
            score_expression(
                f'{video.name}/{expression.sentence}',
                expression,
                video.objects,
                video.tracks[is_meant[row]],
                video.frame_ids,
                train_sentences=train_sentences,
            )
            for row, expression in enumerate(video.expressions)
        ]
    return scores


def pair_scores(videos: Sequence[ScoredVideo], rule: Rule) -> dict[str, float]:
    """Precision, recall and F1 over (object, expression), of gt objects.

    An object is meant where most of the boxes that cover it are; it is referred to where
    the expression does so in most of its frames.
    """
    true, predicted = [], []
    for video in videos:
        is_meant, rows = rule(video), video.gt_rows
        ids, lives = np.unique(video.objects.ids, return_counts=True)
        is_covered = rows >= 0
        objects = np.searchsorted(ids, video.objects.ids[rows[is_covered]])
        counts = np.bincount(objects, minlength=len(ids))
        for row, expression in enumerate(video.expressions):
            hits = np.bincount(objects, is_meant[row, is_covered], len(ids))
            predicted.append(hits > counts / 2)
            referred = referred_trajectories(video.objects, expression).ids
            hits = np.bincount(np.searchsorted(ids, referred), minlength=len(ids))
            true.append(hits > lives / 2)
    is_true, is_predicted = np.concatenate(true), np.concatenate(predicted)
    hits = float((is_true & is_predicted).sum())
    precision = hits / max(float(is_predicted.sum()), 1.0)
    recall = hits / max(float(is_true.sum()), 1.0)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    return dict(
        pairs=len(is_true),
        positives=float(is_true.mean()),
        precision=precision,
        recall=recall,
        F1=f1,
    )
