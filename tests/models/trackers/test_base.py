"""The contract of the tracker slot, held against trackers that break it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from mmsmot.apis.inferencer import UNREADABLE
from mmsmot.models.trackers import (
    SORT,
    BaseTracker,
    DeepSORT,
    TrackerError,
    checked_tracker_update,
)
from mmsmot.structures import Detections, Frame, Tracks, VideoInfo

FRAME = Frame(VideoInfo('door', ''), 7, 0.0, lambda: np.zeros((8, 8, 3), np.uint8))
DETECTIONS = Detections([[10, 10, 50, 90], [60, 10, 90, 90]], [0.9, 0.8])
GOOD = dict(
    ids=[1, 2],
    boxes=DETECTIONS.boxes,
    scores=DETECTIONS.scores,
    labels=[0, 0],
    det_index=[0, 1],
)


class Scripted(BaseTracker):
    """Reports what it is built with, or calls it."""

    def __init__(self, reported: Tracks | Callable) -> None:
        self.reported = reported

    def update(self, detections: Detections, frame: Frame | None = None) -> Tracks:
        return self.reported() if callable(self.reported) else self.reported

    def reset(self) -> None: ...


def checked(**columns) -> Tracks:
    return checked_tracker_update(
        Scripted(Tracks(**{**GOOD, **columns})), DETECTIONS, FRAME
    )


def test_lists_and_whole_floats_become_the_documented_columns() -> None:
    tracks = checked(
        ids=[1.0, 2.0], boxes=[[1, 2, 3, 4], [5, 6, 7, 8]], det_index=[-1, 1]
    )
    assert [getattr(tracks, name).dtype.str for name in GOOD] == [
        '<i8',
        '<f8',
        '<f8',
        '<i8',
        '<i8',
    ]
    assert tracks.ids.tolist() == [1, 2]
    nobody = checked(**dict.fromkeys(GOOD, []))
    assert nobody.boxes.shape == (0, 4) and nobody.ids.shape == (0,)


@pytest.mark.parametrize(
    ('columns', 'message'),
    [
        (dict(ids=[1, 1]), 'ids must be unique in a frame, but id 1 stands 2 times'),
        (dict(ids=[1, -2]), 'ids count from 1, got -2'),
        (dict(labels=[0, -5]), 'labels count from 0, or are -1 for none, got -5'),
        (
            dict(scores=[0.9, 7.0]),
            'from 0 to 1, got 7 for a track whose detection has 0.8',
        ),
        (dict(scores=[-3, 0.8]), 'from 0 to 1, got -3'),
        (
            dict(ids=[1, 1.5]),
            'ids must be whole numbers that keep every digit, got 1.5',
        ),
        (dict(ids=[1, np.nan]), 'ids holds a value that is not finite'),
        (dict(ids=['a', 'b']), 'ids must be numbers'),
        (dict(ids=None), 'ids must be an array of numbers, got None'),
        (dict(ids=[1]), 'the columns of Tracks differ in length'),
        (dict(boxes=[[1, 2, 3, np.nan]] * 2), 'boxes holds a value that is not finite'),
        (dict(boxes=[[1, 2, 3]] * 2), r'boxes must be \(2, 4\), got \(2, 3\)'),
        (dict(boxes=[[1, 2, 3, 4], [1, 2]]), 'boxes must be an array of numbers'),
        (dict(scores=[0.5, np.inf]), 'scores holds a value that is not finite'),
        (dict(scores=[[0.5], [0.5]]), r'scores must be \(2,\), got \(2, 1\)'),
        (dict(labels=[None, 0]), 'labels must be numbers'),
        (dict(det_index=[0, 2]), 'a row of the 2 detections, or -1 for none, got 2'),
        (dict(det_index=[-2, 1]), 'or -1 for none, got -2'),
    ],
)
def test_nonsense_is_refused_by_tracker_and_frame(columns: dict, message: str) -> None:
    with pytest.raises(ValueError, match=f'^Scripted.update, frame 7: .*{message}'):
        checked(**columns)


@pytest.mark.parametrize('reported', [None, {}, GOOD, np.zeros((2, 5))], ids=str)
def test_something_else_than_tracks(reported) -> None:
    with pytest.raises(TypeError, match='Scripted.update, frame 7: must return'):
        checked_tracker_update(Scripted(reported), DETECTIONS, FRAME)


def test_an_error_of_a_trackers_code_names_frame_and_line() -> None:
    with pytest.raises(
        TrackerError,
        match=r'^Scripted.update, frame 7: ZeroDivisionError at .*test_base.py:\d+: .*zero$',
    ) as caught:
        checked_tracker_update(Scripted(lambda: 1 // 0), DETECTIONS, FRAME)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    # Else it would be counted as a video that cannot be read.
    assert not isinstance(caught.value, UNREADABLE)
    with pytest.raises(TrackerError, match='ValueError at .*could not convert'):
        checked_tracker_update(Scripted(lambda: float('one')), DETECTIONS, FRAME)


@pytest.mark.parametrize(
    'error',
    [
        MemoryError(),
        torch.OutOfMemoryError('CUDA out of memory'),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
    ],
    ids=str,
)
def test_memory_that_runs_out_is_not_the_trackers_fault(error: Exception) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        checked_tracker_update(Scripted(fail), DETECTIONS, FRAME)
    assert caught.value is error


def test_errors_that_say_what_to_do_stay_as_they_are() -> None:
    def missing() -> None:
        raise FileNotFoundError('no tracks at a.txt')

    with pytest.raises(FileNotFoundError, match='^no tracks at a.txt$'):
        checked_tracker_update(Scripted(missing), DETECTIONS, FRAME)
    with pytest.raises(ValueError, match='^DeepSORT needs the appearance'):
        checked_tracker_update(DeepSORT(), DETECTIONS, FRAME)


def test_our_trackers_pass() -> None:
    tracks = checked_tracker_update(SORT(), DETECTIONS, FRAME)
    assert sorted(tracks.det_index.tolist()) == [0, 1]


def test_scores_beyond_1_are_the_detectors_own() -> None:
    detections = Detections(DETECTIONS.boxes, [31.5, -2])
    reported = Tracks(**{**GOOD, 'scores': [31.5, -2], 'labels': [-1, 0]})
    tracks = checked_tracker_update(Scripted(reported), detections, FRAME)
    assert tracks.scores.tolist() == [31.5, -2]


@pytest.mark.parametrize('box', [[50, 10, 10, 90], [10, 10, 1e300, 90]])
def test_what_is_no_box_is_left_out(box: list[float]) -> None:
    tracks = checked(boxes=[box, DETECTIONS.boxes[1]], features=np.ones((2, 1, 4)))
    assert tracks.ids.tolist() == [2] and tracks.features.shape == (1, 1, 4)
    assert tracks.boxes.tolist() == [[60, 10, 90, 90]]


def test_recursion_without_end_is_named() -> None:
    def recurse() -> None:
        raise RecursionError

    with pytest.raises(TypeError, match='Scripted.update, frame 7: RecursionError'):
        checked_tracker_update(Scripted(recurse), DETECTIONS, FRAME)
