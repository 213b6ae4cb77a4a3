"""Gaussian-smoothed trajectories."""

from __future__ import annotations

import numpy as np

from ...registry import TASK_UTILS
from ...structures import Trajectories, smooth_gaussian
from ...structures.interpolation import WINDOW
from ...utils.number_ranges import COUNT, POSITIVE, require_numbers


@TASK_UTILS.register_module()
class GaussianSmoothing:
    """Gaussian process regression over time (StrongSORT, section 3.4).

    Behind :class:`LinearInterpolation` it is the paper's Gaussian-smoothed
    interpolation.

    Args:
        tau: The smoothness hyper-parameter, 10 in the paper.
        noise: Standard deviation of the boxes' noise in pixels.
        window: Longer trajectories are smoothed in windows of so many boxes
            (:func:`~mmsmot.structures.smooth_gaussian`); ``None``: the published formula
            whatever the length, slow, and without effect above ``tau**3`` boxes.

    Raises:
        ValueError: A number is out of range.
    """

    hold_frames = 0  # it acts on one track alone, and keeps its id

    def __init__(
        self, *, tau: float = 10.0, noise: float = 1.0, window: int | None = WINDOW
    ) -> None:
        require_numbers('GaussianSmoothing', POSITIVE, tau=tau, noise=noise)
        require_numbers('GaussianSmoothing', COUNT.or_none, window=window)
        self.tau = tau
        self.noise = noise
        self.window = window

    def __call__(
        self, trajectories: Trajectories, frame_ids: np.ndarray | None = None
    ) -> Trajectories:
        return smooth_gaussian(trajectories, self.tau, self.noise, self.window)
