"""The pipeline: detect, track, refine, describe."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from mmengine.model import BaseModel
from torch import nn

from ..datasets import VideoReader
from ..registry import MODELS, TASK_UTILS, TRACKERS, built
from ..structures import (
    CoordinateSpace,
    Detections,
    Frame,
    SMOTDataSample,
    Tracks,
    Trajectories,
)
from ..structures.matching import match_by_cover
from ..utils.stopwatch import Stopwatch
from .clip_table import detection_targets
from .clip_training import ClipTraining, rows_of, share_matched, track_clips
from .detectors import BaseDetector
from .feature_maps import FeatureMaps
from .frozen_features import FrozenFeatures, require_kept_level
from .reid import BaseReID
from .trackers import BaseTracker, update_checked

if TYPE_CHECKING:
    from .picture_memory import PictureMemory
    from .semantic_memory import SemanticMemory
    from .semantics import TrajectorySemantics
    from .vision_language import VisionLanguageSemantics


@MODELS.register_module()
class SMOT(BaseModel):
    """Semantic multi-object tracking of whole videos, streamed.

    A test sample is one video: ``inputs`` holds a lazy
    :class:`~mmsmot.datasets.VideoReader` and ``data_samples`` its
    :class:`~mmsmot.structures.SMOTDataSample`. At most ``batch_size`` frames are held.

    Args:
        detector: Frames to detections; ``None`` where the tracker needs none.
        tracker: Detections to tracks.
        reid: Describes each detection for trackers that look at appearance; ``None`` to
            leave out.
        post_processing: What is done to a whole video's trajectories, in this order:
            linking, interpolation, smoothing.
        semantics: Puts trajectories into words; ``None`` to track only.
        feature_extractor: Where the feature maps that ``semantics`` pools come from;
            ``None``: the detector's own backbone and neck, without a second pass.
        batch_size: Frames that the detector sees at once.
        training: How clips are trained on; ``None`` for the defaults.
        data_preprocessor: As of MMEngine's ``BaseModel``.
    """

    def __init__(
        self,
        detector: dict | BaseDetector | None,
        tracker: dict | BaseTracker,
        reid: dict | BaseReID | None = None,
        post_processing: Sequence[dict | Callable] = (),
        semantics: dict | TrajectorySemantics | VisionLanguageSemantics | None = None,
        feature_extractor: dict | nn.Module | None = None,
        batch_size: int = 8,
        training: dict | ClipTraining | None = None,
        data_preprocessor: dict | None = None,
    ) -> None:
        super().__init__(data_preprocessor=data_preprocessor)
        if batch_size < 1:
            raise ValueError(f'SMOT: batch_size must be 1 or more, got {batch_size}')
        self.detector = built(detector)
        self.tracker = built(tracker, TRACKERS)
        self.reid = built(reid)
        self.post_processing = [built(part, TASK_UTILS) for part in post_processing]
        self.semantics = built(semantics)
        self.feature_extractor = built(feature_extractor)
        self.batch_size = batch_size
        self._frozen: FrozenFeatures | None = None
        self.clip_training = built(training, TASK_UTILS) or ClipTraining()
        self.clip_tracker = built(self.clip_training.tracker, TRACKERS)
        if self.semantics is not None and self.semantics.needs_features:
            self._require_features()

    def train(self, mode: bool = True) -> SMOT:
        """As of ``nn.Module``; a frozen detector stays as at test (statistics, dropout)."""
        super().train(mode)
        if self.clip_training.freeze:
            for part in (self.detector, self.feature_extractor):
                if isinstance(part, nn.Module):
                    part.eval()
        return self

    def forward(
        self,
        inputs: list,
        data_samples: list[SMOTDataSample] | None = None,
        mode: str = 'predict',
    ) -> dict[str, torch.Tensor] | list[SMOTDataSample]:
        """MMEngine's entry: ``mode`` is ``'loss'`` or ``'predict'``."""
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        raise ValueError(f"SMOT: mode must be 'loss' or 'predict', got {mode!r}")

    def predict(
        self, inputs: list[VideoReader], data_samples: list[SMOTDataSample]
    ) -> list[SMOTDataSample]:
        """Add the ``pred_`` fields to the sample of each video."""
        for video, sample in zip(inputs, data_samples, strict=True):
            memory = self.semantics.begin() if self.semantics is not None else None
            frame_ids, tracks = [], []
            for frame, _, shown in self.track(video, memory=memory):
                frame_ids.append(frame.frame_id)
                tracks.append(shown)
                del frame  # or its picture would live on beside the next batch
            tracked = Trajectories.from_tracks(frame_ids, tracks, space_of(video))
            sample.pred_trajectories = self.refine(tracked, frame_ids)
            if memory is not None:
                self.describe(memory, tracked, sample)
            # A damaged video may end earlier than its header promised.
            sample.set_metainfo({'frame_ids': np.array(frame_ids, np.int64)})
        return data_samples

    def track(
        self,
        video: VideoReader,
        watch: Stopwatch | None = None,
        memory: SemanticMemory | PictureMemory | None = None,
    ) -> Iterator[tuple[Frame, Detections, Tracks]]:
        """Track through a video, frame by frame, as a stream.

        Args:
            video: The frames to look at.
            watch: Books ``'decode'``, ``'detect'``, ``'track'`` and ``'describe'``.
            memory: Takes in what ``semantics`` needs to know of the frames.
        """
        watch = watch or Stopwatch()
        # Of this video alone: another thread may be tracking through another one.
        tracker = copy.deepcopy(self.tracker)
        tracker.reset()
        for frames in video.batches(self.batch_size):
            watch.book('decode')
            features, found = self.look(frames, memory is not None)
            watch.book('detect')
            tracks = []
            for frame, detections in zip(frames, found, strict=True):
                tracks.append(update_checked(tracker, detections, frame))
            watch.book('track')
            if memory is not None:
                self.semantics.see(memory, features, frames, tracks)
                watch.book('describe')
            yield from zip(frames, found, tracks, strict=True)
            del frames, frame, features  # as in predict

    def look(
        self, frames: list[Frame], needs_features: bool
    ) -> tuple[FeatureMaps | None, list[Detections]]:
        """Detections of a batch, and the feature maps where they are needed."""
        if not (needs_features and self.semantics.needs_features):
            return None, self.detect(frames)
        with torch.no_grad():
            features = self._feature_source().extract(frames)
        return features, self._find(features, frames)

    def detect(self, frames: list[Frame]) -> list[Detections]:
        """Detections of a batch, with embeddings where there is a ReID part."""
        if self.detector is None:
            return [Detections.empty() for _ in frames]
        return self._with_embeddings(frames, self.detector.detect(frames))

    def refine(
        self, trajectories: Trajectories, frame_ids: Sequence[int]
    ) -> Trajectories:
        """What tracking a whole video gave, after the post-processing.

        Args:
            trajectories: What the tracker reported.
            frame_ids: T original numbers of the frames that were looked at.
        """
        for part in self.post_processing:
            trajectories = part(trajectories, np.asarray(frame_ids))
        return trajectories

    def describe(
        self,
        memory: SemanticMemory | PictureMemory,
        tracked: Trajectories,
        sample: SMOTDataSample,
    ) -> None:
        """Add captions and interactions of the refined trajectories to a sample."""
        refined = sample.pred_trajectories
        if self.post_processing:
            # Linking renames trajectories; each goes on under the name that covers it.
            names = match_by_cover(refined, tracked)
            memory.forget([i for i in memory.ids if i not in names])
            memory.rename(names)
        said = self.semantics.describe(memory, np.unique(refined.ids).tolist())
        sample.pred_captions = said.captions
        sample.pred_interactions = said.interactions
        sample.pred_video_caption = said.video_caption

    def loss(
        self, inputs: list[list[Frame]], data_samples: list[SMOTDataSample]
    ) -> dict[str, torch.Tensor]:
        """The losses of B clips: detection on some frames, words on all of them.

        Args:
            inputs: Frames, ``inputs[t][b]``: time first, as MMEngine collates clips.
            data_samples: B samples with truth.
        """
        how = self.clip_training
        frames = [frame for step in inputs for frame in step]
        detected, kept = how.draw_frames(len(inputs))
        rows = rows_of(detected, len(data_samples))
        # Words wait for a detector that learns; without its loss there is none.
        waits = not (how.speaks or how.freeze or not rows)
        if self.semantics is None or waits:
            return self._detection_loss(inputs, data_samples, rows)
        if not self.semantics.needs_features:
            raise TypeError(f'{type(self.semantics).__name__} cannot be trained')
        if how.freeze:
            features, found = self._look_frozen(frames)
        else:
            features = self._extract(frames, rows_of(kept, len(data_samples)))
            found = None
        losses = {}
        if not how.freeze and rows:
            losses |= self._detection_loss(inputs, data_samples, rows, features)
        if how.draws_true_tracks():
            told = how.along_truth(data_samples)
        else:
            told = self._along_tracks(features, found, frames, data_samples)
            matched = share_matched(told[1], data_samples)
            losses['matched'] = torch.tensor(matched, device=features.levels[0].device)
        if how.detach_features:
            features = features.detach()
        said = self.semantics.loss(features, inputs, data_samples, *told)
        return losses | said

    def _along_tracks(
        self,
        features: FeatureMaps,
        found: list[Detections] | None,
        frames: list[Frame],
        data_samples: list[SMOTDataSample],
    ) -> tuple[list[Trajectories], list[dict[int, int]]]:
        """Each clip's predicted trajectories, and the true id of each."""
        if found is None:
            found = self._find(features.detach(), frames)
        else:
            found = self._with_embeddings(frames, found)
        tracker = self.tracker if self.clip_tracker is None else self.clip_tracker
        return track_clips(tracker, found, frames, data_samples)

    def _look_frozen(
        self, frames: list[Frame]
    ) -> tuple[FeatureMaps, list[Detections] | None]:
        """Feature maps without a way back, and what a cache knows of detections."""
        folder = self.clip_training.feature_cache
        if folder is None:
            return self._extract(frames, []), None
        if self._frozen is None:
            require_kept_level(self.semantics)
            parts = self.semantics.modules()
            pictures = any(getattr(part, 'needs_pictures', False) for part in parts)
            self._frozen = FrozenFeatures(folder, self._feature_source(), pictures)
        features, found = self._frozen.look(frames)
        if self.feature_extractor is not None:
            return features, None  # the boxes come from another network
        return features, found

    def _find(self, features: FeatureMaps, frames: list[Frame]) -> list[Detections]:
        """Detections of the frames whose feature maps are there."""
        if self.feature_extractor is not None:
            return self.detect(frames)
        return self._with_embeddings(frames, self.detector.detect_in(features))

    def _with_embeddings(
        self, frames: list[Frame], found: list[Detections]
    ) -> list[Detections]:
        return found if self.reid is None else self.reid.describe(frames, found)

    def _extract(self, frames: list[Frame], kept: list[int]) -> FeatureMaps:
        """Feature maps of all frames, with the way back for the rows ``kept``."""
        source = self._feature_source()
        parts, order = [], []
        rest = sorted(set(range(len(frames))) - set(kept))
        for rows, has_way_back in ((kept, True), (rest, False)):
            if rows:
                with torch.set_grad_enabled(has_way_back and torch.is_grad_enabled()):
                    parts.append(source.extract([frames[row] for row in rows]))
                order += rows
        if len(parts) == 1:
            return parts[0]
        return FeatureMaps.joined(parts, np.argsort(order).tolist())

    def _detection_loss(
        self,
        inputs: list[list[Frame]],
        data_samples: list[SMOTDataSample],
        rows: list[int],
        features: FeatureMaps | None = None,
    ) -> dict[str, torch.Tensor]:
        """The detection loss on some of the T * B frames, time first.

        Args:
            inputs: As of :meth:`loss`.
            data_samples: As of :meth:`loss`.
            rows: Which frames.
            features: Feature maps of all frames, where they were made already.
        """
        if not hasattr(self.detector, 'loss'):
            raise TypeError(
                f'detector {type(self.detector).__name__} cannot be trained; use a '
                'detector with weights of its own, such as MMDetDetector, or '
                'model.training.freeze=True'
            )
        if self.clip_training.freeze or not rows:
            raise ValueError(
                'SMOT: nothing to train: no semantics, and no detection loss with '
                'model.training.freeze=True or detection_frames=0'
            )
        targets = detection_targets(inputs, data_samples)
        chosen = [targets[row] for row in rows]
        if features is not None and self.feature_extractor is None:
            return self.detector.loss_in(features[rows], chosen)
        frames = [frame for step in inputs for frame in step]
        return self.detector.loss([frames[row] for row in rows], chosen)

    def _feature_source(self) -> nn.Module:
        return self.feature_extractor or self.detector

    def _require_features(self) -> None:
        if not hasattr(self._feature_source(), 'extract'):
            raise TypeError(
                f'semantics needs feature maps, and {type(self.detector).__name__} makes '
                "none: name a feature_extractor, such as dict(type='MMDetDetector', ...)"
            )


def space_of(video: VideoReader) -> CoordinateSpace:
    """The coordinate space of a video's own frames."""
    return CoordinateSpace(width=video.video.width, height=video.video.height)
