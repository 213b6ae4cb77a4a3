"""How the pipeline is trained on clips."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..registry import TASK_UTILS


@TASK_UTILS.register_module()
@dataclass
class ClipTraining:
    """End-to-end training (SMOTer paper, section 4.4), and what departs from it.

    Attributes:
        detection_frames: k, frames of each clip that the detection loss is taken on, a
            run of neighbours; ``None`` for all, 0 for no detection loss.
        true_tracks: Share of batches that are spoken about along the true trajectories
            (teacher forcing) instead of the tracker's.
        detach_features: Keep the semantic losses from detector and backbone, as the
            released code does (facts on it: its tracks are made without gradients).
        freeze: Do not train the detector at all: two-stage training.
        speaks: Whether the semantic losses are taken; a hook turns them on at
            ``semantic_start_iter``.
    """

    detection_frames: int | None = None
    true_tracks: float = 0.0
    detach_features: bool = False
    freeze: bool = False
    speaks: bool = True

    def detection_rows(self, num_frames: int, num_clips: int) -> list[int]:
        """Rows of the T * B frames, time first, for the detection loss."""
        count = num_frames
        if self.detection_frames is not None:
            count = min(self.detection_frames, num_frames)
        start = np.random.randint(num_frames - count + 1)
        return list(range(start * num_clips, (start + count) * num_clips))

    def draws_true_tracks(self) -> bool:
        """Whether this batch is spoken about along the truth."""
        return self.true_tracks > 0 and np.random.random() < self.true_tracks
