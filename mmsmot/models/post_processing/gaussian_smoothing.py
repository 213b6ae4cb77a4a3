"""Trajectories without their detector's trembling."""

from __future__ import annotations

import numpy as np

from ...registry import TASK_UTILS
from ...structures import Trajectories, smooth_gaussian


@TASK_UTILS.register_module()
class GaussianSmoothing:
    """Gaussian process regression over time (StrongSORT, section 3.4).

    Behind :class:`LinearInterpolation` it is the paper's Gaussian-smoothed
    interpolation.

    Args:
        tau: The smoothness hyper-parameter, 10 in the paper.
        noise: Standard deviation of the boxes' noise in pixels.

    Raises:
        ValueError: A number is not positive.
    """

    def __init__(self, tau: float = 10.0, noise: float = 1.0) -> None:
        if not (tau > 0 and noise > 0):
            raise ValueError(
                f'GaussianSmoothing: tau and noise must be positive, got {tau} and {noise}'
            )
        self.tau = tau
        self.noise = noise

    def __call__(
        self, trajectories: Trajectories, frame_ids: np.ndarray | None = None
    ) -> Trajectories:
        return smooth_gaussian(trajectories, self.tau, self.noise)
