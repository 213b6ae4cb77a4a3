"""Post-processing: scores of windows to the frames in which a track is meant."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mmsmot.registry import TASK_UTILS
from mmsmot.structures import Trajectories
from mmsmot.utils.number_ranges import (
    COUNT,
    FRACTION,
    POSITIVE,
    require_numbers,
)
from projects.referring_mot.models.track_windows import window_span, window_stride


@TASK_UTILS.register_module()
class ReferFilter:
    """Leaves out the boxes of tracks that the prompt does not mean in that frame.

    A score is that of the window which ends with its frame. A frame's is the mean of the
    windows that it is in: of this and the next ``span - 1`` of the track's frames. So each
    frame is decided, as in the release of iKUN.

    Attributes:
        hold_frames: It changes nothing of a track that ended: 0 frames.
        span: Frames of a window, from its first to its last.

    Args:
        threshold: Least mean score of a box that stays. 0 keeps everybody.
        window: As of ``IKUN``.
        stride: As of ``IKUN``.
        fps: As of ``IKUN``: a video of another rate has the windows that it has there.
            ``None``: frames are counted.

    Raises:
        ValueError: An option is out of its range.
    """

    hold_frames = 0

    def __init__(
        self,
        *,
        threshold: float = 0.5,
        window: int = 3,
        stride: int = 3,
        fps: float | None = None,
    ) -> None:
        require_numbers('ReferFilter', FRACTION, threshold=threshold)
        require_numbers('ReferFilter', COUNT, window=window, stride=stride)
        require_numbers('ReferFilter', POSITIVE.or_none, fps=fps)
        self.threshold = threshold
        self.window = window
        self.stride = stride
        self.fps = fps
        self.span = window_span(window, stride)

    def at_fps(self, fps: float) -> ReferFilter:
        """The filter for a video of a frame rate."""
        return ReferFilter(
            threshold=self.threshold,
            window=self.window,
            stride=window_stride(self.stride, self.fps, fps),
        )

    def __call__(
        self, trajectories: Trajectories, frame_ids: np.ndarray | None = None
    ) -> Trajectories:
        """The boxes that stay, with their mean scores.

        Args:
            trajectories: Scores are those of windows, from 0 to 1.
            frame_ids: (T,) frames that were tracked; a span counts these. ``None``:
                frame numbers count.
        """
        scores = self.mean_scores(trajectories, frame_ids)
        scored = replace(trajectories, scores=scores)
        return scored[scores >= self.threshold]

    def mean_scores(
        self, trajectories: Trajectories, frame_ids: np.ndarray | None = None
    ) -> np.ndarray:
        """(R,) the mean score of each box."""
        if not len(trajectories):
            return trajectories.scores
        steps = trajectories.frame_ids
        if frame_ids is not None:
            steps = np.searchsorted(np.asarray(frame_ids), steps)
        order = np.lexsort((steps, trajectories.ids))
        ids, steps = trajectories.ids[order], steps[order]
        tracks = np.cumsum(np.r_[False, ids[1:] != ids[:-1]])
        # Every track has a place of its own on one line, too far from the next to meet it.
        line = tracks * (int(steps.max()) + self.span + 1) + steps
        total = np.r_[0, np.cumsum(trajectories.scores[order])]
        first = np.arange(len(line))
        end = np.searchsorted(line, line + self.span)
        means = np.empty(len(line))
        means[order] = (total[end] - total[first]) / (end - first)
        return means.clip(0, 1)  # sums differ from the scores in the last digit
