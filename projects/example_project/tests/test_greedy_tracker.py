"""The greedy tracker, by its config."""

from __future__ import annotations

import numpy as np

from mmsmot.engine import load_config
from mmsmot.registry import TRACKERS
from mmsmot.structures import Detections

CONFIG = 'projects/example_project/configs/greedy_public-detections'


def test_config_puts_the_tracker_into_the_slot() -> None:
    tracker = TRACKERS.build(load_config(CONFIG).model.tracker)
    assert type(tracker).__name__ == 'GreedyTracker'
    boxes = np.array([[0.0, 0, 10, 20], [50, 0, 60, 20]])
    first = tracker.update(Detections(boxes, [0.9, 0.8]))
    second = tracker.update(Detections(boxes[::-1] + 1, [0.8, 0.9]))
    third = tracker.update(Detections(boxes[:1] + 100, [0.8]))
    assert first.ids.tolist() == [1, 2]
    assert second.ids.tolist() == [2, 1]
    assert third.ids.tolist() == [3]
    other_class = tracker.update(Detections(boxes[:1] + 100, [0.8], [1]))
    assert other_class.ids.tolist() == [4]
