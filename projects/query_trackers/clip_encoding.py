"""The frames of B clips of a training step, encoded, and what else is read of them."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from mmsmot.models.training.clip_plan import ClipPlan
from mmsmot.structures import Detections, Frame, SMOTDataSample
from mmsmot.structures.feature_maps import FeatureMaps

from .deformable_decoding import Memory

if TYPE_CHECKING:
    from .query_tracker import QueryTracker


@dataclass(frozen=True, eq=False)
class EncodedClips:
    """B clips of T frames; a row of a table is frame by frame, clip by clip.

    Attributes:
        inputs: The frames, ``inputs[t][b]``.
        samples: B samples, each with its prompt.
        text: What the text hook made of the prompts; ``None`` without one.
        features: Of T * B rows.
        memory: Of T * B rows.
        proposals: ``proposals[t][b]``; ``None`` for each t where none are read.
    """

    inputs: Sequence[Sequence[Frame]]
    samples: Sequence[SMOTDataSample]
    text: Any
    features: FeatureMaps
    memory: Memory
    proposals: list[list[Detections] | None]


def encoded_clips(
    tracker: QueryTracker,
    inputs: Sequence[Sequence[Frame]],
    samples: Sequence[SMOTDataSample],
    first_with_grad: int,
    plan: ClipPlan,
) -> EncodedClips:
    """Encode the frames of B clips, and read their texts.

    Where a text hook reads prompts, a clip of K prompts (``prompts`` of its sample) gives K
    clips: backbone, neck and proposal detector see it once, fusion and encoder for each.

    Args:
        tracker: The tracker.
        inputs: The frames, ``inputs[t][b]``.
        samples: The clips'.
        first_with_grad: Position of the first frame that takes a gradient.
        plan: Of the step.
    """
    copies = num_prompts(samples) if tracker.reads_prompt else 1
    if copies > 1:
        samples = [row for sample in samples for row in one_sample_a_prompt(sample)]
    with torch.set_grad_enabled(torch.is_grad_enabled() and not plan.freeze):
        hook = tracker.text_hook
        text = None if hook is None else hook.begin_clips(samples)
    features, memory = _features_and_memory(
        tracker, inputs, first_with_grad, plan, text, copies
    )
    proposals = _clip_proposals(tracker, inputs)
    if copies > 1:
        features = features[_repeated(range(len(features)), copies)]
        inputs = [_repeated(step, copies) for step in inputs]
        proposals = [step and _repeated(step, copies) for step in proposals]
    return EncodedClips(inputs, samples, text, features, memory, proposals)


def _repeated(rows: Iterable, copies: int) -> list:
    """Each row so many times, one after the other."""
    return [row for row in rows for _ in range(copies)]


def _features_and_memory(
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
    encoder_copies = copies if tracker.fuses_levels else 1
    if tracker.freeze_encoder:
        features, memory = tracker.features_and_memory(
            [frame for step in inputs for frame in step],
            with_maps=plan.semantic_losses,
            with_images=plan.needs_inputs,
        )
        return features, memory.repeated(copies)
    parts, memories, previous_levels = [], [], None
    for features, with_grad in _extract_clips(tracker, inputs, first_with_grad, plan):
        with torch.set_grad_enabled(with_grad):
            memory = tracker.encode(
                features, previous_levels, num_clips, text, encoder_copies
            )
            memory = memory.repeated(copies // encoder_copies)
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
    if len({frame.image_size for frame in frames}) > 1:
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
