"""The random draws and switches of one training step."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ...structures import Trajectories
from ..trackers import BaseTracker


@dataclass(frozen=True, eq=False)
class ClipPlan:
    """The draws of one training step, made before any network sees a frame.

    A batch has B clips of T frames; row ``t * B + b`` is frame t of clip b.

    Attributes:
        detection_rows: Rows with a detection loss, ascending.
        grad_rows: Rows whose features keep their gradient, ascending.
        semantic_losses: Whether the losses of captions and interactions are taken.
        gt_tracks: Teacher forcing: for each clip the ground truth trajectories to describe,
            and the ground truth id by trajectory id; ``None``: the estimator's own.
        detach_features: No gradient of the semantic losses into the estimator.
        semantic_grad_scale: Factor of that gradient.
        freeze: The estimator is not trained; it stays in eval mode.
        feature_cache: With ``freeze``, folder of feature maps and detections.
        needs_inputs: Whether semantics reads the network's input images too.
        tracker: Makes the estimator's trajectories in place of its own tracker.
        generator: For further draws of this step.
    """

    detection_rows: list[int]
    grad_rows: list[int]
    semantic_losses: bool = True
    gt_tracks: tuple[list[Trajectories], list[dict[int, int]]] | None = None
    detach_features: bool = False
    semantic_grad_scale: float = 1.0
    freeze: bool = False
    feature_cache: str | None = None
    needs_inputs: bool = False
    tracker: BaseTracker | None = None
    generator: np.random.Generator = field(default_factory=np.random.default_rng)
