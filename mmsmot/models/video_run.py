"""One video on its way through the pipeline: all of its state, frame by frame."""

from __future__ import annotations

import logging
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from mmengine.logging import print_log

from ..structures import (
    CoordinateSpace,
    Detections,
    Frame,
    Prompt,
    Tracks,
    Trajectories,
    VideoInfo,
)
from ..utils.stopwatch import Stopwatch
from .estimators import Estimate, checked_step
from .prompt_run import EndedTrack, PromptRun
from .semantics.description import Description
from .track_rows import TrackRows

if TYPE_CHECKING:
    from .smot import SMOT


@dataclass(frozen=True, eq=False)
class FrameResult:
    """What is known when a frame has gone through the pipeline.

    Attributes:
        frame_id: The original frame number.
        timestamp: Seconds from the start of the video.
        detections: Its detections.
        tracks: Its tracks; of the first prompt, where several are asked for.
        prompt_tracks: Its tracks for each prompt.
        finished: Tracks that ended with this frame, or with others of its batch, and that
            no post-processing may still join to another.
    """

    frame_id: int
    timestamp: float
    detections: Detections
    prompt_tracks: list[Tracks]
    finished: list[EndedTrack] = field(default_factory=list)

    @property
    def tracks(self) -> Tracks:
        return self.prompt_tracks[0]


@dataclass(frozen=True, eq=False)
class PromptResult:
    """What was found in a video for one prompt.

    Attributes:
        prompt: What was asked for; ``None`` for every object.
        tracked: What the tracker reported; empty unless the run recorded it.
        trajectories: The same after post-processing.
        description: Captions and interactions; ``None`` without semantics.
    """

    prompt: Prompt | None
    tracked: Trajectories
    trajectories: Trajectories
    description: Description | None


class VideoRun:
    """All state of one video; :meth:`SMOT.begin` makes it.

    ::

        run = model.begin(video, prompts)
        for frames in batches:
            for result in run.push(frames):
                ...                       # tracks at once; .finished as tracks end
        results = run.finish()            # one for each prompt

    A model holds nothing of a video, so several runs of one model may be mixed.

    Args:
        model: The pipeline.
        video: What is known of the video.
        prompts: What is asked for; empty for every object.
        early: Describe tracks when they end and forget them, so that time and memory
            follow what is alive; ``False`` describes all of them at the end. A
            post-processing part that needs the whole video has the same effect.
        patience: Frames without a box after which a track is taken for ended although the
            estimator did not say so; ``None``: only the estimator says it, as it is with
            an estimator whose :attr:`~.BaseEstimator.ids_return`.
        record: Keep the rows of all trajectories for :meth:`finish`. A stream without an
            end does not.

    Attributes:
        stopwatch: Seconds of ``'detect'``, ``'track'`` and ``'describe'``, and of stages
            that semantics tells apart itself.
        frame_ids: Numbers of the frames so far, where they are recorded.
        timestamps: Their seconds.
    """

    def __init__(
        self,
        model: SMOT,
        video: VideoInfo,
        prompts: Sequence[Prompt] = (),
        *,
        early: bool = True,
        patience: int | None = None,
        record: bool = True,
        stopwatch: Stopwatch | None = None,
    ) -> None:
        self.video = video
        self.prompts = tuple(prompts)
        self.stopwatch = stopwatch or Stopwatch()
        self.frame_ids = array('q')
        self.timestamps = array('d')
        self._model = model
        self._record = record
        self._last_frame_id = 0
        estimator = model.estimator
        self._state = estimator.begin(video, self.prompts, needs=model.needs)
        own_tracks = self.prompts if estimator.reads_prompt else ()
        hold_frames = model.hold_frames if early else None
        self._prompt_runs = [
            PromptRun(
                semantics=model.semantics,
                post_processing=model.post_processing,
                prompt=prompt,
                hold_frames=hold_frames,
                patience=None if estimator.ids_return else patience,
            )
            for prompt in own_tracks or (None,)
        ]
        self._rows = [TrackRows(_space(video)) for _ in self._prompt_runs]

    @property
    def live_ids(self) -> list[int]:
        """Ids of the tracks that have not ended, ascending; of the first prompt."""
        return self._prompt_runs[0].live_ids

    @torch.no_grad()
    def push(self, frames: Sequence[Frame]) -> list[FrameResult]:
        """Take B > 0 more frames, in the video's order.

        Raises:
            ValueError: A frame number is not above the one before.
        """
        self._require_order(frames)
        stopwatch = Stopwatch()
        estimates = self._estimates(frames)
        stopwatch.book('track')  # all of it, where an estimator tells no stages
        self.stopwatch.add(estimates[0].seconds or stopwatch.seconds)
        if self._record:  # before the captions, which may take long and fail
            for rows, estimate in zip(self._rows, estimates, strict=True):
                rows.add(frames, estimate.tracks)
            self.frame_ids.extend(frame.frame_id for frame in frames)
            self.timestamps.extend(frame.timestamp for frame in frames)
        finished = []
        for prompt_run, estimate in zip(self._prompt_runs, estimates, strict=True):
            finished += prompt_run.push(frames, estimate)
        if self._model.semantics is not None:
            self._book_semantics()
            self.stopwatch.book('describe')
        results = [
            FrameResult(
                frame.frame_id,
                frame.timestamp,
                estimates[0].detections[row],
                [estimate.tracks[row] for estimate in estimates],
            )
            for row, frame in enumerate(frames)
        ]
        results[-1].finished.extend(finished)
        return results

    def describe(self, prompt: int = 0) -> Description:
        """Captions and interactions so far of one prompt's tracks, live and ended.

        Asking changes nothing: the run goes on as if it had not been asked.
        """
        is_shared = len(self._prompt_runs) == 1
        return self._prompt_runs[0 if is_shared else prompt].describe()

    def trajectories(self) -> list[PromptResult]:
        """What was tracked until now, refined, without a description."""
        frame_ids = np.array(self.frame_ids, np.int64)
        results = []
        for prompt_run, rows in zip(self._prompt_runs, self._rows, strict=True):
            tracked = rows.table()
            refined = self._model.refine(tracked, frame_ids, self.video.fps)
            results.append(PromptResult(prompt_run.prompt, tracked, refined, None))
        return self._for_each_prompt(results)

    @torch.no_grad()
    def finish(
        self, tracked: Sequence[PromptResult] | None = None
    ) -> list[PromptResult]:
        """What was found, one result for each prompt (one where there are none).

        Args:
            tracked: Of :meth:`trajectories`, where that was asked for before.
        """
        self._warn_of_frames_after_the_end()
        results = list(tracked or self.trajectories())
        if self._model.semantics is None:
            return results
        described = [
            prompt_run.finish(result.tracked, result.trajectories)
            for prompt_run, result in zip(self._prompt_runs, results, strict=False)
        ]
        self._book_semantics()
        if len(described) < len(results):  # prompts that share the tracks
            described *= len(results)
        return [
            replace(result, description=description)
            for result, description in zip(results, described, strict=True)
        ]

    def _warn_of_frames_after_the_end(self) -> None:
        """Log boxes and clicks of frames that never came: nothing else tells of them."""
        if not self._model.estimator.reads_prompt:
            return
        for prompt in self.prompts:
            frame_ids = sorted({*prompt.boxes, *prompt.points})
            missing = [n for n in frame_ids if n > self._last_frame_id]
            if missing:
                print_log(
                    f'{self.video.name}: the box or click of frame {missing[0]} has no '
                    f'effect: the last frame that was read is {self._last_frame_id}',
                    logger='current',
                    level=logging.WARNING,
                )

    def _book_semantics(self) -> None:
        """Book the stages that semantics tells; what is left is the caller's to book."""
        for prompt_run in self._prompt_runs:
            self.stopwatch.add(prompt_run.take_seconds())

    def _estimates(self, frames: Sequence[Frame]) -> list[Estimate]:
        """One for each prompt run."""
        return checked_step(
            self._model.estimator,
            self._state,
            frames,
            num_estimates=len(self._prompt_runs),
            needs=self._model.needs,
        )

    def _for_each_prompt(self, results: list[PromptResult]) -> list[PromptResult]:
        """Where the tracks do not depend on the prompt, every prompt has the same."""
        if len(results) == len(self.prompts) or not self.prompts:
            return results
        return [replace(results[0], prompt=prompt) for prompt in self.prompts]

    def _require_order(self, frames: Sequence[Frame]) -> None:
        for frame in frames:
            if frame.frame_id <= self._last_frame_id:
                raise ValueError(
                    f'{self.video.name}: frame {frame.frame_id} comes after frame '
                    f'{self._last_frame_id}; frames of a video must come in order'
                )
            self._last_frame_id = frame.frame_id


def _space(video: VideoInfo) -> CoordinateSpace:
    """The coordinate space of a video's own frames."""
    return CoordinateSpace(width=video.width, height=video.height)
