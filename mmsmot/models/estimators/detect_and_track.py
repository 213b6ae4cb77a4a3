"""Tracking by detection: a detector, then a tracker."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from ...registry import MODELS, TRACKERS, build_part
from ...structures import Detections, Frame, SMOTDataSample, Tracks, Trajectories
from ...structures.feature_maps import FeatureMaps
from ...utils.stopwatch import Stopwatch
from ..detectors import BaseDetector
from ..reid import BaseReID
from ..trackers import BaseTracker, checked_tracker_update
from ..training.clip_plan import ClipPlan
from ..training.clip_table import clip_detection_targets
from ..training.clip_training import clip_training_matched_ratio, clip_training_tracks
from ..training.feature_cache import FeatureCache
from .base import FEATURES, BaseEstimator, Estimate, EstimatorLoss
from .video_tracker import SharedTrackerUse, VideoTracker

if TYPE_CHECKING:
    import os

    from ...structures import Prompt, VideoInfo


@dataclass(eq=False)
class DetectAndTrackState:
    """One video's tracker, and which ids it may still report.

    Attributes:
        tracker: The pipeline's, for this video alone.
        needs_features: Whether feature maps are asked for.
        live_ids: Ids that were reported and have not ended.
    """

    tracker: VideoTracker
    needs_features: bool
    live_ids: set[int] = field(default_factory=set)

    def update(
        self, detections: Sequence[Detections], frames: Sequence[Frame]
    ) -> tuple[list[Tracks], list[int]]:
        """Track through B more frames.

        Returns:
            The tracks of each frame, and the ids that the tracker has ended with them;
            none where it does not tell
            (:meth:`~mmsmot.models.trackers.BaseTracker.live_ids`).
        """
        with self.tracker.in_use() as tracker:
            tracks = [
                checked_tracker_update(tracker, frame_detections, frame)
                for frame_detections, frame in zip(detections, frames, strict=True)
            ]
            live_ids = getattr(tracker, 'live_ids', lambda: None)()
        for frame_tracks in tracks:
            self.live_ids.update(frame_tracks.ids.tolist())
        if live_ids is None:
            return tracks, []
        ended_ids = self.live_ids.difference(live_ids.tolist())
        self.live_ids -= ended_ids
        return tracks, sorted(ended_ids)


@MODELS.register_module()
class DetectAndTrack(BaseEstimator):
    """A detector, a tracker and, where appearance matters, a ReID part.

    ::

        frames -> extract -> detect_in -> embed -> tracker.update -> tracks
                     |                                (of this video alone)
                  features, where semantics asks for them

    Args:
        detector: Frames to detections; ``None`` where the tracker needs none.
        tracker: Detections to tracks.
        reid: Embeds each detection for trackers that compare appearance; ``None`` for
            none.
        feature_extractor: Makes the feature maps that ``semantics`` pools from; ``None``:
            the detector's own backbone and neck, without a second pass.
    """

    def __init__(
        self,
        *,
        tracker: dict | BaseTracker,
        detector: dict | BaseDetector | None = None,
        reid: dict | BaseReID | None = None,
        feature_extractor: dict | nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.detector = build_part(detector)
        self.tracker = build_part(tracker, TRACKERS)
        self.reid = build_part(reid)
        self.feature_extractor = build_part(feature_extractor)
        self._feature_cache: FeatureCache | None = None
        self._shared_use = SharedTrackerUse()

    @property
    def provides(self) -> frozenset[str]:
        """Feature maps, where something makes them."""
        has_maps = hasattr(self.feature_source, 'extract')
        return frozenset({FEATURES} if has_maps else ())

    @property
    def feature_source(self) -> nn.Module | None:
        """What makes the feature maps."""
        return self.feature_extractor or self.detector

    @property
    def source_name(self) -> str:
        """Name of the part that would make feature maps, for messages."""
        return type(self.feature_source).__name__

    def begin(
        self, video: VideoInfo, prompts: Sequence[Prompt], *, needs: frozenset[str]
    ) -> DetectAndTrackState:
        tracker = VideoTracker(self.tracker, self._shared_use)
        return DetectAndTrackState(tracker, FEATURES in needs)

    def step(self, state: DetectAndTrackState, frames: Sequence[Frame]) -> Estimate:
        stopwatch = Stopwatch()
        features, detections = self.extract_and_detect(frames, state.needs_features)
        stopwatch.book('detect')
        tracks, ended_ids = state.update(detections, frames)
        stopwatch.book('track')
        return Estimate(detections, tracks, features, ended_ids, stopwatch.seconds)

    def extract_and_detect(
        self, frames: Sequence[Frame], needs_features: bool
    ) -> tuple[FeatureMaps | None, list[Detections]]:
        """Detections of B frames, and their feature maps where they are needed."""
        if not needs_features:
            return None, self.detect(frames)
        with torch.no_grad():
            features = self.feature_source.extract(frames)
        return features, self.detect_in(features, frames)

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """Detections of B frames, with embeddings where there is a ReID part."""
        if self.detector is None:
            return [Detections.empty() for _ in frames]
        return self.embed(frames, self.detector.detect(frames))

    def detect_in(
        self, features: FeatureMaps, frames: Sequence[Frame]
    ) -> list[Detections]:
        """Detections of B frames whose feature maps are there already."""
        if self.feature_extractor is not None:  # the boxes come from another network
            return self.detect(frames)
        return self.embed(frames, self.detector.detect_in(features))

    def embed(
        self, frames: Sequence[Frame], detections: list[Detections]
    ) -> list[Detections]:
        """The detections with embeddings, where there is a ReID part."""
        if self.reid is None:
            return detections
        return self.reid.describe(frames, detections)

    def loss(
        self,
        inputs: Sequence[Sequence[Frame]],
        samples: Sequence[SMOTDataSample],
        *,
        plan: ClipPlan,
    ) -> EstimatorLoss:
        """The detection loss on some frames, and the trajectories of all of them.

        Raises:
            TypeError: The detector cannot be trained.
            ValueError: There is nothing to train.
        """
        if not plan.semantic_losses:
            return EstimatorLoss(self._detection_loss(inputs, samples, plan))
        frames = [frame for step in inputs for frame in step]
        losses: dict[str, Any] = {}
        detections = None
        if plan.freeze:
            features, detections = self._frozen_features(frames, plan)
        else:
            features = self.extract(frames, plan.grad_rows)
            if plan.detection_rows:
                losses |= self._detection_loss(inputs, samples, plan, features)
        if plan.gt_tracks is not None:
            trajectories, gt_ids = plan.gt_tracks
        else:
            trajectories, gt_ids = self._track_clips(
                features, detections, frames, samples, plan
            )
            matched = clip_training_matched_ratio(gt_ids, samples)
            losses['matched'] = torch.tensor(matched, device=features.levels[0].device)
        if plan.detach_features:
            features = features.detach()
        elif plan.semantic_grad_scale != 1:
            features = features.with_grad_scale(plan.semantic_grad_scale)
        return EstimatorLoss(losses, features, trajectories, gt_ids)

    def extract(self, frames: Sequence[Frame], grad_rows: list[int]) -> FeatureMaps:
        """Feature maps of all frames, with gradient for some rows.

        Args:
            frames: The frames.
            grad_rows: Rows of those with gradient, ascending.
        """
        parts, order = [], []
        other_rows = sorted(set(range(len(frames))) - set(grad_rows))
        for rows, has_grad in ((grad_rows, True), (other_rows, False)):
            if rows:
                with torch.set_grad_enabled(has_grad and torch.is_grad_enabled()):
                    rows_frames = [frames[row] for row in rows]
                    parts.append(self.feature_source.extract(rows_frames))
                order += rows
        if len(parts) == 1:
            return parts[0]
        return FeatureMaps.joined(parts, np.argsort(order).tolist())

    def _track_clips(
        self,
        features: FeatureMaps,
        detections: list[Detections] | None,
        frames: Sequence[Frame],
        samples: Sequence[SMOTDataSample],
        plan: ClipPlan,
    ) -> tuple[list[Trajectories], list[dict[int, int]]]:
        """Each clip's predicted trajectories, and the ground truth id of each."""
        if detections is None:
            detections = self.detect_in(features.detach(), frames)
        else:
            detections = self.embed(frames, detections)
        tracker = self.tracker if plan.tracker is None else plan.tracker
        return clip_training_tracks(tracker, detections, frames, samples)

    def _frozen_features(
        self, frames: Sequence[Frame], plan: ClipPlan
    ) -> tuple[FeatureMaps, list[Detections] | None]:
        """Feature maps without gradient, and the detections that a cache has."""
        if plan.feature_cache is None:
            return self.extract(frames, []), None
        if self._feature_cache is None:
            self._feature_cache = FeatureCache(
                plan.feature_cache, self.feature_source, plan.needs_inputs
            )
        features, detections = self._feature_cache.extract_and_detect(frames)
        if self.feature_extractor is not None:
            return features, None  # the boxes come from another network
        return features, detections

    def _detection_loss(
        self,
        inputs: Sequence[Sequence[Frame]],
        samples: Sequence[SMOTDataSample],
        plan: ClipPlan,
        features: FeatureMaps | None = None,
    ) -> dict[str, Any]:
        """The detection loss on the plan's rows.

        Args:
            inputs: As of :meth:`loss`.
            samples: As of :meth:`loss`.
            plan: As of :meth:`loss`.
            features: Feature maps of all frames, where they were made already.
        """
        if not hasattr(self.detector, 'loss'):
            raise TypeError(
                f'detector {type(self.detector).__name__} cannot be trained; use a '
                'detector with weights of its own, such as MMDetDetector, or '
                'model.training.freeze=True'
            )
        rows = plan.detection_rows
        if plan.freeze or not rows:
            raise ValueError(
                'SMOT: nothing to train: no semantics, and no detection loss with '
                'model.training.freeze=True or detection_frames=0'
            )
        targets = clip_detection_targets(inputs, samples)
        targets = [targets[row] for row in rows]
        if features is not None and self.feature_extractor is None:
            return self.detector.loss_in(features[rows], targets)
        frames = [frame for step in inputs for frame in step]
        return self.detector.loss([frames[row] for row in rows], targets)

    def fingerprint_of(self, video: VideoInfo) -> list[str]:
        hashes = []
        if self.detector is not None:
            hashes.append(f'detector {self.detector.fingerprint_of(video)}')
        if self.reid is not None:
            hashes.append(f'reid {self.reid.fingerprint}')
        tracker_fingerprint = getattr(self.tracker, 'fingerprint_of', None)
        if tracker_fingerprint is not None:
            hashes.append(f'tracker {tracker_fingerprint(video)}')
        return hashes

    def with_cache(
        self, root: str | os.PathLike, needs: frozenset[str]
    ) -> DetectAndTrack:
        """The same parts with :class:`CachedDetector` around what is slow.

        Detections and their embeddings are kept apart, so that a tracker with a ReID part
        finds the detections of one without. Where ``semantics`` pools from the detector's
        own feature maps, which no cache keeps, or there is a cache already, it comes back
        as it is.
        """
        from ..detectors import CachedDetector

        is_cached = isinstance(self.detector, CachedDetector)
        if self.detector is None or is_cached or self.shares_features(needs):
            return self
        cached = copy.copy(self)
        # A copied module shares the table of its parts; this one is to have its own.
        cached._modules = dict(self._modules)
        if self.detector.needs_images:  # else it reads a file
            cached.detector = CachedDetector(detector=cached.detector, root=root)
        if self.reid is not None:
            cached.detector = CachedDetector(
                detector=cached.detector, root=root, reid=self.reid
            )
            cached.reid = None
        return cached.eval()

    def shares_features(self, needs: frozenset[str]) -> bool:
        """Whether detections and semantics come from the same feature maps."""
        return FEATURES in needs and self.feature_extractor is None

    def parts(self) -> list[Any]:
        return [self, self.detector, self.tracker, self.reid, self.feature_extractor]
