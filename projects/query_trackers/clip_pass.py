"""One training step of a query tracker: through the frames of B clips in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from mmsmot.models.estimators import EstimatorLoss
from mmsmot.models.training.clip_plan import ClipPlan
from mmsmot.structures import Frame, SMOTDataSample

from .assigners import BACKGROUND
from .clip_encoding import encoded_clips
from .clip_losses import LossSums
from .deformable_decoding import Memory
from .frame_batch import FrameBatch
from .matched_queries import MatchedQueries, with_trajectories
from .proposals import require_proposal_space
from .queries import NEW, FrameTargets, Outputs, Queries, batched_iou

if TYPE_CHECKING:
    from .query_tracker import QueryTracker


def clip_pass(
    tracker: QueryTracker,
    inputs: Sequence[Sequence[Frame]],
    samples: Sequence[SMOTDataSample],
    plan: ClipPlan,
) -> EstimatorLoss:
    """Losses of B clips of T frames, and the trajectories of their queries.

    For the log there are ``recall`` and ``lost_targets``, the number of true boxes that
    found no query since more objects are new at a time than there are queries.

    With a text hook a clip of K prompts is K clips here (:func:`encoded_clips`).
    """
    _require_plan(inputs, plan)
    require_proposal_space(tracker, samples)
    with_grad = tracker.clip_loss.frames_with_grad(len(inputs))
    with_loss = tracker.clip_loss.frames_with_loss(len(inputs))
    clips = encoded_clips(tracker, inputs, samples, with_grad[0], plan)
    inputs, samples, memory = clips.inputs, clips.samples, clips.memory
    num_frames, num_clips = len(inputs), len(samples)
    costs = tracker.detector.model.bbox_head.assigner.match_costs
    sums, matched_queries, tracks = LossSums(), MatchedQueries(), None
    for step, frames in enumerate(inputs):
        part = slice(step * num_clips, (step + 1) * num_clips)
        has_grad = torch.is_grad_enabled() and step in with_grad and not plan.freeze
        targets = FrameTargets.of(frames, samples, memory.tokens.device)
        with torch.set_grad_enabled(has_grad):
            new = tracker.new_queries(
                num_clips, clips.proposals[step], clips.features.sizes[part]
            )
            if tracker.track_decoder is not None and step + 1 < num_frames:
                tracks = None  # detections make the tracks of the last frame
            queries, outputs, noisy, noisy_outputs = _decode_frame(
                tracker, memory[part], new, tracks, targets, clips.text, plan.generator
            )
            target_index = tracker.assigner(outputs, queries, targets, costs)
            if step in with_loss and plan.detection_rows and not plan.freeze:
                frame = FrameBatch(tracker, targets, frames, samples, clips.text)
                _add_losses(sums, frame, queries, outputs, target_index)
                if noisy_outputs is not None:
                    sums.add(tracker.denoising.loss(frame, noisy_outputs, noisy), 0)
            queries = with_object_ids(queries, outputs, targets, target_index[-1])
            matched_queries.add(step, queries, outputs, targets, target_index[-1])
            # What is frozen drops no tracks and adds no false ones, as at test.
            tracks = tracker.updater(
                queries, outputs, None if plan.freeze else plan.generator
            )
    losses = sums.mean()
    losses['recall'] = matched_queries.recall(samples)
    losses['lost_targets'] = memory.tokens.new_tensor(matched_queries.num_lost)
    if not plan.semantic_losses:
        return EstimatorLoss(losses)
    estimate = with_trajectories(
        matched_queries, clips.features, inputs, samples, plan, losses
    )
    tokens = tracker.project_features(estimate.track_features)
    return replace(estimate, track_features=tokens)


def _add_losses(
    sums: LossSums,
    frame: FrameBatch,
    queries: Queries,
    outputs: Outputs,
    target_index: Tensor,
) -> None:
    """Add the losses of one frame, and what they are divided by."""
    count = frame.tracker.clip_loss.num_targets(
        queries, frame.targets, target_index[-1]
    )
    sums.add(frame.loss(outputs, queries, target_index), count)


def _require_plan(inputs: Sequence[Sequence[Frame]], plan: ClipPlan) -> None:
    if plan.freeze and not plan.semantic_losses:
        raise ValueError(
            'SMOT: nothing to train: no semantics, and model.training.freeze=True'
        )
    num_rows = len(inputs) * len(inputs[0])
    if plan.grad_rows != list(range(num_rows)):
        raise ValueError(
            'QueryTracker: gradients flow through time, so training.num_grad_frames must '
            'be None; which frames have one is said by the estimator: clip_loss'
        )
    if plan.detection_rows not in ([], list(range(num_rows))) and not plan.freeze:
        raise ValueError(
            'QueryTracker: which frames have a detection loss is said by the estimator: '
            'clip_loss; training.detection_frames must be None, or 0 for no such loss'
        )
    if plan.tracker is not None or plan.feature_cache is not None:
        raise ValueError(
            "QueryTracker: its tracks are its queries', so training.tracker and "
            'training.feature_cache must be None'
        )


def _decode_frame(
    tracker: QueryTracker,
    memory: Memory,
    new: Queries,
    tracks: Queries | None,
    targets: FrameTargets,
    text: Any,
    generator: np.random.Generator,
) -> tuple[Queries, Outputs, Queries | None, Outputs | None]:
    """Queries and outputs of one frame of B clips; the noisy ones of denoising, too."""
    if tracker.track_decoder is not None and tracks is not None and len(tracks):
        # One of the two decoders at a time (TransTrack); both make use of the memory.
        if generator.random() < 0.5:
            queries, outputs = tracker.decode(memory, new.first(0), tracks, text)
            return queries, outputs, None, None
        tracks = None
    denoising = tracker.denoising
    noisy_rows = denoising and denoising.noisy_rows(new, tracks, targets, generator)
    if noisy_rows is None:
        return *tracker.decode(memory, new, tracks, text), None, None
    noisy, attn_mask = noisy_rows
    queries = new.joined(tracks)
    attn_mask = attn_mask.to(new.ids.device)
    _, outputs = tracker.decode(memory, queries.joined(noisy), None, text, attn_mask)
    count = len(queries)
    return (
        queries,
        outputs.rows(slice(count)),
        noisy,
        outputs.rows(slice(count, None)),
    )


def with_object_ids(
    queries: Queries, outputs: Outputs, targets: FrameTargets, target_index: Tensor
) -> Queries:
    """The queries with the ids of their objects, and how well each overlaps its own.

    A track query that lost its object to another one (set matching) has none any more; it
    keeps the id of an object that is not in the frame.

    Args:
        queries: Q a frame.
        outputs: Of those.
        targets: N a frame.
        target_index: (B, Q), the target of each query in the last layer.
    """
    if not targets.ids.shape[1]:
        return queries
    is_object = target_index != BACKGROUND
    index = target_index.clamp(min=0)
    is_present = (queries.ids[..., None] == targets.ids[:, None]).any(-1)
    is_lost = is_present & (queries.ids >= 0) & ~is_object
    old_ids = queries.ids.masked_fill(is_lost, NEW)
    ids = torch.where(is_object, targets.ids.gather(1, index), old_ids)
    overlaps = batched_iou(outputs.boxes[-1].detach(), targets.boxes)
    iou = overlaps.gather(2, index[..., None])[..., 0]
    return queries.with_ids(ids, iou=torch.where(is_object, iou, queries.iou))
