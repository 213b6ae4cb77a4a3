"""The pipeline: detect, track, refine; what is said about the tracks comes behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from mmengine.model import BaseModel

from ..datasets import VideoReader
from ..registry import MODELS, TASK_UTILS, TRACKERS
from ..structures import (
    CoordinateSpace,
    Detections,
    Frame,
    SMOTDataSample,
    Tracks,
    Trajectories,
)
from ..utils.stopwatch import Stopwatch
from .detectors import BaseDetector
from .reid import BaseReID
from .trackers import BaseTracker


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
        batch_size: Frames that the detector sees at once.
        data_preprocessor: As of MMEngine's ``BaseModel``.
    """

    def __init__(
        self,
        detector: dict | BaseDetector | None,
        tracker: dict | BaseTracker,
        reid: dict | BaseReID | None = None,
        post_processing: Sequence[dict | Callable] = (),
        batch_size: int = 8,
        data_preprocessor: dict | None = None,
    ) -> None:
        super().__init__(data_preprocessor=data_preprocessor)
        if batch_size < 1:
            raise ValueError(f'SMOT: batch_size must be 1 or more, got {batch_size}')
        self.detector = MODELS.build(detector) if _is_config(detector) else detector
        self.tracker = TRACKERS.build(tracker) if _is_config(tracker) else tracker
        self.reid = MODELS.build(reid) if _is_config(reid) else reid
        self.post_processing = [
            TASK_UTILS.build(part) if _is_config(part) else part
            for part in post_processing
        ]
        self.batch_size = batch_size

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
        """Add ``pred_trajectories`` to the sample of each video."""
        for video, sample in zip(inputs, data_samples, strict=True):
            frame_ids, tracks = [], []
            for frame, _, shown in self.track(video):
                frame_ids.append(frame.frame_id)
                tracks.append(shown)
                del frame  # or its picture would live on beside the next batch
            sample.pred_trajectories = self.refine(
                Trajectories.from_tracks(frame_ids, tracks, space_of(video))
            )
            # A damaged video may end earlier than its header promised.
            sample.set_metainfo({'frame_ids': np.array(frame_ids, np.int64)})
        return data_samples

    def track(
        self, video: VideoReader, watch: Stopwatch | None = None
    ) -> Iterator[tuple[Frame, Detections, Tracks]]:
        """Track through a video, frame by frame, as a stream.

        Args:
            video: The frames to look at.
            watch: Books ``'decode'``, ``'detect'`` and ``'track'``.
        """
        watch = watch or Stopwatch()
        self.tracker.reset()
        for frames in video.batches(self.batch_size):
            watch.book('decode')
            found = self.detect(frames)
            watch.book('detect')
            for frame, detections in zip(frames, found, strict=True):
                tracks = self.tracker.update(detections, frame)
                watch.book('track')
                yield frame, detections, tracks
            del frames, frame  # as in predict

    def detect(self, frames: list[Frame]) -> list[Detections]:
        """Detections of a batch, with embeddings where there is a ReID part."""
        if self.detector is None:
            return [Detections.empty() for _ in frames]
        found = self.detector.detect(frames)
        return found if self.reid is None else self.reid.describe(frames, found)

    def refine(self, trajectories: Trajectories) -> Trajectories:
        """What tracking a whole video gave, after the post-processing."""
        for part in self.post_processing:
            trajectories = part(trajectories)
        return trajectories

    def loss(
        self, inputs: list[list[Frame]], data_samples: list[SMOTDataSample]
    ) -> dict[str, torch.Tensor]:
        """The detector's losses on the frames of B clips.

        Args:
            inputs: Frames, ``inputs[t][b]``: time first, as MMEngine collates clips.
            data_samples: B samples with ``gt_trajectories``.
        """
        if not hasattr(self.detector, 'loss'):
            raise TypeError(
                f'detector {type(self.detector).__name__} cannot be trained; use a detector with '
                'weights of its own, such as MMDetDetector'
            )
        frames, targets = [], []
        for step in inputs:
            for frame, sample in zip(step, data_samples, strict=True):
                truth = sample.gt_trajectories
                boxes = truth.boxes[truth.frame_ids == frame.frame_id]
                frames.append(frame)
                targets.append((boxes, np.zeros(len(boxes), np.int64)))
        return self.detector.loss(frames, targets)


def space_of(video: VideoReader) -> CoordinateSpace:
    """The coordinate space of a video's own frames."""
    return CoordinateSpace(width=video.video.width, height=video.video.height)


def _is_config(part: Any) -> bool:
    return isinstance(part, dict)
