"""One training step of a query tracker: through the frames of B clips in their order."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from mmsmot.models.estimators import EstimatorLoss
from mmsmot.models.training.clip_plan import ClipPlan
from mmsmot.structures import Detections, Frame, SMOTDataSample
from mmsmot.structures.feature_maps import FeatureMaps

from .assigners import BACKGROUND
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

    A clip of K prompts (``prompts`` of its sample) is K rows from the text on: backbone
    and neck see it once.
    """
    _require_plan(inputs, plan)
    require_proposal_space(tracker, samples)
    clip_inputs, copies = inputs, num_prompts(samples)
    if copies > 1:
        samples = [row for sample in samples for row in one_sample_a_prompt(sample)]
        inputs = [[frame for frame in step for _ in range(copies)] for step in inputs]
    num_frames, num_clips = len(inputs), len(samples)
    with_grad = tracker.clip_loss.frames_with_grad(num_frames)
    with_loss = tracker.clip_loss.frames_with_loss(num_frames)
    with torch.set_grad_enabled(torch.is_grad_enabled() and not plan.freeze):
        text = tracker.text_of([sample.get('prompt') for sample in samples])
    features, memory = _encode_clips(
        tracker, clip_inputs, with_grad[0], plan, text, copies
    )
    if copies > 1:
        features = features[[k for k in range(len(features)) for _ in range(copies)]]
    proposals = _clip_proposals(tracker, inputs)
    head = tracker.detector.model.bbox_head
    costs = head.assigner.match_costs
    sums, matched_queries, tracks = LossSums(), MatchedQueries(), None
    for step, frames in enumerate(inputs):
        part = slice(step * num_clips, (step + 1) * num_clips)
        has_grad = torch.is_grad_enabled() and step in with_grad and not plan.freeze
        targets = FrameTargets.of(frames, samples, memory.tokens.device)
        with torch.set_grad_enabled(has_grad):
            new = tracker.new_queries(num_clips, proposals[step], features.sizes[part])
            if tracker.track_decoder is not None and step + 1 < num_frames:
                tracks = None  # detections make the tracks of the last frame
            queries, outputs, noisy, noisy_outputs = _decode_frame(
                tracker, memory[part], new, tracks, targets, text, plan.generator
            )
            target_index = tracker.assigner(outputs, queries, targets, costs)
            if step in with_loss and plan.detection_rows and not plan.freeze:
                frame = FrameBatch(tracker, targets, frames, samples, text)
                count = tracker.clip_loss.num_targets(
                    queries, targets, target_index[-1]
                )
                sums.add(frame.loss(outputs, queries, target_index), count)
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
        matched_queries, features, inputs, samples, plan, losses
    )
    tokens = tracker.project_features(estimate.track_features)
    return replace(estimate, track_features=tokens)


def num_prompts(samples: Sequence[SMOTDataSample]) -> int:
    """K, how many prompts each clip has; 1 where a clip has one or none.

    Raises:
        ValueError: Not all clips have as many.
    """
    counts = {len(sample.get('prompts') or (None,)) for sample in samples}
    if len(counts) > 1:
        raise ValueError(
            f'QueryTracker: the clips of a batch have {sorted(counts)} prompts; each must '
            'have as many (prompts_per_clip of ReferringDataset)'
        )
    return counts.pop()


def one_sample_a_prompt(sample: SMOTDataSample) -> list[SMOTDataSample]:
    """K samples with the ground truth of one, each with one of its ``prompts``."""
    rows = []
    for prompt in sample.prompts:
        row = copy.copy(sample)
        row.set_metainfo(dict(prompt=prompt))
        rows.append(row)
    return rows


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


def _encode_clips(
    tracker: QueryTracker,
    inputs: Sequence[Sequence[Frame]],
    first_with_grad: int,
    plan: ClipPlan,
    text: Any,
    copies: int,
) -> tuple[FeatureMaps, Memory]:
    """Feature maps and memory of all frames, time first; two passes, without and with
    gradient, where both kinds are there. Each frame has ``copies`` rows of memory."""
    num_clips = len(inputs[0])
    if tracker.freeze_encoder:
        return tracker.features_and_memory(
            [frame for step in inputs for frame in step],
            with_maps=plan.semantic_losses,
            with_images=plan.needs_inputs,
        )
    parts, memories, previous_levels = [], [], None
    for features, with_grad in _extract_clips(tracker, inputs, first_with_grad, plan):
        with torch.set_grad_enabled(with_grad):
            memory = tracker.encode(features, previous_levels, num_clips, text, copies)
        memories.append(memory)
        previous_levels = tracker.levels(features).last_frames(num_clips)
        parts.append(features)
    if len(parts) == 1:
        return parts[0], memories[0]
    count = sum(len(part) for part in parts)
    return FeatureMaps.joined(parts, list(range(count))), memories[0].joined(
        memories[1]
    )


def _extract_clips(
    tracker: QueryTracker,
    inputs: Sequence[Sequence[Frame]],
    first_with_grad: int,
    plan: ClipPlan,
) -> list[tuple[FeatureMaps, bool]]:
    """Feature maps of the clips in one or two parts, each with whether it takes a gradient.

    All have the same padding, since their memories are joined: frames that differ in size
    are one batch, from which the first ones are taken without gradient.
    """
    frames = [frame for step in inputs for frame in step]
    count = first_with_grad * len(inputs[0])
    has_grad = torch.is_grad_enabled() and not plan.freeze
    batch = None
    if len({frame.image.shape for frame in frames}) > 1:
        with torch.set_grad_enabled(has_grad):
            batch = tracker.detector.extract(frames)
    parts = []
    for rows, with_grad in (
        ([*range(count)], False),
        ([*range(count, len(frames))], has_grad),
    ):
        if not rows:
            continue
        with torch.set_grad_enabled(with_grad):
            if batch is None:
                features = tracker.detector.extract([frames[row] for row in rows])
            else:
                features = batch[rows]
        parts.append((features, with_grad))
    return parts


def _clip_proposals(
    tracker: QueryTracker, inputs: Sequence[Sequence[Frame]]
) -> list[list[Detections] | None]:
    """Proposals of each frame of B clips, ``[t][b]``, detected clip by clip."""
    if not tracker.query_init.reads_proposals:
        return [None] * len(inputs)
    clips = [tracker.proposals(frames) for frames in zip(*inputs, strict=True)]
    return [[*frames] for frames in zip(*clips, strict=True)]


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
