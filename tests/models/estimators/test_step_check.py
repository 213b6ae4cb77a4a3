"""What an estimator made that breaks its contract is named, not passed on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from mmsmot.models.estimators import (
    BaseEstimator,
    Estimate,
    checked_step,
)
from mmsmot.models.smot import SMOT
from mmsmot.structures import Detections, Frame, Tracks, VideoInfo

VIDEO = VideoInfo(name='square', path='square')
FRAMES = [Frame(VIDEO, k, k / 30) for k in (1, 2)]
BOXES = np.array([[0.0, 0, 10, 10], [20, 0, 30, 10]])
DETECTIONS = Detections(BOXES, [0.9, 0.8])
TRACKS = Tracks(np.array([1, 2]), BOXES, np.ones(2), np.zeros(2, int), np.arange(2))


class Scripted(BaseEstimator):
    """Gives what it is told to."""

    def __init__(self, estimates: Any) -> None:
        super().__init__()
        self.estimates = estimates

    def begin(self, video, prompts, *, needs) -> None:
        return None

    def step(self, state, frames) -> Any:
        return self.estimates


def estimate(**columns: Any) -> Estimate:
    return Estimate([DETECTIONS] * 2, [replace(TRACKS, **columns)] * 2)


def step(estimates: Any, *needs: str, num_estimates: int = 1) -> list[Estimate]:
    options = dict(num_estimates=num_estimates, needs=frozenset(needs))
    return checked_step(Scripted(estimates), None, FRAMES, **options)


@pytest.mark.parametrize(
    ('columns', 'message'),
    [
        (dict(ids=np.array([3, 3])), 'ids must be unique in a frame, but id 3'),
        (dict(ids=np.array([1, 2.5])), 'ids must be whole numbers'),
        (dict(ids=np.array([-3, 2])), 'ids count from 1'),
        (dict(det_index=np.array([0, 9])), 'det_index is a row of the 2 detections'),
        (dict(boxes=BOXES[:1]), 'differ in length'),
        (dict(boxes=BOXES * np.nan), 'boxes holds a value that is not finite'),
        (dict(scores=torch.empty(2, device='meta')), 'scores must be an array'),
        (dict(features=torch.zeros(3, 1, 4)), '2 ids but 3 features'),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else '',
)
def test_tracks_that_are_not_sound(columns: dict, message: str) -> None:
    with pytest.raises(ValueError, match=f'^Scripted.step, frame 1: .*{message}'):
        step(estimate(**columns))


def test_lists_of_numbers_become_columns() -> None:
    (checked,) = step(estimate(ids=[5, 7], scores=[1, 1], features=BOXES[:, None]))
    assert checked.tracks[1].ids.dtype == np.int64
    assert checked.tracks[1].scores.dtype == np.float64
    assert checked.tracks[1].features.shape == (2, 1, 4)


@pytest.mark.parametrize('estimates', [None, ([DETECTIONS], [TRACKS]), [TRACKS]])
def test_what_is_no_estimate(estimates: Any) -> None:
    with pytest.raises(TypeError, match='Scripted.step must return an Estimate'):
        step(estimates)


def test_numbers_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match='gave 1 estimates for 2 prompts'):
        step(estimate(), num_estimates=2)
    with pytest.raises(ValueError, match='1 detections and 2 tracks for 2 frames'):
        step(replace(estimate(), detections=[DETECTIONS]))


def test_what_is_no_detections_or_tracks() -> None:
    with pytest.raises(TypeError, match='frame 1: detections are .*, got ndarray'):
        step(replace(estimate(), detections=[BOXES] * 2))
    with pytest.raises(TypeError, match='frame 1: must return .*Tracks.*, got ndarray'):
        step(replace(estimate(), tracks=[BOXES] * 2))


def test_what_was_asked_for_is_there() -> None:
    with pytest.raises(ValueError, match='no features, which were asked for'):
        step(estimate(), 'features')
    with pytest.raises(ValueError, match='frame 1: Tracks.features was asked for'):
        step(estimate(), 'track_features')
    step(estimate(features=BOXES[:, None]), 'track_features')


def test_the_pipeline_checks_it() -> None:
    run = SMOT(estimator=Scripted(estimate(ids=np.array([3, 3])))).begin(VIDEO)
    with pytest.raises(ValueError, match='Scripted.step, frame 1: ids must be unique'):
        run.push(FRAMES)
