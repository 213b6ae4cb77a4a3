"""Short gaps are filled on straight lines."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.models.post_processing import LinearInterpolation
from mmsmot.registry import TASK_UTILS
from mmsmot.structures import Trajectories


def test_by_hand() -> None:
    given = Trajectories(
        [10, 14, 14, 30],
        [3, 3, 5, 5],
        [[0, 10, 20, 50], [8, 10, 32, 58], [0, 0, 1, 1], [9, 9, 10, 10]],
        scores=[0.9, 0.5, 1, 1],
        labels=[2, 2, 2, 2],
    )
    filled = TASK_UTILS.build(dict(type='LinearInterpolation', max_gap=14))(given)
    three, five = filled.by_id().values()
    assert three.frame_ids.tolist() == [10, 11, 12, 13, 14]
    np.testing.assert_allclose(three.boxes[1], [2, 10, 23, 52])
    np.testing.assert_allclose(three.boxes[3], [6, 10, 29, 56])
    np.testing.assert_allclose(three.scores, [0.9, 0.8, 0.7, 0.6, 0.5])
    assert three.labels.tolist() == [2] * 5
    assert five.frame_ids.tolist() == [14, 30]  # 15 frames are missed


def test_a_gap_as_long_as_max_gap_is_filled() -> None:
    given = Trajectories([1, 22], [1, 1], [[0, 0, 1, 1], [21, 0, 22, 1]])
    filled = LinearInterpolation()(given)
    np.testing.assert_allclose(filled.boxes[:, 0], np.arange(22.0))
    assert len(LinearInterpolation(max_gap=19)(given)) == 2


def test_nothing_in_nothing_out() -> None:
    assert len(LinearInterpolation()(Trajectories.empty())) == 0


def test_max_gap_is_one_or_more() -> None:
    with pytest.raises(ValueError, match='max_gap must be .* 1 or more, got 0'):
        LinearInterpolation(max_gap=0)


def test_a_trajectory_of_fewer_boxes_keeps_its_gaps() -> None:
    frames = np.array([1, 3, 4, 6, 1, 3, 4])
    given = Trajectories(frames, [1] * 4 + [2] * 3, np.array([[0.0, 0, 9, 9]] * 7))
    filled = LinearInterpolation(min_boxes=4)(given)
    assert filled.by_id()[1].frame_ids.tolist() == [1, 2, 3, 4, 5, 6]
    assert filled.by_id()[2].frame_ids.tolist() == [1, 3, 4]
    assert len(LinearInterpolation(min_boxes=3)(given)) == 10


def test_min_boxes_is_one_or_more() -> None:
    with pytest.raises(ValueError, match='min_boxes must be .* 1 or more, got 0'):
        LinearInterpolation(min_boxes=0)
