"""Trackers of the package ``trackers`` in our slot."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from mmsmot.models.trackers.roboflow_tracker import RoboflowTracker
from mmsmot.structures import Detections

pytest.importorskip('supervision', reason='pip install trackers')


def detections(*boxes: tuple[float, ...], score: float = 0.9) -> Detections:
    return Detections(np.array(boxes, float).reshape(-1, 4), [score] * len(boxes))


class Numbering:
    """Gives the box at place k the id k, the first one none, in turned order."""

    def reset(self) -> None:
        pass

    def update(self, boxes):
        boxes = boxes[::-1]
        boxes.tracker_id = np.arange(len(boxes))[::-1] - 1
        return boxes


def test_rows_keep_their_detection_and_boxes_without_an_id_are_left_out() -> None:
    tracker = RoboflowTracker(tracker=Numbering())
    found = Detections(
        np.array([[0, 0, 5, 9], [10, 0, 15, 9], [20, 0, 25, 9]], float),
        [0.5, 0.75, 0.875],
        [3, 1, 2],
    )
    tracks = tracker.update(found)
    assert tracks.det_index.tolist() == [2, 1]
    assert tracks.ids.tolist() == [2, 1]
    assert tracks.scores.tolist() == [0.875, 0.75]
    assert tracks.labels.tolist() == [2, 1]
    np.testing.assert_array_equal(tracks.boxes, found.boxes[[2, 1]])
    assert tracker.live_ids() is None


@pytest.mark.parametrize('name', ['SORTTracker', 'ByteTrackTracker', 'OCSORTTracker'])
def test_two_people_keep_their_ids(name: str) -> None:
    pytest.importorskip('trackers')
    tracker = RoboflowTracker(tracker=dict(type=name, lost_track_buffer=5))
    ids = []
    for t in range(12):
        tracks = tracker.update(
            detections((2 * t, 0, 2 * t + 20, 50), (100 - t, 0, 120 - t, 50))
        )
        ids.append(
            dict(zip(tracks.det_index.tolist(), tracks.ids.tolist(), strict=True))
        )
    assert ids[-1] == ids[6]
    assert sorted(ids[-1]) == [0, 1]
    assert min(ids[-1].values()) >= 1
    assert sorted(tracker.live_ids().tolist()) == sorted(ids[-1].values())
    other = copy.deepcopy(tracker)
    for _ in range(20):
        assert not len(tracker.update(detections()))
    assert not len(tracker.live_ids())
    assert len(other.live_ids()) == 2  # a copy has its own state


def test_only_its_own_trackers_are_built() -> None:
    pytest.importorskip('trackers')
    with pytest.raises(KeyError, match='no tracker .download_dataset.*SORTTracker'):
        RoboflowTracker(tracker=dict(type='download_dataset'))
    with pytest.raises(TypeError, match='must be a config such as'):
        RoboflowTracker(tracker='SORTTracker')
