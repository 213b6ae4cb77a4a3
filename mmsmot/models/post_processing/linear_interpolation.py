"""Straight lines over the frames that a trajectory misses."""

from __future__ import annotations

import numpy as np

from ...registry import TASK_UTILS
from ...structures import Trajectories, interpolate_linearly
from ...utils.number_ranges import COUNT, require_numbers


@TASK_UTILS.register_module()
class LinearInterpolation:
    """Fills short gaps (ByteTrack, section 4; StrongSORT, section 3.4).

    Args:
        max_gap: The longest gap, in missed frames, that is filled.

    Raises:
        ValueError: ``max_gap`` is no whole number of 1 or more.
    """

    def __init__(self, max_gap: int = 20) -> None:
        require_numbers('LinearInterpolation', COUNT, max_gap=max_gap)
        self.max_gap = max_gap

    def __call__(
        self, trajectories: Trajectories, frame_ids: np.ndarray | None = None
    ) -> Trajectories:
        return interpolate_linearly(trajectories, self.max_gap, frame_ids)
