"""Rules for whom a sentence means: floors, oracle, controls, on tracks made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mmsmot.structures import ReferringExpression, Trajectories
from projects.query_trackers.tests.conftest import _spread_scores
from projects.referring_mot.datasets.referring_dataset import ReferringDataset
from projects.referring_mot.evaluation.expression_scores import summarize_expressions
from projects.referring_mot.evaluation.scored_videos import (
    ScoredVideo,
    apply_rule,
    at_least,
    everybody,
    oracle,
    pair_scores,
    score_videos,
    true_captions,
    whole_tracks,
    with_shuffled_text,
)
from projects.referring_mot.evaluation.train_sentences import TrainSentences
from projects.referring_mot.models.refer_filter import ReferFilter
from projects.referring_mot.tests.conftest import write_expression_file
from projects.referring_mot.tests.test_ikun import build
from projects.referring_mot.tests.test_refer_hook import new_model

FRAMES = np.arange(1, 11)


def table(ids: Sequence[int]) -> Trajectories:
    """Ids in ten frames; id i stands at x 100 * i."""
    frames, numbers = np.repeat(FRAMES, len(ids)), np.tile(ids, len(FRAMES))
    x1 = 100.0 * (numbers % 10)
    boxes = np.stack([x1, x1 * 0, x1 + 50, x1 * 0 + 80], axis=1)
    return Trajectories(frames, numbers, boxes)


@pytest.fixture
def video() -> ScoredVideo:
    """Tracks 11 and 12 follow ids 1 and 2; track 13 follows nobody."""
    tracks = table([11, 12, 13])
    expressions = [
        ReferringExpression('first', {int(f): (1,) for f in FRAMES}),
        ReferringExpression('second early', {int(f): (2,) for f in FRAMES[:5]}),
    ]
    is_first = tracks.ids == 11
    is_early = (tracks.ids == 12) & (tracks.frame_ids <= 6)
    scores = np.stack([np.where(is_first, 0.9, 0.2), np.where(is_early, 0.7, 0.1)])
    captions = {1: 'somebody who is first', 2: 'the second'}
    return ScoredVideo(
        'a', FRAMES, table([1, 2]), captions, expressions, tracks, scores
    )


def means(video: ScoredVideo, rule) -> list[float]:
    return [score.hota for score in apply_rule([video], rule)]


def test_the_oracle_has_what_the_tracker_has(video: ScoredVideo) -> None:
    assert means(video, oracle) == pytest.approx([100, 100])
    assert oracle(video).sum(axis=1).tolist() == [10, 5]


def test_everybody_is_three_times_too_many(video: ScoredVideo) -> None:
    scores = apply_rule([video], everybody)
    assert scores[0].hota == pytest.approx(100 * np.sqrt(1 / 3))
    summary = summarize_expressions(scores)
    assert summary['DetRe'] == pytest.approx(100)
    assert summary['nothing'] == 0


def test_the_model_is_one_frame_late(video: ScoredVideo) -> None:
    static, temporal = apply_rule([video], at_least(0.5), TrainSentences(['first']))
    assert static.hota == pytest.approx(100)
    assert static.kinds == ('static', 'in_training')
    assert temporal.kinds == ('temporal', 'held_out')
    # Five of six boxes are right, and they are of one track.
    assert temporal.hota == pytest.approx(100 * 5 / 6, abs=0.01)


def test_whole_tracks_lose_what_is_temporal(video: ScoredVideo) -> None:
    is_meant = whole_tracks(0.4)(video)
    assert is_meant.sum(axis=1).tolist() == [10, 10]  # 6 * .7 + 4 * .1 = 4.6 of 10
    assert whole_tracks(0.5)(video).sum(axis=1).tolist() == [10, 0]


def test_shuffled_text_is_another_expression(video: ScoredVideo) -> None:
    (shuffled,) = with_shuffled_text([video])
    assert means(shuffled, at_least(0.5)) == [0, 0]


def test_one_expression_is_not_shuffled_with_itself(video: ScoredVideo) -> None:
    single = replace(video, expressions=video.expressions[:1], scores=video.scores[:1])
    assert with_shuffled_text([single]) == []


def test_tracks_of_each_sentence_are_shuffled_whole(video: ScoredVideo) -> None:
    """A model whose tracks depend on the sentence: the tracks go with their sentence."""
    parts = [
        replace(
            video,
            expressions=[expression],
            tracks=video.tracks[is_meant],
            scores=scores[None, is_meant],
        )
        for expression, scores in zip(video.expressions, video.scores, strict=True)
        for is_meant in [scores >= 0.5]
    ]
    assert [score.hota for score in apply_rule(parts, at_least(0.5))] == pytest.approx(
        means(video, at_least(0.5))
    )
    shuffled = with_shuffled_text(parts)
    assert [len(part.tracks) for part in shuffled] == [6, 10]
    assert [part.expressions[0].sentence for part in shuffled] == [
        'first',
        'second early',
    ]
    assert [score.hota for score in apply_rule(shuffled, everybody)] == [0, 0]


def test_captions_alone_know_no_time(video: ScoredVideo) -> None:
    def similarity(sentences: Sequence[str], captions: Sequence[str]) -> np.ndarray:
        words = [set(text.split()) for text in captions]
        return np.array([[len(w & {*s.split()}) for w in words] for s in sentences])

    is_meant = true_captions(similarity, 1)(video)
    assert is_meant.sum(axis=1).tolist() == [10, 10]
    ids = [set(video.tracks.ids[row].tolist()) for row in is_meant]
    assert ids == [{11}, {12}]


def test_pairs_are_of_gt_objects(video: ScoredVideo) -> None:
    # 'second early' refers to its object in half of its frames, which is not most.
    floor = pair_scores([video], everybody)
    assert floor == dict(
        pairs=4, positives=0.25, precision=0.25, recall=1.0, F1=pytest.approx(0.4)
    )
    assert pair_scores([video], oracle)['precision'] == 1


def test_scores_of_another_run_are_not_read(refer_kitti: Path, tmp_path: Path) -> None:
    def dataset() -> ReferringDataset:
        inner = dict(type='ReferKITTIDataset', data_root=str(refer_kitti))
        return ReferringDataset(dataset=inner, num_frames=1)

    model = build()
    model.post_processing = [ReferFilter()]
    (first,) = score_videos(model, dataset(), tmp_path, {'window': 2})
    (again,) = score_videos(model, dataset(), tmp_path, {'window': 2})
    np.testing.assert_array_equal(first.scores, again.scores)
    with pytest.raises(ValueError, match='0001.npz: was made with other config;'):
        score_videos(model, dataset(), tmp_path, {'window': 3})
    write_expression_file(refer_kitti, '0001', 'a car', {'0': [1]})
    with pytest.raises(ValueError, match='made with other sentences;'):
        score_videos(model, dataset(), tmp_path, {'window': 2})
    (refer_kitti / 'expression/0001/a-car.json').unlink()
    with torch.no_grad():
        next(model.estimator.pooling.parameters()).add_(0.1)
    with pytest.raises(ValueError, match='made with other weights;'):
        score_videos(model, dataset(), tmp_path, {'window': 2})


def test_a_tracker_that_reads_the_sentence_has_tracks_for_each(
    refer_kitti: Path, tmp_path: Path
) -> None:
    """TransRMOT, untrained: no track is left out, and the threshold is put back."""
    model = new_model('transrmot').eval()
    _spread_scores(model.estimator.detector.model.bbox_head)
    model.estimator.lifecycle.birth_threshold = 0.0
    inner = dict(type='ReferKITTIDataset', data_root=str(refer_kitti), split='test')
    dataset = ReferringDataset(dataset=inner, num_frames=1)
    videos = score_videos(model, dataset, tmp_path)
    assert [video.expressions[0].sentence for video in videos] == [
        'cars',
        'moving cars',
    ]
    for video in videos:
        assert len(video.tracks) and video.scores.shape == (1, len(video.tracks))
        assert everybody(video).all() and not at_least(0.99)(video).any()
    assert model.estimator.text_hook.refer_threshold == 0.5
    cached = score_videos(model, dataset, tmp_path)
    for video, cached_video in zip(videos, cached, strict=True):
        np.testing.assert_array_equal(video.scores, cached_video.scores)
