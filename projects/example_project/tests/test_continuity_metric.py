"""The metric of continuity."""

from __future__ import annotations

import math

import numpy as np

from mmsmot.structures import Trajectories
from projects.example_project.continuity_metric import ContinuityMetric


def tracks(*rows: tuple[int, int, float]) -> Trajectories:
    """Boxes 10 wide and high, from (frame, id, x)."""
    frame_ids, ids, x = np.array(rows, float).reshape(-1, 3).T
    boxes = np.stack([x, 0 * x, x + 10, 0 * x + 10], axis=1)
    return Trajectories(frame_ids, ids, boxes)


def scores(*videos: tuple[Trajectories, Trajectories]) -> dict[str, float]:
    metric = ContinuityMetric()
    for gt, predictions in videos:
        metric.process({}, [dict(gt_trajectories=gt, pred_trajectories=predictions)])
    return metric.evaluate(size=len(videos))


def test_an_object_broken_into_two_tracks_has_two_ids() -> None:
    gt = tracks((1, 1, 0), (2, 1, 0), (3, 1, 0), (1, 2, 50), (3, 2, 50))
    predictions = tracks((1, 5, 1), (2, 5, 1), (3, 6, 1), (1, 7, 50), (3, 7, 50))
    assert scores((gt, predictions)) == {
        'continuity/mean_length': 5 / 3,
        'continuity/ids_per_object': 3 / 2,
    }


def test_videos_count_together_by_their_boxes() -> None:
    gt = tracks((1, 1, 0), (2, 1, 0))
    broken = tracks((1, 1, 0), (2, 2, 0))
    assert scores((gt, gt), (gt, broken)) == {
        'continuity/mean_length': 4 / 3,
        'continuity/ids_per_object': 3 / 2,
    }


def test_a_box_that_hardly_overlaps_covers_nothing() -> None:
    result = scores((tracks((1, 1, 0)), tracks((1, 1, 6))))
    assert result['continuity/mean_length'] == 1
    assert math.isnan(result['continuity/ids_per_object'])


def test_nothing_predicted_is_no_number() -> None:
    result = scores((tracks((1, 1, 0)), Trajectories.empty()))
    assert all(map(math.isnan, result.values()))
