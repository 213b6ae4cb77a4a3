"""Trajectories that are too short to be an object."""

from __future__ import annotations

import logging

import numpy as np
from mmengine.logging import print_log

from ...registry import TASK_UTILS
from ...structures import Trajectories
from ...utils.number_ranges import COUNT, require_numbers


@TASK_UTILS.register_module()
class MinTrackLength:
    """Drops trajectories with few boxes; how many is logged.

    Where fewer frames were tracked, those that are in all of them stay.

    A wrong box that was confirmed, or a second one on somebody, seldom lasts. It costs a
    tracking score little, but a caption, and interactions, are spoken of it as of all.

    Attributes:
        hold_frames: It changes nothing of a track that ended: 0 frames.

    Args:
        min_frames: The least number of boxes of a trajectory that is kept.

    Raises:
        ValueError: ``min_frames`` is no whole number of 1 or more.
    """

    hold_frames = 0

    def __init__(self, *, min_frames: int = 5) -> None:
        require_numbers('MinTrackLength', COUNT, min_frames=min_frames)
        self.min_frames = min_frames

    def __call__(
        self, trajectories: Trajectories, frame_ids: np.ndarray | None = None
    ) -> Trajectories:
        ids, count = np.unique(trajectories.ids, return_counts=True)
        short = ids[~self.keeps(count, np.inf if frame_ids is None else len(frame_ids))]
        if len(short):
            print_log(
                f'{len(short)} of {len(ids)} trajectories had fewer than '
                f'{self.min_frames} boxes; left out',
                logger='current',
                level=logging.INFO,
            )
        return trajectories[~np.isin(trajectories.ids, short)]

    def keeps(self, count: np.ndarray | int, num_frames: float) -> np.ndarray | bool:
        """Whether trajectories of so many boxes in so many frames stay."""
        return count >= np.minimum(self.min_frames, num_frames)
