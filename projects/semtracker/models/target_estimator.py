"""What estimators of one named target share: a frozen detector, and tokens of boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import nn

from mmsmot.models.estimators import BaseEstimator, EstimatorLoss
from mmsmot.models.training.clip_plan import ClipPlan
from mmsmot.models.training.feature_cache import FeatureCache
from mmsmot.structures import Detections, Frame
from mmsmot.structures.feature_maps import FeatureMaps
from projects.semtracker.models.clip_targets import TargetTable
from projects.semtracker.models.scene_context import SceneContext
from projects.semtracker.models.shared_features import SharedFeatures

TARGET_ID = 1  # a prompt names one target


class TargetEstimator(BaseEstimator):
    """An estimator whose boxes come with the tokens that the interaction branch reads.

    Attributes:
        detector: Comes trained, and is not trained on; one of ONNX is no module.
        shared: Makes tokens of pooled cells.
        context: Pools the cells of a box, around it, and of the scene.
    """

    detector: nn.Module
    shared: SharedFeatures
    context: SceneContext
    _feature_cache: FeatureCache | None = None

    def context_tokens(
        self, features: FeatureMaps, rows: torch.Tensor, boxes: torch.Tensor
    ) -> torch.Tensor:
        """(R, K, d): what the interaction branch sees of R boxes."""
        return self.shared(self.context(self.shared, features, rows, boxes))

    def frame_tokens(
        self, features: FeatureMaps, boxes: Sequence[np.ndarray]
    ) -> list[torch.Tensor]:
        """(N, K, d) of each of B frames, for its boxes (N, 4)."""
        counts = [len(frame_boxes) for frame_boxes in boxes]
        level = features.levels[0]
        if not sum(counts):
            shape = 0, sum(self.context.counts), self.shared.channels
            return [level.new_zeros(shape) for _ in boxes]
        place = torch.from_numpy(np.concatenate(boxes)).to(level.device)
        rows = torch.arange(len(boxes)).repeat_interleave(torch.tensor(counts))
        return [*self.context_tokens(features, rows, place).split(counts)]

    def frozen_features(
        self, frames: Sequence[Frame], plan: ClipPlan
    ) -> tuple[FeatureMaps, list[Detections] | None]:
        """Feature maps of a detector that is not trained; detections where it is cached.

        Raises:
            ValueError: The detector would be trained.
        """
        if not plan.freeze:
            raise ValueError(
                f'{type(self).__name__}: the detector comes trained: set '
                'model.training.freeze=True'
            )
        if plan.feature_cache is None:
            with torch.no_grad():
                features = self.detector.extract(frames)
            return channels_last(features), None
        if self._feature_cache is None:
            self._feature_cache = FeatureCache(plan.feature_cache, self.detector)
        features, detections = self._feature_cache.extract_and_detect(frames)
        return channels_last(features), detections

    def loss_along_gt(
        self,
        losses: dict[str, Any],
        features: FeatureMaps,
        table: TargetTable,
        plan: ClipPlan,
    ) -> EstimatorLoss:
        """The losses, with the tokens of the true trajectories where they are read."""
        if not plan.semantic_losses or plan.gt_tracks is None:
            return EstimatorLoss(losses)
        trajectories, gt_ids = plan.gt_tracks
        rows, boxes = table.rows_of(trajectories, features.levels[0].device)
        tokens = self.context_tokens(features, rows, boxes)
        if plan.detach_features:
            tokens = tokens.detach()
        return EstimatorLoss(
            losses, None, list(trajectories), list(gt_ids), track_features=tokens
        )

    def train(self, mode: bool = True) -> TargetEstimator:
        """As of ``nn.Module``; the detector stays as at test."""
        super().train(mode)
        if isinstance(self.detector, nn.Module):
            self.detector.eval()
        return self


def channels_last(features: FeatureMaps) -> FeatureMaps:
    """The same maps with a cell's channels side by side.

    RoIAlign reads them so, and would copy all maps each time that regions are pooled.
    """
    levels = tuple(
        level.contiguous(memory_format=torch.channels_last) for level in features.levels
    )
    return replace(features, levels=levels)
