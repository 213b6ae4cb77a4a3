"""The boxes that clips are trained on."""

from __future__ import annotations

import numpy as np

from ...structures import Frame, SMOTDataSample, Trajectories


class ClipTable:
    """The boxes of the matched trajectories of B clips, as columns.

    Args:
        inputs: Frames, ``inputs[t][b]``.
        trajectories: For each clip the trajectories to describe.
        gt_ids: For each clip the GT id by trajectory id; unmatched ones are left out.

    Attributes:
        names: For each trajectory its clip and its GT id.
        index: (R,) the row of each box among all rows of ``trajectories``.
        rows: (R,) the frame of each box in the batch of T * B.
        track: (R,) its trajectory.
        times: (R,) seconds.
        boxes: (R, 4).
    """

    def __init__(
        self,
        inputs: list[list[Frame]],
        trajectories: list[Trajectories],
        gt_ids: list[dict[int, int]],
    ) -> None:
        self.names: list[tuple[int, int]] = []
        columns, offset = [], 0
        for b, (table, names) in enumerate(zip(trajectories, gt_ids, strict=True)):
            frames = [step[b] for step in inputs]
            order = {frame.frame_id: t for t, frame in enumerate(frames)}
            number = {}
            for track_id in sorted(names):
                number[track_id] = len(self.names)
                self.names.append((b, names[track_id]))
            is_described = np.isin(table.ids, list(number))
            index = offset + np.flatnonzero(is_described)
            offset += len(table)
            table = table[is_described]
            step = np.array([order[i] for i in table.frame_ids.tolist()], np.int64)
            times = np.array([frame.timestamp for frame in frames])
            track = np.array([number[i] for i in table.ids.tolist()], np.int64)
            rows = step * len(trajectories) + b
            columns.append((index, rows, track, times[step], table.boxes))
        self.index, self.rows, self.track, self.times, self.boxes = (
            np.concatenate(column) for column in zip(*columns, strict=True)
        )

    @property
    def num_tracks(self) -> int:
        """Number of trajectories in all clips."""
        return len(self.names)

    def rows_of_clip(self, clip: int) -> list[int]:
        """Rows of the trajectories of a clip."""
        return [row for row, (b, _) in enumerate(self.names) if b == clip]


def clip_detection_targets(
    inputs: list[list[Frame]], data_samples: list[SMOTDataSample]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """GT boxes (N, 4) and labels (N,) of each frame, time first.

    Args:
        inputs: Frames, ``inputs[t][b]``.
        data_samples: B samples with ground truth.
    """
    targets = []
    for step in inputs:
        for frame, sample in zip(step, data_samples, strict=True):
            gt = sample.gt_trajectories
            rows = gt.frame_ids == frame.frame_id
            targets.append((gt.boxes[rows], gt.labels[rows]))
    return targets
