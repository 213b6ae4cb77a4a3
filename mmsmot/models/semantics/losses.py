"""Losses of captions, interactions and bigrams on clips."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from mmengine.dist import all_reduce, get_world_size

from ...structures import SMOTDataSample
from ...structures.feature_maps import FeatureMaps
from ..estimators.base import EstimatorLoss
from ..training.clip_table import ClipTable
from .fused_tracks import FusedTracks

if TYPE_CHECKING:
    from .trajectory_semantics import TrajectorySemantics

LOSSES = ('instance_caption', 'video_caption', 'interaction', 'bigrams')

# A sum, ``None`` over nothing, and how many it is over.
Total = tuple[torch.Tensor | None, int]


def semantic_losses(
    semantics: TrajectorySemantics,
    clips: ClipTable,
    data_samples: list[SMOTDataSample],
    estimate: EstimatorLoss,
    fused_tracks: FusedTracks | None,
) -> dict[str, torch.Tensor]:
    """The losses of B clips by name, each a mean over what it counts in all processes.

    Args:
        semantics: Has the heads; those it lacks have no loss.
        clips: The trajectories to describe.
        data_samples: B samples with ground truth; fields that one lacks have no loss.
        estimate: Feature maps of T * B frames, time first, or track features.
        fused_tracks: The fused trajectories; ``None`` where there are none.
    """
    rows, captions = _captioned(clips, data_samples)
    totals = {}
    if semantics.instance_caption is not None:
        totals['instance_caption'] = _of_captions(
            semantics, fused_tracks, rows, captions
        )
    if semantics.video_caption is not None:
        totals['video_caption'] = _of_video_captions(
            semantics, clips, data_samples, estimate.features, fused_tracks
        )
    if semantics.bigram_head is not None:
        totals['bigrams'] = _of_bigrams(semantics, fused_tracks, rows, captions)
    if semantics.interaction is not None:
        totals['interaction'] = _of_interactions(
            semantics, clips, data_samples, fused_tracks
        )
    anchor = estimate.track_features
    anchor = estimate.features.levels[0] if anchor is None else anchor
    weights = semantics.loss_weights
    return {
        f'loss_{name}': mean * weights.get(name, 1.0)
        for name, mean in _means(totals, anchor, semantics).items()
    }


def _captioned(
    clips: ClipTable, data_samples: list[SMOTDataSample]
) -> tuple[list[int], list[str]]:
    """The rows of a table that have a GT caption, and these captions."""
    captioned = [
        (row, data_samples[clip].gt_captions[gt_id])
        for row, (clip, gt_id) in enumerate(clips.names)
        if gt_id in data_samples[clip].get('gt_captions', {})
    ]
    return [row for row, _ in captioned], [caption for _, caption in captioned]


def _of_captions(
    semantics: TrajectorySemantics,
    fused_tracks: FusedTracks | None,
    rows: list[int],
    captions: list[str],
) -> Total:
    if not rows or fused_tracks is None:
        return None, 0
    prefix = fused_tracks.caption_prefix(rows)
    return semantics.instance_caption.loss(*prefix, captions)


def _of_bigrams(
    semantics: TrajectorySemantics,
    fused_tracks: FusedTracks | None,
    rows: list[int],
    captions: list[str],
) -> Total:
    if not rows or fused_tracks is None or fused_tracks.bigram_logits is None:
        return None, 0
    ids, pad_id = semantics.instance_caption.encoded(captions)
    logits = fused_tracks.bigram_logits[rows]
    return semantics.bigram_head.loss(logits, ids.to(logits.device), pad_id)


def _of_video_captions(
    semantics: TrajectorySemantics,
    clips: ClipTable,
    data_samples: list[SMOTDataSample],
    features: FeatureMaps | None,
    fused_tracks: FusedTracks | None,
) -> Total:
    clip_rows = [b for b, s in enumerate(data_samples) if 'gt_video_caption' in s]
    if not clip_rows:
        return None, 0
    if features is None:
        raise TypeError('TrajectorySemantics: video_fusion needs feature maps')
    tokens = semantics.video_fusion.frame_tokens(features)
    tokens = tokens.unflatten(0, (-1, len(data_samples)))
    videos = semantics.video_fusion(tokens).fused[clip_rows]
    rows = [clips.rows_of_clip(b) for b in clip_rows]
    prefixes = semantics.video_prefixes(videos, fused_tracks, rows)
    captions = [data_samples[b].gt_video_caption for b in clip_rows]
    return semantics.video_caption.loss(prefixes, captions)


def _of_interactions(
    semantics: TrajectorySemantics,
    clips: ClipTable,
    data_samples: list[SMOTDataSample],
    fused_tracks: FusedTracks | None,
) -> Total:
    if fused_tracks is None or fused_tracks.logits is None:
        return None, 0
    logits, targets = [], []
    ids = [gt_id for _, gt_id in clips.names]
    video = torch.tensor([clip for clip, _ in clips.names])[
        fused_tracks.pairs[:, 0].cpu()
    ]
    for b, sample in enumerate(data_samples):
        is_of_clip = (video == b).to(fused_tracks.pairs.device)
        if 'gt_interactions' in sample and is_of_clip.any():
            gt = sample.gt_interactions
            pairs = fused_tracks.pairs[is_of_clip]
            targets.append(semantics.interaction.targets(pairs, ids, gt))
            logits.append(fused_tracks.logits[is_of_clip])
    if not targets:
        return None, 0
    return semantics.interaction.loss(torch.cat(logits), torch.cat(targets))


def _means(
    totals: dict[str, Total], anchor: torch.Tensor, semantics: TrajectorySemantics
) -> dict[str, torch.Tensor]:
    """Each sum over the mean count of all processes; 0 with a graph for nothing.

    Args:
        totals: Sums and counts of the losses by name, the same names in all processes.
        anchor: A tensor with the graph that the losses hang on.
        semantics: Whose losses they are.
    """
    counts = [float(count) for _, count in totals.values()]
    global_counts = torch.tensor(counts, device=anchor.device)
    if counts:
        all_reduce(global_counts)
    # A frozen detector has no graph, a weight has one.
    weights = [w for w in semantics.parameters() if w.requires_grad][:1]
    zero = torch.stack(
        [part.flatten()[:0].float().sum() for part in (anchor, *weights)]
    ).sum()
    return {
        # Clamped before it is divided, or processes would clamp otherwise than one.
        name: zero if total is None else total * get_world_size() / count.clamp(min=1.0)
        for (name, (total, _)), count in zip(totals.items(), global_counts, strict=True)
    }
