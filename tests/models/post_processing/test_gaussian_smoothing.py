"""Boxes are smoothed by Gaussian process regression over time."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.models.post_processing import GaussianSmoothing
from mmsmot.registry import TASK_UTILS
from mmsmot.structures import Trajectories


def test_three_boxes_by_hand() -> None:
    lefts = np.array([0.0, 9, 0])
    boxes = np.column_stack([lefts, [0.0] * 3, [20.0] * 3, [10.0] * 3])
    given = Trajectories([1, 2, 3], [4, 4, 4], boxes)
    smooth = TASK_UTILS.build(dict(type='GaussianSmoothing', tau=2.0, noise=3.0))(given)
    # The best line is flat, at 3; what is left, (-3, 6, -3), has the variance 18.
    scale = 2 * np.log(2**3 / 3)
    near, far = np.exp(-0.5 / scale**2), np.exp(-0.5 * (2 / scale) ** 2)
    prior = 18 * np.array([[1, near, far], [near, 1, near], [far, near, 1]])
    rest = prior @ np.linalg.solve(prior + 9 * np.eye(3), [-3.0, 6, -3])
    np.testing.assert_allclose(smooth.boxes[:, 0], 3 + rest)
    np.testing.assert_allclose(smooth.boxes[:, 1:], given.boxes[:, 1:], atol=1e-12)


def test_the_length_scale_is_kept_within_its_bounds() -> None:
    """A trajectory of more than tau^3 boxes has the shortest scale, 1 / tau frames."""
    time = np.arange(1, 11)
    boxes = np.column_stack([time % 2 * 2.0, 0 * time, 9 + 0 * time, 9 + 0 * time])
    given = Trajectories(time, np.ones(10, int), boxes)
    smooth = GaussianSmoothing(tau=2.0, noise=1.0)(given)
    mean = np.polyval(np.polyfit(time, boxes[:, 0], 1), time)
    rest = boxes[:, 0] - mean
    prior = rest.var() * np.exp(-0.5 * ((time[:, None] - time) / 0.5) ** 2)
    expected = mean + prior @ np.linalg.solve(prior + np.eye(10), rest)
    np.testing.assert_allclose(smooth.boxes[:, 0], expected, atol=1e-9)


def test_trajectories_do_not_mix() -> None:
    rng = np.random.default_rng(0)
    corner = rng.uniform(0, 50, (12, 2))
    boxes = np.column_stack([corner, corner + 30])
    frames, ids = np.tile(np.arange(1, 7), 2), np.repeat([7, 2], 6)
    both = GaussianSmoothing()(Trajectories(frames, ids, boxes)).by_id()
    for i in (2, 7):
        alone = Trajectories(frames[ids == i], ids[ids == i], boxes[ids == i])
        np.testing.assert_allclose(both[i].boxes, GaussianSmoothing()(alone).boxes)
    assert len(GaussianSmoothing()(Trajectories.empty())) == 0


@pytest.mark.parametrize('number', [dict(tau=0.0), dict(noise=-1.0)])
def test_numbers_must_be_positive(number: dict) -> None:
    with pytest.raises(
        ValueError, match='GaussianSmoothing: (tau|noise) must be .* above 0'
    ):
        GaussianSmoothing(**number)
