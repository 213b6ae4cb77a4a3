"""The boxes that clips are trained on."""

from __future__ import annotations

import numpy as np

from ...structures import Frame, SMOTDataSample, Trajectories


class ClipTable:
    """The boxes of the matched trajectories of B clips, as columns.

    Args:
        inputs: Frames, ``inputs[t][b]``.
        trajectories: For each clip the trajectories to speak about.
        true_ids: For each clip the true id by trajectory id; the others are left out.

    Attributes:
        names: For each trajectory its clip and its true id.
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
        true_ids: list[dict[int, int]],
    ) -> None:
        self.names: list[tuple[int, int]] = []
        columns, offset = [], 0
        for b, (table, names) in enumerate(zip(trajectories, true_ids, strict=True)):
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
        """How many trajectories there are, of all clips."""
        return len(self.names)

    def rows_of_clip(self, clip: int) -> list[int]:
        """The trajectories of a clip, which stand together."""
        return [row for row, (b, _) in enumerate(self.names) if b == clip]


def detection_targets(
    inputs: list[list[Frame]], data_samples: list[SMOTDataSample]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """True boxes (N, 4) and labels (N,) of each frame, as its truth has them, time first.

    Args:
        inputs: Frames, ``inputs[t][b]``.
        data_samples: B samples with truth.
    """
    targets = []
    for step in inputs:
        for frame, sample in zip(step, data_samples, strict=True):
            truth = sample.gt_trajectories
            rows = truth.frame_ids == frame.frame_id
            targets.append((truth.boxes[rows], truth.labels[rows]))
    return targets
