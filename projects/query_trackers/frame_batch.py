"""One frame of each clip of a training step, and its losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from mmsmot.structures import Frame, SMOTDataSample

from .clip_losses import frame_loss
from .queries import FrameTargets, Outputs, Queries

if TYPE_CHECKING:
    from .query_tracker import QueryTracker


@dataclass(frozen=True, eq=False)
class FrameBatch:
    """One frame of each of B clips, and all that its losses are taken with.

    Attributes:
        tracker: The tracker.
        targets: N objects a frame.
        frames: The frames.
        samples: The clips'.
        text: Of the clips' prompts, for a text hook.
    """

    tracker: QueryTracker
    targets: FrameTargets
    frames: Sequence[Frame]
    samples: Sequence[SMOTDataSample]
    text: Any

    @property
    def head(self) -> nn.Module:
        """mmdet's, with its losses."""
        return self.tracker.detector.model.bbox_head

    def loss(
        self, outputs: Outputs, queries: Queries, target_index: Tensor
    ) -> dict[str, Tensor]:
        """Sums of the detection losses, and of the text hook's.

        Args:
            outputs: Of L layers.
            queries: Q a frame.
            target_index: (L, B, Q), the target of each query.
        """
        sums = frame_loss(self.head, outputs, queries, self.targets, target_index)
        hook = self.tracker.text_hook
        if hook is None:
            return sums
        return sums | hook.loss(
            outputs,
            queries,
            self.targets,
            target_index,
            self.frames,
            self.samples,
            self.text,
        )
