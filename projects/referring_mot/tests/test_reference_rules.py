"""Rules for whom a sentence means: floors, the model, the oracle, on tracks made by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from projects.referring_mot.evaluation.expression_scores import summarize_expressions
from projects.referring_mot.evaluation.reference_rules import (
    Rule,
    apply_rule,
    at_least,
    everybody,
    oracle,
    pair_scores,
    true_captions,
    whole_tracks,
)
from projects.referring_mot.evaluation.scored_videos import ScoredVideo
from projects.referring_mot.evaluation.train_sentences import TrainSentences


def means(video: ScoredVideo, rule: Rule) -> list[float]:
    return [score.hota for score in apply_rule([video], rule)]


def test_the_oracle_has_what_the_tracker_has(scored_video: ScoredVideo) -> None:
    assert means(scored_video, oracle) == pytest.approx([100, 100])
    assert oracle(scored_video).sum(axis=1).tolist() == [10, 5]


def test_everybody_is_three_times_too_many(scored_video: ScoredVideo) -> None:
    scores = apply_rule([scored_video], everybody)
    assert scores[0].hota == pytest.approx(100 * np.sqrt(1 / 3))
    summary = summarize_expressions(scores)
    assert summary['DetRe'] == pytest.approx(100)
    assert summary['num_unanswered'] == 0


def test_the_model_is_one_frame_late(scored_video: ScoredVideo) -> None:
    static, temporal = apply_rule(
        [scored_video], at_least(0.5), TrainSentences(['first'])
    )
    assert static.hota == pytest.approx(100)
    assert static.kinds == ('static', 'in_training')
    assert temporal.kinds == ('temporal', 'held_out')
    # Five of six boxes are right, and they are of one track.
    assert temporal.hota == pytest.approx(100 * 5 / 6, abs=0.01)


def test_whole_tracks_lose_what_is_temporal(scored_video: ScoredVideo) -> None:
    is_meant = whole_tracks(0.4)(scored_video)
    assert is_meant.sum(axis=1).tolist() == [10, 10]  # 6 * .7 + 4 * .1 = 4.6 of 10
    assert whole_tracks(0.5)(scored_video).sum(axis=1).tolist() == [10, 0]


def test_captions_alone_know_no_time(scored_video: ScoredVideo) -> None:
    def similarity(sentences: Sequence[str], captions: Sequence[str]) -> np.ndarray:
        words = [set(text.split()) for text in captions]
        return np.array([[len(w & {*s.split()}) for w in words] for s in sentences])

    is_meant = true_captions(similarity, 1)(scored_video)
    assert is_meant.sum(axis=1).tolist() == [10, 10]
    ids = [set(scored_video.tracks.ids[row].tolist()) for row in is_meant]
    assert ids == [{11}, {12}]


def test_pairs_are_of_gt_objects(scored_video: ScoredVideo) -> None:
    # 'second early' refers to its object in half of its frames, which is not most.
    floor = pair_scores([scored_video], everybody)
    assert floor == dict(
        pairs=4, positives=0.25, precision=0.25, recall=1.0, F1=pytest.approx(0.4)
    )
    assert pair_scores([scored_video], oracle)['precision'] == 1
