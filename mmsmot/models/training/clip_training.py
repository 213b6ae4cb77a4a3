"""Training of the pipeline on clips: options, draws and tracks of a step."""

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
from ..trackers import BaseTracker, checked_tracker_update
from .clip_plan import ClipPlan


@TASK_UTILS.register_module()
@dataclass(kw_only=True)
class ClipTraining:
    """End-to-end training (SMOTer paper, section 4.4), and what departs from it.

    Attributes:
        detection_frames: k, frames of each clip that the detection loss is taken on;
            ``None`` for all, 0 for no detection loss. A run of neighbours, or with
            ``num_grad_frames`` some of those.
        num_grad_frames: Frames of each clip, drawn anew for each batch, whose features
            are computed with gradient; ``None`` for all. The others are computed
            without, which saves their share of memory and of the backward pass:
            stochastic backpropagation (Cheng et al., CVPR 2022), the gradient of a long
            clip from a part of it.
        teacher_forcing_ratio: Share of batches whose semantic losses are taken along the
            GT trajectories (teacher forcing) instead of the tracker's.
        box_noise: GT boxes are moved and resized by so much of their size, as a standard
            deviation, so that heads learn boxes as a detector gives them.
        detach_features: No gradient of the semantic losses into detector and backbone,
            as in the released code (its tracks are made without gradients).
        semantic_grad_scale: Factor of the gradient of the semantic losses into detector
            and backbone, where it is not detached; the losses stay as they are.
        freeze: Do not train the detector at all: two-stage training. It stays in eval
            mode.
        feature_cache: With ``freeze``, a folder to keep the detector's feature maps and
            detections in, so that they are computed once; ``None`` for none. With
            ``PackClip(decode=False)`` images are not decoded where it has them.
        tracker: Makes the trajectories of the other batches in place of the model's own,
            which needs every frame where a clip has a few from all over a video:
            ``dict(type='TrajectoryFile', path=...)`` for what ``tools/test.py`` wrote.
            Splits may have videos of one name, so to each a folder of its own.
        semantic_losses_enabled: Whether the semantic losses are taken; a hook enables
            them at ``semantic_start_iter``. Without a detection loss they always are.
        generator: Of all draws. No option:
            :class:`~mmsmot.engine.hooks.IterationSeedHook` puts a new one there before
            each iteration, so that a resumed training goes on with the same draws.
    """

    detection_frames: int | None = None
    num_grad_frames: int | None = None
    teacher_forcing_ratio: float = 0.0
    box_noise: float = 0.0
    detach_features: bool = False
    semantic_grad_scale: float = 1.0
    freeze: bool = False
    feature_cache: str | None = None
    tracker: dict | BaseTracker | None = None
    semantic_losses_enabled: bool = True
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
        require_numbers(
            owner, NON_NEGATIVE, semantic_grad_scale=self.semantic_grad_scale
        )
        if self.detach_features and self.semantic_grad_scale != 1:
            raise ValueError(
                'ClipTraining: detach_features lets no gradient through that '
                'semantic_grad_scale could scale; set one of the two'
            )
        limit = math.inf if self.num_grad_frames is None else self.num_grad_frames
        self._require_grad_frames(self.detection_frames or 0, limit)
        self.tracker = build_part(self.tracker, TRACKERS)
        if self.feature_cache is not None and not self.freeze:
            raise ValueError(
                'ClipTraining: feature_cache keeps the features of a frozen detector; it needs '
                'freeze=True'
            )
        if self.tracker is not None and self.teacher_forcing_ratio >= 1:
            raise ValueError(
                'ClipTraining: tracker is never used with teacher_forcing_ratio='
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
            semantics: Has the semantic losses; ``None`` for none.
        """
        detection_frames, grad_frames = self.draw_frames(len(inputs))
        detection_rows = clip_training_rows(detection_frames, len(data_samples))
        # Captions wait until the detector has learnt; without its loss it does not learn.
        enabled = self.semantic_losses_enabled or self.freeze or not detection_rows
        has_semantics = semantics is not None and enabled
        gt_tracks = None
        if has_semantics and self.draw_teacher_forcing():
            gt_tracks = self.gt_tracks(data_samples)
        parts = semantics.modules() if has_semantics else ()
        return ClipPlan(
            detection_rows=detection_rows,
            grad_rows=clip_training_rows(grad_frames, len(data_samples)),
            semantic_losses=has_semantics,
            gt_tracks=gt_tracks,
            detach_features=self.detach_features,
            semantic_grad_scale=self.semantic_grad_scale,
            freeze=self.freeze,
            feature_cache=self.feature_cache,
            needs_inputs=any(getattr(part, 'needs_images', False) for part in parts),
            tracker=self.tracker,
            generator=self.generator,
        )

    def draw_frames(self, num_frames: int) -> tuple[list[int], list[int]]:
        """Frames of a clip with a detection loss, and those with gradient.

        Returns:
            Positions 0 to ``num_frames`` - 1, ascending.
        """
        count = _at_most(self.detection_frames, num_frames)
        if self.num_grad_frames is None:
            start = int(self.generator.integers(num_frames - count + 1))
            return list(range(start, start + count)), list(range(num_frames))
        num_grad_frames = _at_most(self.num_grad_frames, num_frames)
        self._require_grad_frames(count, num_grad_frames)  # None is a whole clip
        frames = self.generator.permutation(num_frames)[:num_grad_frames]
        return sorted(frames[:count].tolist()), sorted(frames.tolist())

    def _require_grad_frames(self, num_detection_frames: int, limit: float) -> None:
        if num_detection_frames > limit:
            raise ValueError(
                f'ClipTraining: detection_frames={self.detection_frames} are more than '
                f'num_grad_frames={self.num_grad_frames}, which they are taken from'
            )

    def draw_teacher_forcing(self) -> bool:
        """Whether this batch takes the GT trajectories (teacher forcing)."""
        return (
            self.teacher_forcing_ratio > 0
            and self.generator.random() < self.teacher_forcing_ratio
        )

    def gt_tracks(
        self, data_samples: Sequence[SMOTDataSample]
    ) -> tuple[list[Trajectories], list[dict[int, int]]]:
        """The GT trajectories of each clip, and the GT id of each (its own)."""
        gt = [self.with_box_noise(s.gt_trajectories) for s in data_samples]
        return gt, [{i: i for i in np.unique(t.ids).tolist()} for t in gt]

    def with_box_noise(self, gt: Trajectories) -> Trajectories:
        """GT trajectories with Gaussian noise on centre and log size of their boxes."""
        if not self.box_noise:
            return gt
        low, high = gt.boxes[:, :2], gt.boxes[:, 2:]
        noise = self.generator.standard_normal((2, len(gt), 2))
        noise = noise.clip(-2, 2) * self.box_noise
        size = (high - low) * np.exp(noise[0])
        centre = (low + high) / 2 + noise[1] * (high - low)
        boxes = np.concatenate([centre - size / 2, centre + size / 2], axis=1)
        return replace(gt, boxes=boxes)


def _at_most(count: int | None, limit: int) -> int:
    return limit if count is None else min(count, limit)


def clip_training_rows(positions: list[int], num_clips: int) -> list[int]:
    """Rows of these frames of all clips in a batch of T * B frames, time first."""
    return [t * num_clips + b for t in positions for b in range(num_clips)]


def clip_training_tracks(
    tracker: BaseTracker,
    detections: Sequence[Detections],
    frames: Sequence[Frame],
    data_samples: Sequence[SMOTDataSample],
) -> tuple[list[Trajectories], list[dict[int, int]]]:
    """Run a tracker on each clip, and match its trajectories to the ground truth.

    Args:
        tracker: Is reset for each clip.
        detections: Of T * B frames, time first.
        frames: The frames.
        data_samples: B samples with ground truth.

    Returns:
        B tables of trajectories, and the GT id by trajectory id of each
        (:func:`~mmsmot.structures.match_trajectories`).

    Raises:
        ValueError: The tracker's boxes are in pixels of another image size than the ground truth's.
    """
    tables, gt_ids = [], []
    for b, sample in enumerate(data_samples):
        tracker.reset()
        gt = sample.gt_trajectories
        if tracker.space is not None:
            name = type(tracker).__name__
            tracker.space.require(gt.space, f'train along the tracks of {name}')
        clip = slice(b, None, len(data_samples))
        tracks = [
            checked_tracker_update(tracker, frame_detections, frame)
            for frame_detections, frame in zip(
                detections[clip], frames[clip], strict=True
            )
        ]
        ids = [frame.frame_id for frame in frames[clip]]
        tables.append(Trajectories.from_tracks(ids, tracks, gt.space))
        gt_ids.append(match_trajectories(gt, tables[-1]))
    return tables, gt_ids


def clip_training_matched_ratio(
    gt_ids: Sequence[dict[int, int]], data_samples: Sequence[SMOTDataSample]
) -> float:
    """Share of the GT trajectories of B clips that a trajectory is matched to."""
    num_matched = sum(len({*clip_ids.values()}) for clip_ids in gt_ids)
    num_gt = sum(len(np.unique(s.gt_trajectories.ids)) for s in data_samples)
    return num_matched / max(num_gt, 1)
