"""Training the detector of an estimator that has no tracker to train."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmsmot.models.detectors import BaseDetector
from mmsmot.models.estimators import EstimatorLoss
from mmsmot.models.training.clip_table import clip_detection_targets
from mmsmot.structures import Frame, SMOTDataSample

if TYPE_CHECKING:
    from mmsmot.models.training.clip_plan import ClipPlan


def detection_loss(
    detector: BaseDetector,
    inputs: Sequence[Sequence[Frame]],
    samples: Sequence[SMOTDataSample],
    plan: ClipPlan,
) -> EstimatorLoss:
    """The detector's loss on the rows of a plan.

    Args:
        detector: With ``loss(frames, targets)``.
        inputs: Frames, ``inputs[t][b]``.
        samples: B samples with ground truth.
        plan: Which rows have a loss.

    Raises:
        TypeError: The detector cannot be trained, or semantic losses are asked for.
        ValueError: There is nothing to train.
    """
    name = type(detector).__name__
    if plan.semantic_losses:
        raise TypeError(
            'captions and interactions are not trained along re-detected tracks: train '
            'them with a detector and a tracker (configs/smoter), and name the weights '
            'with load_from'
        )
    if not hasattr(detector, 'loss'):
        raise TypeError(
            f'detector {name} cannot be trained; use one with weights of its own, such '
            'as MMDetDetector'
        )
    if plan.freeze or not plan.detection_rows:
        raise ValueError(
            'nothing to train: model.training.freeze=True, or detection_frames=0'
        )
    frames = [frame for step in inputs for frame in step]
    targets = clip_detection_targets(inputs, samples)
    rows = plan.detection_rows
    return EstimatorLoss(
        detector.loss([frames[row] for row in rows], [targets[row] for row in rows])
    )
