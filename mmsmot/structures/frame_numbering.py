"""From which number a MOTChallenge file counts its frames.

MOTChallenge counts from 1; KITTI, datumaro and many trackers write 0 for the first
frame. A wrong guess moves every box by one picture, which no later check would notice.
"""

from __future__ import annotations

import logging
import os

import numpy as np
from mmengine.logging import print_log

from .frame import VideoInfo
from .trajectories import Trajectories

LAST_FRAME = 10**7  # four days of video; what is above is no frame number


def frame_offset(
    numbers: np.ndarray, path: str | os.PathLike, video: VideoInfo | None = None
) -> int:
    """What is added to a file's frame numbers, so that they count from 1.

    A row of frame 0 tells that the file counts from 0. Where the file names of the
    pictures count from 0, and no row does, a row of the last picture's number + 1 tells
    that the file counts from 1; without one, nothing tells. Everywhere else a file
    counts from 1, as MOTChallenge says.

    Args:
        numbers: (R,) the frame column; what is no frame number is not looked at.
        path: The file, for the error.
        video: Which video it is of, ``None`` where that is not known.

    Returns:
        0 or 1.

    Raises:
        ValueError: Nothing tells, or rows contradict each other.
    """
    whole = (numbers >= 0) & (numbers <= LAST_FRAME) & (np.floor(numbers) == numbers)
    if not whole.any():
        return 0
    numbers = numbers[whole]
    counts_from_zero = bool(numbers.min() == 0)
    if video is None or video.frame_ids is None or not len(video.frame_ids):
        return int(counts_from_zero)
    last_row, last = int(numbers.max()), int(video.frame_ids[-1])
    if counts_from_zero and last_row == last:
        raise ValueError(
            f'{path}: has rows of frame 0 and of frame {last}, but the frames of '
            f'{video.name} are 0 to {last - 1} or 1 to {last}. Take out the rows that are '
            'of no frame.'
        )
    if not video.images_from_zero or counts_from_zero:
        return int(counts_from_zero)
    if last_row == last:
        return 0
    raise ValueError(
        f'{path}: the pictures of {video.name} count from 0, and nothing tells whether '
        f'these rows do: there is none of frame 0 and none of frame {last}. Add the row '
        f'"0,-1,0,0,0,0" (no box) if they count from 0, or "{last},-1,0,0,0,0" if from 1.'
    )


def log_lost_boxes(
    frame_ids: np.ndarray, path: str | os.PathLike, video: VideoInfo
) -> None:
    """Say how many boxes of a file stand on frames that the video does not have.

    Args:
        frame_ids: (R,) the frame of each box, from 1.
        path: The file.
        video: The video; nothing is said where its frames are not known.
    """
    if video.frame_ids is None:
        return
    lost = ~np.isin(frame_ids, video.frame_ids)
    if lost.any():
        print_log(
            f'{path}: {int(lost.sum())} of {len(lost)} boxes stand in frames that '
            f'{video.name} does not have, the first in frame {frame_ids[lost][0]} (it has '
            f'{len(video.frame_ids)}, the last is {video.frame_ids[-1]}); left out',
            logger='current',
            level=logging.WARNING,
        )


def require_frames(pred: Trajectories, frame_ids: np.ndarray) -> None:
    """Check that predicted boxes lie on frames there are.

    Args:
        pred: The prediction.
        frame_ids: (T,) original frame numbers, ascending.

    Raises:
        ValueError: A box lies on another frame.
    """
    strange = ~np.isin(pred.frame_ids, frame_ids)
    if strange.any():
        first = int(pred.frame_ids[strange][0])
        span = f'{frame_ids[0]} to {frame_ids[-1]}' if len(frame_ids) else 'none'
        raise ValueError(
            f'{int(strange.sum())} predicted boxes lie on frames that were not looked at, '
            f'the first on frame {first} (looked at: {len(frame_ids)} frames, {span}). '
            'Predictions carry the original frame numbers, not positions.'
        )
