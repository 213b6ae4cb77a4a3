"""How the pipeline is trained on clips."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ...registry import TASK_UTILS, TRACKERS, build_part
from ...structures import (
    Detections,
    Frame,
    SMOTDataSample,
    Trajectories,
    match_trajectories,
)
from ...utils.number_ranges import (
    FRACTION,
    NON_NEGATIVE,
    NON_NEGATIVE_INT,
    require_numbers,
)
from ..trackers import BaseTracker, update_checked
from .clip_plan import ClipPlan


@TASK_UTILS.register_module()
@dataclass
class ClipTraining:
    """End-to-end training (SMOTer paper, section 4.4), and what departs from it.

    Attributes:
        detection_frames: k, frames of each clip that the detection loss is taken on;
            ``None`` for all, 0 for no detection loss. A run of neighbours, or with
            ``num_grad_frames`` some of those.
        num_grad_frames: Frames of each clip, drawn anew for each batch, whose way back
            into the detector is kept; ``None`` for all. The others' features are made
            without one, which saves their share of memory and of the backward pass:
            stochastic backpropagation (Cheng et al., CVPR 2022), the gradient of a long
            clip from a part of it.
        teacher_forcing_ratio: Share of batches that are spoken about along the true trajectories
            (teacher forcing) instead of the tracker's.
        box_noise: True boxes are moved and resized by so much of their size, as a
            standard deviation: what is learnt along them must hold along a detector's.
        detach_features: Keep the semantic losses from detector and backbone, as the
            released code does (facts on it: its tracks are made without gradients).
        freeze: Do not train the detector at all: two-stage training. It stays as at test.
        feature_cache: With ``freeze``, a folder to keep the detector's feature maps and
            detections in, so that they are computed once; ``None`` for none.
        tracker: Makes the trajectories of the other batches in place of the model's own,
            which needs every frame where a clip has a few from all over a video:
            ``dict(type='TrajectoryFile', path=...)`` for what ``tools/test.py`` wrote.
            Splits may have videos of one name, so to each a folder of its own.
        speaks: Whether the semantic losses are taken; a hook turns them on at
            ``semantic_start_iter``. Without a detection loss they always are.
        generator: Of all draws. No option:
            :class:`~mmsmot.engine.hooks.IterationSeedHook` puts a new one there before
            each iteration, so that a resumed training goes on with the same draws.
    """

    detection_frames: int | None = None
    num_grad_frames: int | None = None
    teacher_forcing_ratio: float = 0.0
    box_noise: float = 0.0
    detach_features: bool = False
    freeze: bool = False
    feature_cache: str | None = None
    tracker: dict | BaseTracker | None = None
    speaks: bool = True
    generator: np.random.Generator = field(
        default_factory=lambda: np.random.default_rng(0), init=False, repr=False
    )

    def __post_init__(self) -> None:
        owner = 'ClipTraining'
        require_numbers(
            owner,
            NON_NEGATIVE_INT.or_none,
            detection_frames=self.detection_frames,
            num_grad_frames=self.num_grad_frames,
        )
        require_numbers(
            owner, FRACTION, teacher_forcing_ratio=self.teacher_forcing_ratio
        )
        require_numbers(owner, NON_NEGATIVE, box_noise=self.box_noise)
        most = math.inf if self.num_grad_frames is None else self.num_grad_frames
        if (self.detection_frames or 0) > most:
            raise ValueError(
                f'ClipTraining: detection_frames={self.detection_frames} are more than '
                f'num_grad_frames={self.num_grad_frames}, which they are taken from'
            )
        self.tracker = build_part(self.tracker, TRACKERS)
        if self.feature_cache is not None and not self.freeze:
            raise ValueError(
                'ClipTraining: feature_cache keeps what a frozen detector sees; it needs '
                'freeze=True'
            )
        if self.tracker is not None and self.teacher_forcing_ratio >= 1:
            raise ValueError(
                'ClipTraining: tracker is never asked with teacher_forcing_ratio='
                f'{self.teacher_forcing_ratio:g}; set that below 1'
            )

    def plan(
        self,
        inputs: Sequence[Sequence[Frame]],
        data_samples: Sequence[SMOTDataSample],
        semantics: Any = None,
    ) -> ClipPlan:
        """All draws of one training step.

        Args:
            inputs: Frames, ``inputs[t][b]``.
            data_samples: B samples with ground truth.
            semantics: What is to describe the trajectories; ``None`` for nothing.
        """
        detected, kept = self.draw_frames(len(inputs))
        detection_rows = rows_of(detected, len(data_samples))
        # Captions wait for a detector that learns; without its loss there is none.
        enabled = self.speaks or self.freeze or not detection_rows
        has_semantics = semantics is not None and enabled
        gt_tracks = None
        if has_semantics and self.draw_teacher_forcing():
            gt_tracks = self.gt_tracks(data_samples)
        parts = semantics.modules() if has_semantics else ()
        return ClipPlan(
            detection_rows=detection_rows,
            grad_rows=rows_of(kept, len(data_samples)),
            semantic_losses=has_semantics,
            gt_tracks=gt_tracks,
            detach_features=self.detach_features,
            freeze=self.freeze,
            feature_cache=self.feature_cache,
            needs_inputs=any(getattr(part, 'needs_pictures', False) for part in parts),
            tracker=self.tracker,
            generator=self.generator,
        )

    def draw_frames(self, num_frames: int) -> tuple[list[int], list[int]]:
        """Which of a clip's frames get a detection loss, and which keep their way back.

        Returns:
            Positions 0 to ``num_frames`` - 1, ascending.
        """
        count = _at_most(self.detection_frames, num_frames)
        if self.num_grad_frames is None:
            start = int(self.generator.integers(num_frames - count + 1))
            return list(range(start, start + count)), list(range(num_frames))
        kept = _at_most(self.num_grad_frames, num_frames)
        if count > kept:
            raise ValueError(
                f'ClipTraining: detection_frames={self.detection_frames} are more than '
                f'num_grad_frames={self.num_grad_frames}, which they are taken from'
            )
        drawn = self.generator.permutation(num_frames)[:kept]
        return sorted(drawn[:count].tolist()), sorted(drawn.tolist())

    def draw_teacher_forcing(self) -> bool:
        """Whether this batch is spoken about along the truth."""
        return (
            self.teacher_forcing_ratio > 0
            and self.generator.random() < self.teacher_forcing_ratio
        )

    def gt_tracks(
        self, data_samples: Sequence[SMOTDataSample]
    ) -> tuple[list[Trajectories], list[dict[int, int]]]:
        """Each clip's true trajectories to speak about, and the true id of each."""
        truth = [self.with_box_noise(s.gt_trajectories) for s in data_samples]
        return truth, [{i: i for i in np.unique(t.ids).tolist()} for t in truth]

    def with_box_noise(self, truth: Trajectories) -> Trajectories:
        """True trajectories whose boxes stand about where a detector's would."""
        if not self.box_noise:
            return truth
        low, high = truth.boxes[:, :2], truth.boxes[:, 2:]
        noise = self.generator.standard_normal((2, len(truth), 2))
        noise = noise.clip(-2, 2) * self.box_noise
        size = (high - low) * np.exp(noise[0])
        centre = (low + high) / 2 + noise[1] * (high - low)
        boxes = np.concatenate([centre - size / 2, centre + size / 2], axis=1)
        return replace(truth, boxes=boxes)


def _at_most(count: int | None, limit: int) -> int:
    return limit if count is None else min(count, limit)


def rows_of(positions: list[int], num_clips: int) -> list[int]:
    """Rows of these frames of all clips in a batch of T * B frames, time first."""
    return [t * num_clips + b for t in positions for b in range(num_clips)]


def track_clips(
    tracker: BaseTracker,
    found: Sequence[Detections],
    frames: Sequence[Frame],
    data_samples: Sequence[SMOTDataSample],
) -> tuple[list[Trajectories], list[dict[int, int]]]:
    """What a tracker makes of each clip, and which true trajectory each is.

    Args:
        tracker: Starts anew with each clip.
        found: Of T * B frames, time first.
        frames: The frames.
        data_samples: B samples with truth.

    Returns:
        B tables of trajectories, and the true id by trajectory id of each
        (:func:`~mmsmot.structures.match_trajectories`).

    Raises:
        ValueError: The tracker's boxes are in pixels of another picture than the truth's.
    """
    tables, names = [], []
    for b, sample in enumerate(data_samples):
        tracker.reset()
        truth = sample.gt_trajectories
        if tracker.space is not None:
            name = type(tracker).__name__
            tracker.space.require(truth.space, f'train along the tracks of {name}')
        own = slice(b, None, len(data_samples))
        tracks = [
            update_checked(tracker, detections, frame)
            for detections, frame in zip(found[own], frames[own], strict=True)
        ]
        ids = [frame.frame_id for frame in frames[own]]
        tables.append(Trajectories.from_tracks(ids, tracks, truth.space))
        names.append(match_trajectories(truth, tables[-1]))
    return tables, names


def share_matched(
    true_ids: Sequence[dict[int, int]], data_samples: Sequence[SMOTDataSample]
) -> float:
    """Of the true trajectories of B clips the share that is spoken about."""
    spoken = sum(len({*names.values()}) for names in true_ids)
    there = sum(len(np.unique(s.gt_trajectories.ids)) for s in data_samples)
    return spoken / max(there, 1)
