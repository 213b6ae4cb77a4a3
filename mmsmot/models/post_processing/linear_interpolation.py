"""Straight lines over the frames that a trajectory misses."""

from __future__ import annotations

import numpy as np

from ...registry import TASK_UTILS
from ...structures import Trajectories, interpolate_linearly


@TASK_UTILS.register_module()
class LinearInterpolation:
    """Fills short gaps (ByteTrack, section 4; StrongSORT, section 3.4).

    Args:
        max_gap: The longest gap, in missed frames, that is filled.

    Raises:
        ValueError: ``max_gap`` is below 1.
    """

    def __init__(self, max_gap: int = 20) -> None:
        if max_gap < 1:
            raise ValueError(
                f'LinearInterpolation: max_gap must be 1 or more missed frames, got {max_gap}'
            )
        self.max_gap = max_gap

    def __call__(
        self, trajectories: Trajectories, frame_ids: np.ndarray | None = None
    ) -> Trajectories:
        return interpolate_linearly(trajectories, self.max_gap, frame_ids)
