"""The losses of what is said about clips."""

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
        semantics: Its heads speak; those it lacks have no loss.
        clips: The trajectories that are spoken about.
        data_samples: B samples with truth; what one lacks is not asked of it.
        estimate: Feature maps of T * B frames, time first, or track features.
        fused_tracks: The fused trajectories; ``None`` where there are none.
    """
    told = _captioned(clips, data_samples)
    totals = {}
    if semantics.instance_caption is not None:
        totals['instance_caption'] = _of_captions(semantics, fused_tracks, *told)
    if semantics.video_caption is not None:
        totals['video_caption'] = _of_video_captions(
            semantics, clips, data_samples, estimate.features, fused_tracks
        )
    if semantics.bigram_head is not None:
        totals['bigrams'] = _of_bigrams(semantics, fused_tracks, *told)
    if semantics.interaction is not None:
        totals['interaction'] = _of_interactions(
            semantics, clips, data_samples, fused_tracks
        )
    anchor = estimate.track_features
    anchor = estimate.features.levels[0] if anchor is None else anchor
    return {
        f'loss_{name}': _mean(*total, anchor, semantics)
        * semantics.loss_weights.get(name, 1.0)
        for name, total in totals.items()
    }


def _captioned(
    clips: ClipTable, data_samples: list[SMOTDataSample]
) -> tuple[list[int], list[str]]:
    """The rows of a table that have a true caption, and that."""
    told = [
        (row, data_samples[clip].gt_captions[true_id])
        for row, (clip, true_id) in enumerate(clips.names)
        if true_id in data_samples[clip].get('gt_captions', {})
    ]
    return [row for row, _ in told], [caption for _, caption in told]


def _of_captions(
    semantics: TrajectorySemantics,
    fused_tracks: FusedTracks | None,
    rows: list[int],
    captions: list[str],
) -> Total:
    if not rows:
        return None, 0
    prefix = fused_tracks.caption_prefix(rows, semantics.interaction_tokens)
    return semantics.instance_caption.loss(*prefix, captions)


def _of_bigrams(
    semantics: TrajectorySemantics,
    fused_tracks: FusedTracks | None,
    rows: list[int],
    captions: list[str],
) -> Total:
    if not rows:
        return None, 0
    ids, pad_id = semantics.instance_caption.encoded(captions)
    logits = fused_tracks.bigram_logits[rows]
    return semantics.bigram_head.loss(logits, ids.to(logits.device), pad_id)


def _of_video_captions(
    semantics: TrajectorySemantics,
    clips: ClipTable,
    data_samples: list[SMOTDataSample],
    features: FeatureMaps,
    fused_tracks: FusedTracks | None,
) -> Total:
    told = [b for b, sample in enumerate(data_samples) if 'gt_video_caption' in sample]
    if not told:
        return None, 0
    tokens = semantics.video_fusion.frame_tokens(features)
    tokens = tokens.unflatten(0, (-1, len(data_samples)))
    videos = semantics.video_fusion(tokens).fused[told]
    rows = [clips.rows_of_clip(b) for b in told]
    prefixes = semantics.video_prefixes(videos, fused_tracks, rows)
    captions = [data_samples[b].gt_video_caption for b in told]
    return semantics.video_caption.loss(prefixes, captions)


def _of_interactions(
    semantics: TrajectorySemantics,
    clips: ClipTable,
    data_samples: list[SMOTDataSample],
    fused_tracks: FusedTracks | None,
) -> Total:
    if fused_tracks is None:
        return None, 0
    logits, targets = [], []
    ids = [true_id for _, true_id in clips.names]
    video = torch.tensor([clip for clip, _ in clips.names])[
        fused_tracks.pairs[:, 0].cpu()
    ]
    for b, sample in enumerate(data_samples):
        own = (video == b).to(fused_tracks.pairs.device)
        if 'gt_interactions' in sample and own.any():
            truth = sample.gt_interactions
            pairs = fused_tracks.pairs[own]
            targets.append(semantics.interaction.targets(pairs, ids, truth))
            logits.append(fused_tracks.logits[own])
    if not targets:
        return None, 0
    return semantics.interaction.loss(torch.cat(logits), torch.cat(targets))


def _mean(
    total: torch.Tensor | None,
    count: int,
    anchor: torch.Tensor,
    semantics: TrajectorySemantics,
) -> torch.Tensor:
    """``total`` over the mean count of all processes; 0 with a graph for nothing.

    Args:
        total: Sum of a loss; ``None`` over nothing.
        count: How many it is over.
        anchor: What the losses are made from.
        semantics: Whose losses they are.
    """
    everywhere = torch.tensor(float(count), device=anchor.device)
    all_reduce(everywhere)
    if total is None:
        # Of a frozen detector there is no graph, of a weight there is.
        weights = [w for w in semantics.parameters() if w.requires_grad][:1]
        return sum(x.flatten()[:0].sum() for x in (anchor, *weights))
    # Clamped before it is divided, or processes would clamp otherwise than one.
    return total * get_world_size() / everywhere.clamp(min=1.0)
