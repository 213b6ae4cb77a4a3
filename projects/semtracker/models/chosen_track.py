"""The plain baseline of semantic tracking: any tracker, and the track that is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from torch import nn

from mmsmot.models.detectors import BaseDetector
from mmsmot.models.estimators import (
    FEATURES,
    TRACK_FEATURES,
    DetectAndTrack,
    Estimate,
    EstimatorLoss,
)
from mmsmot.models.reid import BaseReID
from mmsmot.models.trackers import BaseTracker
from mmsmot.models.training.clip_plan import ClipPlan
from mmsmot.registry import MODELS, build_part
from mmsmot.structures import (
    Detections,
    Frame,
    Prompt,
    SMOTDataSample,
    Tracks,
    VideoInfo,
    pairwise_iou,
)
from mmsmot.utils.number_ranges import FRACTION, require_choice, require_numbers
from projects.semtracker.models.clip_targets import TargetTable
from projects.semtracker.models.scene_context import SceneContext
from projects.semtracker.models.shared_features import SharedFeatures
from projects.semtracker.models.target_estimator import TARGET_ID, TargetEstimator
from projects.semtracker.models.target_query import (
    MISSED_CLICKS,
    QueryOptions,
    clicked_box,
    named_frames,
    prompt_box,
)

LEAST_OVERLAP = 0.3  # IoU of a box and the track that it names, as SORT's association


@dataclass(eq=False)
class ChosenTrackState:
    """One video's tracker, and which of its tracks each prompt has chosen.

    Attributes:
        inner: State of the estimator that tracks everybody.
        prompts: The prompts.
        boxes: For each the box that it gives or clicks on, ``None`` for none yet.
        track_ids: For each the id of its track, -1 for none yet.
        needs: What is asked for beside the boxes.
    """

    inner: Any
    prompts: tuple[Prompt, ...]
    boxes: list[np.ndarray | None]
    track_ids: list[int]
    needs: frozenset[str]


@MODELS.register_module()
class ChosenTrack(TargetEstimator):
    """Tracks everybody, and reports the track of the box or of the clicked detection.

    A click means the surest detection around it, or else the nearest in reach; a click on
    no detection is refused, or waits, by the rules of
    :class:`~projects.semtracker.models.semtracker.SemTracker`, so that the two can be
    compared. The track is the one that overlaps this box, or the one given, most, with an
    IoU of at least .3. Where no track is there yet, the next frames are tried. A track that
    ends is not found again: that is what a tracker for one target has to be better at.

    Args:
        detector: As of :class:`~mmsmot.models.estimators.DetectAndTrack`.
        tracker: Likewise.
        reid: Likewise.
        shared: Makes tokens for the interaction branch, with ``context``; ``None``: none.
        context: Goes with ``shared``.
        click_reach: As of :class:`.target_query.QueryOptions`.
        missed_click: Likewise.
    """

    reads_prompt = True

    def __init__(
        self,
        *,
        detector: dict | BaseDetector,
        tracker: dict | BaseTracker,
        reid: dict | BaseReID | None = None,
        shared: dict | SharedFeatures | None = None,
        context: dict | SceneContext | None = None,
        click_reach: float = 0.02,
        missed_click: str = 'error',
    ) -> None:
        super().__init__()
        require_numbers('ChosenTrack', FRACTION, click_reach=click_reach)
        require_choice('ChosenTrack', MISSED_CLICKS, missed_click=missed_click)
        if (shared is None) != (context is None):
            raise ValueError('ChosenTrack: shared and context go together')
        self.shared, self.context = build_part(shared), build_part(context)
        self.query = QueryOptions(click_reach, missed_click)
        self.estimator = DetectAndTrack(detector=detector, tracker=tracker, reid=reid)

    @property
    def detector(self) -> nn.Module:
        """The inner estimator's."""
        return self.estimator.detector

    @property
    def provides(self) -> frozenset[str]:
        """What the inner estimator gives, and tokens of the target."""
        has_tokens = self.shared is not None
        return self.estimator.provides | ({TRACK_FEATURES} if has_tokens else set())

    def begin(
        self, video: VideoInfo, prompts: Sequence[Prompt], *, needs: frozenset[str]
    ) -> ChosenTrackState:
        for prompt in prompts:
            if not prompt.boxes and not prompt.points:
                raise ValueError(
                    f'ChosenTrack: {prompt.text!r} is a sentence; it reads boxes and '
                    'clicks alone'
                )
        inner_needs = needs - {TRACK_FEATURES}
        if TRACK_FEATURES in needs:  # pooled from the maps
            inner_needs |= {FEATURES}
        inner = self.estimator.begin(video, (), needs=inner_needs)
        count = len(prompts)
        return ChosenTrackState(
            inner, tuple(prompts), [None] * count, [-1] * count, needs
        )

    def step(self, state: ChosenTrackState, frames: Sequence[Frame]) -> list[Estimate]:
        estimate = self.estimator.step(state.inner, frames)
        if not state.prompts:
            return [self._with_tokens(state, estimate, estimate.tracks)]
        estimates = []
        for number, prompt in enumerate(state.prompts):
            tracks = []
            for frame, detections, frame_tracks in zip(
                frames, estimate.detections, estimate.tracks, strict=True
            ):
                if state.track_ids[number] < 0:
                    box = named_box(
                        prompt, frame, detections, self.query, state.boxes[number]
                    )
                    state.boxes[number] = box
                    state.track_ids[number] = named_track(box, frame_tracks)
                is_target = frame_tracks.ids == state.track_ids[number]
                target = frame_tracks[is_target]
                tracks.append(replace(target, ids=target.ids * 0 + TARGET_ID))
            target = self._with_tokens(state, estimate, tracks)
            estimates.append(replace(target, ended_ids=[]))
        return estimates

    def _with_tokens(
        self, state: ChosenTrackState, estimate: Estimate, tracks: list[Tracks]
    ) -> Estimate:
        """The estimate with these tracks, and with tokens where they are asked for."""
        features = estimate.features
        if TRACK_FEATURES in state.needs:
            tokens = self.frame_tokens(features, [part.boxes for part in tracks])
            tracks = [
                replace(t, features=f) for t, f in zip(tracks, tokens, strict=True)
            ]
        is_asked = FEATURES in state.needs
        return replace(estimate, tracks=tracks, features=features if is_asked else None)

    def loss(
        self,
        inputs: Sequence[Sequence[Frame]],
        samples: Sequence[SMOTDataSample],
        *,
        plan: ClipPlan,
    ) -> EstimatorLoss:
        """No loss of its own; the tokens of B clips of one target each.

        Raises:
            TypeError: There is nothing to train without ``shared``.
            ValueError: The detector would be trained; a clip has not one target.
        """
        if self.shared is None:
            return super().loss(inputs, samples, plan=plan)
        frames = [frame for step in inputs for frame in step]
        features, _ = self.frozen_features(frames, plan)
        table = TargetTable.of(inputs, samples, features.levels[0].device)
        return self.loss_along_gt({}, features, table, plan)

    def fingerprint_of(self, video: VideoInfo) -> list[str]:
        return self.estimator.fingerprint_of(video)

    def parts(self) -> list[Any]:
        return [self, *self.estimator.parts()]


def named_box(
    prompt: Prompt,
    frame: Frame,
    detections: Detections,
    options: QueryOptions,
    box: np.ndarray | None = None,
) -> np.ndarray | None:
    """The box that a prompt gives or clicks on, ``None`` before its frame or for none.

    Args:
        prompt: Has boxes or points.
        frame: The frame.
        detections: Everybody in it: a click must be on one of them.
        options: Of clicks.
        box: (4,) of the frames before; stays where the prompt says nothing of this frame,
            since a tracker may report the track some frames later, when somebody else
            stands under the click.

    Raises:
        ValueError: The box or click is outside of the image, or the click on nobody.
    """
    if frame.frame_id < named_frames(prompt)[0]:
        return None
    if box is not None and frame.frame_id not in named_frames(prompt):
        return box
    if not prompt.boxes:
        new_box = clicked_box(prompt, frame, detections, options)
    else:
        new_box = prompt_box(prompt, frame)
        if new_box is None and box is None:  # its frame was not read
            new_box = np.array(prompt.boxes[min(prompt.boxes)])
    return box if new_box is None else new_box


def named_track(box: np.ndarray | None, tracks: Tracks) -> int:
    """The id of the track that overlaps a box (4,) most, -1 for none."""
    if box is None:
        return -1
    iou = pairwise_iou(box[None], tracks.boxes)[0]
    is_named = iou.max(initial=0) >= LEAST_OVERLAP
    return int(tracks.ids[iou.argmax()]) if is_named else -1
