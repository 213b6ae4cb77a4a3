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
        min_boxes: A trajectory of fewer boxes keeps its gaps (MMTracking fills those of
            more than ``min_num_frames`` boxes).

    Raises:
        ValueError: A number is no whole number of 1 or more.
    """

    hold_frames = 0  # it acts on one track alone, and keeps its id

    def __init__(self, *, max_gap: int = 20, min_boxes: int = 1) -> None:
        require_numbers(
            'LinearInterpolation', COUNT, max_gap=max_gap, min_boxes=min_boxes
        )
        self.max_gap = max_gap
        self.min_boxes = min_boxes

    def __call__(
        self, trajectories: Trajectories, frame_ids: np.ndarray | None = None
    ) -> Trajectories:
        return interpolate_linearly(
            trajectories, self.max_gap, frame_ids, self.min_boxes
        )
