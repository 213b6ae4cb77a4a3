"""Boxes are smoothed by Gaussian process regression over time."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.models.post_processing import GaussianSmoothing
from mmsmot.registry import TASK_UTILS
from mmsmot.structures import Trajectories


def test_two_boxes_by_hand() -> None:
    given = Trajectories([1, 3], [4, 4], [[0, 0, 10, 10], [4, 0, 10, 10]])
    smooth = TASK_UTILS.build(dict(type='GaussianSmoothing', tau=2.0, noise=3.0))(given)
    # The kernel of two boxes two frames apart has the eigenvalues 1 + k and 1 - k;
    # the centred left edge (-2, 2), of variance 4, lies along the second.
    scale = 2 * np.log(2**3 / 2)
    signal = 4 * (1 - np.exp(-0.5 * (2 / scale) ** 2))
    left = 2 * signal / (signal + 9)
    np.testing.assert_allclose(smooth.boxes[:, 0], [2 - left, 2 + left])
    np.testing.assert_allclose(smooth.boxes[:, 1:], given.boxes[:, 1:], atol=1e-12)


def test_the_length_scale_is_kept_within_its_bounds() -> None:
    """A trajectory of more than tau^3 boxes has the shortest scale, 1 / tau frames."""
    time = np.arange(1, 11)
    boxes = np.column_stack([time % 2 * 2.0, 0 * time, 9 + 0 * time, 9 + 0 * time])
    given = Trajectories(time, np.ones(10, int), boxes)
    smooth = GaussianSmoothing(tau=2.0, noise=1.0)(given)
    kernel = np.exp(-0.5 * ((time[:, None] - time) / 0.5) ** 2)  # variance is 1
    expected = 1 + kernel @ np.linalg.solve(kernel + np.eye(10), boxes[:, 0] - 1)
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
    with pytest.raises(ValueError, match='tau and noise must be positive'):
        GaussianSmoothing(**number)
