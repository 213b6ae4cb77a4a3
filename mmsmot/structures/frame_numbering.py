"""From which number a MOTChallenge file counts its frames.

MOTChallenge counts from 1; KITTI, datumaro and many trackers write 0 for the first
frame. A wrong guess moves every box by one frame, which no later check would notice.
"""

from __future__ import annotations

import logging
import os

import numpy as np
from mmengine.logging import print_log

from ..utils.number_ranges import require_choice
from .frame import VideoInfo
from .trajectories import Trajectories

LAST_FRAME = 10**7  # four days of video; what is above is no frame number


FIRST_FRAMES = (None, 0, 1)


def frame_number_offset(
    numbers: np.ndarray,
    path: str | os.PathLike,
    *,
    frame_ids: np.ndarray | None = None,
    images_from_zero: bool = False,
    first_frame: int | None = None,
) -> int:
    """Offset that is added to a file's frame numbers, so that they count from 1.

    A row of frame 0 shows that the file counts from 0. Where the file names of the
    images count from 0, and no row does, a row of the last image's number + 1 shows
    that the file counts from 1; without one, nothing shows it. Everywhere else a file
    counts from 1, as MOTChallenge does.

    Args:
        numbers: (R,) the frame column; values that are no frame number are ignored.
        path: The file, for the error.
        frame_ids: (T,) frame numbers of its video, ascending; ``None`` where unknown.
        images_from_zero: The file names of its images count from 0.
        first_frame: The number that the file has for the first frame, 0 or 1, where the
            caller knows it; ``None`` to infer it from the rows.

    Returns:
        0 or 1.

    Raises:
        ValueError: The numbering is ambiguous, rows contradict each other, or
            ``first_frame`` is another number.
    """
    require_choice('frame_number_offset', FIRST_FRAMES, first_frame=first_frame)
    if first_frame is not None:
        return 1 - first_frame
    is_frame_number = (
        (numbers >= 0) & (numbers <= LAST_FRAME) & (np.floor(numbers) == numbers)
    )
    if not is_frame_number.any():
        return 0
    numbers = numbers[is_frame_number]
    counts_from_zero = bool(numbers.min() == 0)
    if frame_ids is None or not len(frame_ids):
        return int(counts_from_zero)
    last_row, last_frame = int(numbers.max()), int(frame_ids[-1])
    if counts_from_zero and last_row == last_frame:
        raise ValueError(
            f'{path}: has rows of frame 0 and of frame {last_frame}, but the frames '
            f'of its video are 0 to {last_frame - 1} or 1 to {last_frame}. Remove the rows '
            'of no frame.'
        )
    if not images_from_zero or counts_from_zero:
        return int(counts_from_zero)
    if last_row == last_frame:
        return 0
    raise ValueError(
        f'{path}: the images of its video count from 0, and no row shows whether these '
        f'rows do: there is none of frame 0 and none of frame {last_frame}. Set '
        'first_frame=0 or first_frame=1, or add the row "0,-1,0,0,0,0" (no box) if they '
        f'count from 0, "{last_frame},-1,0,0,0,0" if from 1.'
    )


def log_boxes_without_frame_number(
    frame_ids: np.ndarray, path: str | os.PathLike, video: VideoInfo
) -> None:
    """Say how many boxes of a file stand on frames that the video does not have.

    Args:
        frame_ids: (R,) the frame of each box, from 1.
        path: The file.
        video: The video; nothing is logged where its frames are unknown.
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


def require_numbered_frames(pred: Trajectories, frame_ids: np.ndarray) -> None:
    """Check that predicted boxes lie on frames there are.

    Args:
        pred: The prediction.
        frame_ids: (T,) original frame numbers, ascending.

    Raises:
        ValueError: A box lies on another frame.
    """
    is_extra = ~np.isin(pred.frame_ids, frame_ids)
    if is_extra.any():
        first = int(pred.frame_ids[is_extra][0])
        span = f'{frame_ids[0]} to {frame_ids[-1]}' if len(frame_ids) else 'none'
        raise ValueError(
            f'{int(is_extra.sum())} predicted boxes lie on frames that were not tracked, '
            f'the first on frame {first} (tracked: {len(frame_ids)} frames, {span}). '
            'Predictions carry the original frame numbers, not positions.'
        )
