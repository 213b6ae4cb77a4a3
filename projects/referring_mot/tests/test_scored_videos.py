"""Scored videos: the shuffled-text control, and the files that keep them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from projects.query_trackers.tests.conftest import _spread_scores
from projects.referring_mot.datasets.referring_dataset import ReferringDataset
from projects.referring_mot.evaluation.reference_rules import (
    apply_rule,
    at_least,
    everybody,
)
from projects.referring_mot.evaluation.scored_videos import (
    ScoredVideo,
    score_videos,
    with_shuffled_text,
)
from projects.referring_mot.models.refer_filter import ReferFilter
from projects.referring_mot.tests.conftest import write_expression_file
from projects.referring_mot.tests.test_ikun import build
from projects.referring_mot.tests.test_refer_hook import new_model
from projects.referring_mot.tests.test_reference_rules import means


def test_shuffled_text_is_another_expression(scored_video: ScoredVideo) -> None:
    (shuffled,) = with_shuffled_text([scored_video])
    assert means(shuffled, at_least(0.5)) == [0, 0]


def test_a_track_has_the_reference_of_what_it_covers_by_half(
    scored_video: ScoredVideo,
) -> None:
    """Boxes 50 wide, moved by 16 and by 17: IoU 34 / 66 and 33 / 67."""
    for way, row in ((16, 0), (17, -1)):
        tracks = scored_video.objects[:1]
        boxes = tracks.boxes + [way, 0, way, 0]
        moved = replace(scored_video, tracks=replace(tracks, boxes=boxes))
        assert moved.gt_rows.tolist() == [row]


def test_one_expression_is_not_shuffled_with_itself(scored_video: ScoredVideo) -> None:
    single = replace(
        scored_video,
        expressions=scored_video.expressions[:1],
        scores=scored_video.scores[:1],
    )
    assert with_shuffled_text([single]) == []


def test_tracks_of_each_sentence_are_shuffled_whole(scored_video: ScoredVideo) -> None:
    """A model whose tracks depend on the sentence: the tracks go with their sentence."""
    parts = [
        replace(
            scored_video,
            expressions=[expression],
            tracks=scored_video.tracks[is_meant],
            scores=scores[None, is_meant],
        )
        for expression, scores in zip(
            scored_video.expressions, scored_video.scores, strict=True
        )
        for is_meant in [scores >= 0.5]
    ]
    assert [score.hota for score in apply_rule(parts, at_least(0.5))] == pytest.approx(
        means(scored_video, at_least(0.5))
    )
    shuffled = with_shuffled_text(parts)
    assert [len(part.tracks) for part in shuffled] == [6, 10]
    assert [part.expressions[0].sentence for part in shuffled] == [
        'first',
        'second early',
    ]
    assert [score.hota for score in apply_rule(shuffled, everybody)] == [0, 0]


def test_scores_of_another_run_are_not_read(refer_kitti: Path, tmp_path: Path) -> None:
    def dataset() -> ReferringDataset:
        inner = dict(type='ReferKITTIDataset', data_root=str(refer_kitti))
        return ReferringDataset(dataset=inner, num_frames=1)

    model = build()
    model.post_processing = [ReferFilter()]
    (first,) = score_videos(model, dataset(), tmp_path, {'window': 2})
    (cached,) = score_videos(model, dataset(), tmp_path, {'window': 2})
    np.testing.assert_array_equal(first.scores, cached.scores)
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
