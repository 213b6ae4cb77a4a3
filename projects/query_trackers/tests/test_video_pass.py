"""What is reported of a frame at test."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from projects.query_trackers.tests.conftest import clip, easy_lifecycle, walking


def test_detections_are_of_new_queries_where_tracks_have_a_decoder(
    build: Callable,
) -> None:
    """TransTrack: each person is seen by both decoders, and detected once."""
    model = easy_lifecycle(build('transtrack'))
    model.estimator.detector.score_threshold = 0.0
    frames, _ = clip(walking(2))
    results = model.begin(frames[0].video).push(frames)
    num_queries = model.estimator.detector.model.num_queries
    assert [len(result.detections) for result in results] == [num_queries] * 2
    tracks, detections = results[1].tracks, results[1].detections
    assert len(tracks)
    np.testing.assert_array_equal(tracks.boxes, detections.boxes[tracks.det_index])


def test_detections_have_the_least_score_and_tracks_their_own(build: Callable) -> None:
    model = build('motr')
    frames, _ = clip(walking(1))
    model.estimator.lifecycle.birth_threshold = 1.0  # no track
    model.estimator.detector.score_threshold = 0.0
    (everything,) = model.begin(frames[0].video).push(frames)
    scores = np.sort(everything.detections.scores)
    threshold = float(scores[len(scores) // 2])
    model.estimator.detector.score_threshold = threshold
    (result,) = model.begin(frames[0].video).push(frames)
    np.testing.assert_array_equal(
        np.sort(result.detections.scores), scores[scores >= threshold]
    )
    # A track is reported below it too: its own threshold is the lifecycle's.
    model.estimator.lifecycle.birth_threshold = float(scores[5])
    (result,) = model.begin(frames[0].video).push(frames)
    assert len(result.tracks) == len(result.detections) == len(scores) - 5
