"""Hits of detections, one to one."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mmsmot.structures import Detections
from projects.query_trackers.tests.conftest import load_tool


def test_a_box_is_hit_once() -> None:
    tool = load_tool(Path(__file__).parents[1] / 'tools' / 'detection_recall.py')
    gt = np.array([[0, 0, 10, 10], [50, 0, 60, 10.0]])
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 9], [50, 0, 60, 4], [0, 0, 10, 10.0]])
    detections = Detections(boxes, np.array([0.9, 0.8, 0.7, 0.2]))
    # Two upon the first object count once; less than half of the second is no hit.
    assert tool.frame_counts(gt, detections, 0.5) == (1, 2, 3)
    assert tool.frame_counts(gt[:0], detections, 0.5) == (0, 0, 3)
    assert tool.frame_counts(gt, detections, 0.95) == (0, 2, 0)
