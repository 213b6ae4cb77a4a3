"""The greedy estimator: its numbers, and what the slot asks of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from mmsmot.models.detectors import BaseDetector
from mmsmot.models.smot import SMOT
from mmsmot.structures import Detections, Frame, VideoInfo
from projects.example_project.greedy_estimator import GreedyEstimator, greedy_matches

VIDEO = VideoInfo(name='square', path='square')


class ScriptedDetector(BaseDetector):
    """Boxes 10 wide and high at x = ``places[frame_id]``; labels beside them."""

    needs_images = False
    fingerprint = 'scripted'

    def __init__(self, places: dict[int, list[tuple[float, int]]]) -> None:
        self.places = places

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        return [self._at(self.places.get(frame.frame_id, [])) for frame in frames]

    @staticmethod
    def _at(places: list[tuple[float, int]]) -> Detections:
        x, labels = np.array(places, float).reshape(-1, 2).T
        boxes = np.stack([x, 0 * x, x + 10, 0 * x + 10], axis=1)
        return Detections(boxes, np.ones(len(x)), labels.astype(np.int64))


def frames(first: int, last: int) -> list[Frame]:
    return [Frame(VIDEO, k, (k - 1) / 30) for k in range(first, last + 1)]


def ids(places: dict[int, list[tuple[float, int]]], last: int, **options) -> list:
    estimator = GreedyEstimator(detector=ScriptedDetector(places), **options)
    state = estimator.begin(VIDEO, (), needs=frozenset())
    return [t.ids.tolist() for t in estimator.step(state, frames(1, last)).tracks]


def test_the_best_pair_is_taken_first() -> None:
    iou = np.array([[0.6, 0.5], [0.8, 0.4]])
    assert greedy_matches(iou, 0.3).tolist() == [1, 0]
    assert greedy_matches(iou, 0.55).tolist() == [-1, 0]
    assert greedy_matches(np.empty((2, 0)), 0.3).tolist() == [-1, -1]


def test_an_object_keeps_its_id_through_a_gap_of_max_age() -> None:
    places = {1: [(0, 0)], 4: [(1, 0)]}
    assert ids(places, 4, max_age=2) == [[1], [], [], [1]]
    assert ids(places, 4, max_age=1) == [[1], [], [], [2]]


def test_no_id_goes_from_one_class_to_another() -> None:
    places = {1: [(0, 0), (0, 1)], 2: [(0, 1), (0, 0), (0, 2)]}
    assert ids(places, 2) == [[1, 2], [2, 1, 3]]


def test_ended_ids_are_told_once_and_never_come_back() -> None:
    places = {1: [(0, 0), (50, 0)], 2: [(0, 0)], 3: [(0, 0)], 4: [(0, 0), (50, 0)]}
    estimator = GreedyEstimator(detector=ScriptedDetector(places), max_age=1)
    state = estimator.begin(VIDEO, (), needs=frozenset())
    steps = [estimator.step(state, frames(k, k)) for k in range(1, 5)]
    assert [step.ended_ids for step in steps] == [[], [], [2], []]
    assert steps[-1].tracks[0].ids.tolist() == [1, 3]


def test_two_videos_at_once_do_not_disturb_each_other() -> None:
    places = {k: [(k, 0)] for k in range(1, 5)}
    model = SMOT(estimator=GreedyEstimator(detector=ScriptedDetector(places)))
    runs = [model.begin(VIDEO), model.begin(VIDEO)]
    for k in range(1, 5):
        for run in runs:
            run.push(frames(k, k))
    for run in runs:
        (result,) = run.finish()
        assert result.trajectories.ids.tolist() == [1, 1, 1, 1]


def test_an_option_out_of_its_range_is_refused() -> None:
    for options in (dict(iou_threshold=-0.1), dict(max_age=-1), dict(max_age=1.5)):
        with pytest.raises(ValueError, match=f'GreedyEstimator: {next(iter(options))}'):
            GreedyEstimator(detector=ScriptedDetector({}), **options)


def test_semantics_that_needs_features_is_refused_at_build() -> None:
    class Semantics:
        needs = frozenset({'features'})

    estimator = GreedyEstimator(detector=ScriptedDetector({}))
    with pytest.raises(TypeError, match='GreedyEstimator makes none'):
        SMOT(estimator=estimator, semantics=Semantics())
