"""A tracker for each video, also where it cannot be copied."""

from __future__ import annotations

import copy
import threading

import numpy as np
import pytest

from mmsmot.models.smot import SMOT
from mmsmot.models.trackers import SORT
from mmsmot.structures import Detections, Frame, Tracks, VideoInfo
from tests.models.scripted import make_frames


class WithLock(SORT):
    """SORT with a part that cannot be copied."""

    def __init__(self) -> None:
        super().__init__(min_hits=0)
        self.lock = threading.Lock()

    def update(self, detections: Detections, frame: Frame | None = None) -> Tracks:
        with self.lock:
            return super().update(detections, frame)


class OneBox:
    needs_images = False
    fingerprint = 'one box'

    def detect(self, frames: list[Frame]) -> list[Detections]:
        boxes = [[f.frame_id, 0, f.frame_id + 20, 40] for f in frames]
        return [Detections([box], [0.9]) for box in boxes]


def ids_of(results: list) -> list[list[int]]:
    return [r.tracks.ids.tolist() for r in results]


def video(name: str) -> VideoInfo:
    return VideoInfo(name, name, width=100, height=80)


def test_one_that_cannot_be_copied_runs_one_video_after_the_other() -> None:
    model = SMOT(detector=OneBox(), tracker=WithLock()).eval()
    for name in ('first', 'second'):
        run = model.begin(video(name))
        assert ids_of(run.push(make_frames(1, 5))) == [[1]] * 5
        (result,) = run.finish()
        assert np.unique(result.trajectories.ids).tolist() == [1]


def test_one_that_cannot_be_copied_refuses_two_videos_at_once() -> None:
    model = SMOT(detector=OneBox(), tracker=WithLock()).eval()
    first = model.begin(video('first'))
    first.push(make_frames(1, 2))
    second = model.begin(video('second'))
    second.push(make_frames(1, 2))
    with pytest.raises(
        TypeError,
        match=r'WithLock cannot be copied \(TypeError: cannot pickle .*lock.*\), so it '
        'tracks one video at a time.*implement __deepcopy__ in the tracker, or run one',
    ):
        first.push(make_frames(3, 4))
    # The video that began last is not disturbed.
    assert ids_of(second.push(make_frames(3, 4))) == [[1], [1]]


def test_a_tracker_with_its_own_deepcopy_runs_two_videos_at_once() -> None:
    class Copyable(WithLock):
        def __deepcopy__(self, memo: dict) -> Copyable:
            return Copyable()

    model = SMOT(detector=OneBox(), tracker=Copyable()).eval()
    runs = [model.begin(video(name)) for name in ('first', 'second')]
    for frame_id in range(1, 5):
        for run in runs:
            assert ids_of(run.push(make_frames(frame_id, frame_id))) == [[1]]


def test_the_model_is_still_copied_for_averaged_weights() -> None:
    model = SMOT(detector=OneBox(), tracker=SORT(min_hits=0)).eval()
    run = copy.deepcopy(model).begin(video('copy'))
    assert ids_of(run.push(make_frames(1, 2))) == [[1], [1]]
