"""The pipeline: frames to detections, to tracks, to captions and interactions."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from mmengine.logging import print_log
from mmengine.model import BaseModel
from torch import nn

from ..datasets import VideoReader
from ..registry import MODELS, TASK_UTILS, build_part
from ..structures import Frame, Prompt, SMOTDataSample, Trajectories, VideoInfo
from ..utils.legacy_names import upgraded_legacy_weights
from ..utils.number_ranges import COUNT, require_numbers
from ..utils.stopwatch import Stopwatch
from .detectors import BaseDetector
from .estimators import BaseEstimator, DetectAndTrack, require_estimator_needs
from .reid import BaseReID
from .trackers import BaseTracker
from .training.clip_training import ClipTraining
from .training.feature_cache import require_cached_level
from .video_run import FrameResult, PromptResult, VideoRun

if TYPE_CHECKING:
    from .semantics.trajectory_semantics import TrajectorySemantics
    from .vlm.vision_language_semantics import VisionLanguageSemantics


class FrameSource(Protocol):
    """Gives the frames of a video, ``size`` at once."""

    def batches(self, size: int) -> Iterator[list[Frame]]: ...


@MODELS.register_module()
class SMOT(BaseModel):
    """Semantic multi-object tracking of whole videos, streamed.

    ::

        begin(video) -> VideoRun           all state of one video
        VideoRun.push(frames)              estimator.step -> tracks
                                           semantics.update -> token buffer
                                           semantics.generate, of tracks that ended
        VideoRun.finish()                  what is still open, and the video caption

    A test sample is one video: ``inputs`` holds a lazy
    :class:`~mmsmot.datasets.VideoReader` and ``data_samples`` its
    :class:`~mmsmot.structures.SMOTDataSample`. At most ``batch_size`` frames are held.

    Args:
        estimator: Frames to tracks; ``None``: a :class:`DetectAndTrack` of the next four,
            which is the usual case.
        detector: Frames to detections; ``None`` where the tracker needs none.
        tracker: Detections to tracks.
        reid: Embeds each detection for trackers that compare appearance; ``None`` for
            none.
        feature_extractor: Makes the feature maps that ``semantics`` pools from; ``None``:
            the detector's own backbone and neck, without a second pass.
        post_processing: What is done to the trajectories, in this order: linking,
            interpolation, smoothing.
        semantics: Captions and interactions; ``None`` to track only.
        early: Describe tracks when they end and forget them, so that time and memory of a
            long video follow what is alive; ``False`` describes all of them at the end.
            A post-processing part that needs the whole video has the same effect.
        batch_size: Frames that the estimator sees at once.
        training: How clips are trained on; ``None`` for the defaults.
        data_preprocessor: As of MMEngine's ``BaseModel``.

    Raises:
        TypeError: ``semantics`` needs what the estimator does not provide; or an estimator
            stands beside parts of another one.
        ValueError: ``batch_size`` is below 1.
    """

    def __init__(
        self,
        *,
        estimator: dict | BaseEstimator | None = None,
        detector: dict | BaseDetector | None = None,
        tracker: dict | BaseTracker | None = None,
        reid: dict | BaseReID | None = None,
        feature_extractor: dict | nn.Module | None = None,
        post_processing: Sequence[dict | Callable] = (),
        semantics: dict | TrajectorySemantics | VisionLanguageSemantics | None = None,
        early: bool = True,
        batch_size: int = 8,
        training: dict | ClipTraining | None = None,
        data_preprocessor: dict | None = None,
    ) -> None:
        super().__init__(data_preprocessor=data_preprocessor)
        require_numbers('SMOT', COUNT, batch_size=batch_size)
        parts = dict(
            detector=detector,
            tracker=tracker,
            reid=reid,
            feature_extractor=feature_extractor,
        )
        self.estimator = _estimator(estimator, parts)
        self.post_processing = [
            build_part(part, TASK_UTILS) for part in post_processing
        ]
        self.semantics = build_part(semantics)
        self.early = early
        self.batch_size = batch_size
        self.clip_training = build_part(training, TASK_UTILS) or ClipTraining()
        if self.needs:
            name = type(self.semantics).__name__
            require_estimator_needs(self.estimator, self.needs, name)
        if self.clip_training.feature_cache is not None and self.semantics is not None:
            require_cached_level(self.semantics)
        self.register_load_state_dict_pre_hook(_upgrade_names)

    @property
    def needs(self) -> frozenset[str]:
        """What the semantics asks of the estimator."""
        return frozenset(getattr(self.semantics, 'needs', ()))

    @property
    def hold_frames(self) -> int | None:
        """Frames that post-processing may still change a track after it ended."""
        holds = [getattr(part, 'hold_frames', None) for part in self.post_processing]
        return None if None in holds else max(holds, default=0)

    def train(self, mode: bool = True) -> SMOT:
        """As of ``nn.Module``; a frozen estimator stays as at test (statistics, dropout)."""
        super().train(mode)
        if self.clip_training.freeze:
            self.estimator.eval()
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

    def begin(
        self,
        video: VideoInfo,
        prompts: Sequence[Prompt] = (),
        *,
        early: bool | None = None,
        patience: int | None = None,
        record: bool = True,
        stopwatch: Stopwatch | None = None,
    ) -> VideoRun:
        """All state of one video, before its first frame.

        Arguments as of :class:`VideoRun`; ``early=None`` takes the pipeline's.
        """
        return VideoRun(
            self,
            video,
            prompts,
            early=self.early if early is None else early,
            patience=patience,
            record=record,
            stopwatch=stopwatch,
        )

    def batches(
        self, video: FrameSource, run: VideoRun
    ) -> Iterator[tuple[list[Frame], list[FrameResult]]]:
        """Push a whole video through a run, batch by batch.

        Args:
            video: The frames, a :class:`~mmsmot.datasets.VideoReader` or the like.
            run: Of :meth:`begin`; books ``'decode'`` too.
        """
        for frames in video.batches(self.batch_size):
            run.stopwatch.book('decode')
            yield frames, run.push(frames)
            del frames  # or its images would live on beside the next batch

    def stream(
        self, video: VideoReader, prompts: Sequence[Prompt] = ()
    ) -> Iterator[FrameResult]:
        """Tracks and finished tracks of a video, frame by frame, nothing kept of it."""
        run = self.begin(video.video, prompts, record=False)
        for frames, results in self.batches(video, run):
            del frames  # as in batches
            yield from results

    def predict(
        self, inputs: list[VideoReader], data_samples: list[SMOTDataSample]
    ) -> list[SMOTDataSample]:
        """Add the ``pred_`` fields to each sample.

        Prompts of one video that follow each other share one run over it.
        """
        for video, samples in _by_video(inputs, data_samples):
            prompts = [s.prompt for s in samples if s.get('prompt') is not None]
            if prompts and not self.estimator.reads_prompt:
                _warn_unread_prompt(type(self.estimator).__name__)
            run = self.begin(video.video, prompts)
            for frames, _ in self.batches(video, run):
                del frames  # as in batches
            for result, sample in zip(run.finish(), samples, strict=True):
                write_pred_fields(result, run.frame_ids, sample)
        return data_samples

    def refine(
        self,
        trajectories: Trajectories,
        frame_ids: Sequence[int],
        fps: float | None = None,
    ) -> Trajectories:
        """What tracking a whole video gave, after the post-processing.

        Args:
            trajectories: What the tracker reported.
            frame_ids: T original numbers of the frames that were tracked.
            fps: The video's frame rate, for parts whose ``at_fps`` gives one for a rate.
        """
        for part in self.post_processing:
            if fps is not None and hasattr(part, 'at_fps'):
                part = part.at_fps(fps)
            trajectories = part(trajectories, np.asarray(frame_ids))
        return trajectories

    def loss(
        self, inputs: list[list[Frame]], data_samples: list[SMOTDataSample]
    ) -> dict[str, torch.Tensor]:
        """The losses of B clips: of the estimator, and of captions and interactions.

        Args:
            inputs: Frames, ``inputs[t][b]``: time first, as MMEngine collates clips.
            data_samples: B samples with ground truth.
        """
        if self.semantics is not None and not hasattr(self.semantics, 'loss'):
            raise TypeError(f'{type(self.semantics).__name__} cannot be trained')
        plan = self.clip_training.plan(inputs, data_samples, self.semantics)
        estimate = self.estimator.loss(inputs, data_samples, plan=plan)
        if not plan.semantic_losses:
            return estimate.losses
        return estimate.losses | self.semantics.loss(estimate, inputs, data_samples)


def _by_video(
    inputs: Sequence[VideoReader], data_samples: Sequence[SMOTDataSample]
) -> list[tuple[VideoReader, list[SMOTDataSample]]]:
    """Each video with the samples, of different prompts, that one run can answer."""
    groups: list[tuple[VideoReader, list[SMOTDataSample]]] = []
    for video, sample in zip(inputs, data_samples, strict=True):
        if groups and _may_share_run(groups[-1][1], sample):
            groups[-1][1].append(sample)
        else:
            groups.append((video, [sample]))
    return groups


def _may_share_run(samples: Sequence[SMOTDataSample], sample: SMOTDataSample) -> bool:
    """Whether a sample is of the same frames as others, for another prompt."""
    prompts = [earlier_sample.get('prompt') for earlier_sample in samples]
    prompt = sample.get('prompt')
    if None in (*prompts, prompt) or prompt in prompts:
        return False
    return samples[0].video == sample.video and np.array_equal(
        samples[0].frame_ids, sample.frame_ids
    )


def unread_prompt_message(estimator_name: str) -> str:
    """What to know of prompts that are given to an estimator without ``reads_prompt``."""
    return (
        f'{estimator_name} does not read prompts, so they have no effect: every object '
        'is tracked. Leave them out, or take a model whose estimator reads them.'
    )


@lru_cache
def _warn_unread_prompt(estimator_name: str) -> None:  # once, not for each sample
    print_log(
        unread_prompt_message(estimator_name), logger='current', level=logging.WARNING
    )


def write_pred_fields(
    result: PromptResult, frame_ids: Sequence[int], sample: SMOTDataSample
) -> None:
    """Put what was found into the ``pred_`` fields of a sample.

    Args:
        result: Of one prompt.
        frame_ids: T numbers of the frames that were tracked; a damaged video may end
            earlier than its header promised.
        sample: Gets them.
    """
    sample.pred_trajectories = result.trajectories
    if result.description is not None:
        sample.pred_captions = result.description.captions
        if result.description.motions is not None:
            sample.pred_motions = result.description.motions
        sample.pred_interactions = result.description.interactions
        sample.pred_video_caption = result.description.video_caption
    sample.set_metainfo({'frame_ids': np.array(frame_ids, np.int64)})


def _estimator(estimator: Any, parts: dict[str, Any]) -> BaseEstimator:
    """The estimator, or a detector and a tracker of the shorthand."""
    if estimator is None:
        if parts['tracker'] is None:
            raise TypeError('SMOT: give a tracker (and a detector), or an estimator')
        return DetectAndTrack(**parts)
    named = [name for name, part in parts.items() if part is not None]
    if named:
        raise TypeError(
            f'SMOT: {", ".join(named)} beside an estimator: they are parts of '
            'DetectAndTrack; put them into the estimator or leave one of the two out'
        )
    return build_part(estimator)


def _upgrade_names(
    model: SMOT, state_dict: dict[str, Any], prefix: str, *_: Any
) -> None:
    """Let checkpoints of earlier versions be loaded."""
    if prefix:
        return  # inside of another model, whose names nobody wrote before
    upgraded = upgraded_legacy_weights(state_dict, model.state_dict())
    state_dict.clear()
    state_dict.update(upgraded)
