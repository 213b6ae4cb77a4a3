"""Denoising of track queries in groups (MOTRv3, taken over by MLS-Track)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from mmsmot.registry import MODELS
from mmsmot.utils.number_ranges import COUNT, NON_NEGATIVE, require_numbers

from .assigners import tracked_targets
from .frame_batch import FrameBatch
from .queries import FALSE_POSITIVE, NEW, FrameTargets, Outputs, Queries


@MODELS.register_module()
class TrackGroupDenoising(nn.Module):
    """Noisy copies of the track queries, each of which has to find its object too.

    ::

        rows          new | tracks | group 1 | ... | group G
        a group reads new, and itself; new and tracks read no group

    A copy keeps the object of its track, in class, box and referring loss, and goes on to
    no next frame. It has no weights, and does nothing at test.

    Args:
        num_groups: G.
        noise: sigma of the Gaussian that is added to the content.
    """

    def __init__(self, *, num_groups: int = 3, noise: float = 0.3) -> None:
        super().__init__()
        require_numbers('TrackGroupDenoising', COUNT, num_groups=num_groups)
        require_numbers('TrackGroupDenoising', NON_NEGATIVE, noise=noise)
        self.num_groups = num_groups
        self.noise = noise

    def noisy_rows(
        self,
        new: Queries,
        tracks: Queries | None,
        targets: FrameTargets,
        generator: np.random.Generator,
    ) -> tuple[Queries, Tensor] | None:
        """As of :meth:`BoxDenoising.noisy_rows`; ``None`` where there is no track."""
        if tracks is None or not len(tracks):
            return None
        return self.queries(tracks, generator), self.attn_mask(len(new), len(tracks))

    def loss(
        self, frame: FrameBatch, outputs: Outputs, noisy: Queries
    ) -> dict[str, Tensor]:
        """Sums of all losses of the copies, the mean over the groups."""
        target_index = tracked_targets(noisy, frame.targets)
        target_index = target_index.expand(len(outputs.hs), -1, -1)
        return {
            f'dn.{name}': value / self.num_groups
            for name, value in frame.loss(outputs, noisy, target_index).items()
        }

    def queries(self, tracks: Queries, generator: np.random.Generator) -> Queries:
        """G copies of K track queries a frame, (B, G * K), group after group.

        A track without an object is a false one in them: no newborn object is for a copy.
        """
        groups = tracks.map_columns(
            lambda column: column.repeat(1, self.num_groups, *[1] * (column.dim() - 2))
        )
        noise = torch.from_numpy(generator.standard_normal(groups.content.shape))
        content = groups.content + self.noise * noise.to(groups.content)
        ids = groups.ids.masked_fill(groups.ids == NEW, FALSE_POSITIVE)
        return replace(groups, content=content, ids=ids)

    def attn_mask(self, num_new: int, num_tracks: int) -> Tensor:
        """(Q, Q) bool of new queries, tracks and groups: what a row must not read."""
        # 0: new queries; 1: the tracks; 2, ...: the groups.
        owner = torch.arange(self.num_groups + 1).repeat_interleave(num_tracks) + 1
        owner = torch.cat([torch.zeros(num_new, dtype=torch.int64), owner])
        reader, source = owner[:, None], owner[None]
        is_group = source > 1
        return (reader != source) & (is_group | (reader > 1) & (source == 1))
