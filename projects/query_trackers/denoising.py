"""Denoising of ground truth boxes beside the queries (MOTRv2, section 3.3)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from mmsmot.registry import MODELS
from mmsmot.utils.number_ranges import COUNT, FRACTION, require_numbers

from .clip_losses import box_loss
from .frame_batch import FrameBatch
from .queries import PADDING, FrameTargets, Outputs, Queries


@MODELS.register_module()
class BoxDenoising(nn.Module):
    """Queries at noisy true boxes, which only the box losses are taken of.

    They see all queries; no query sees them.

    Args:
        channels: d.
        noise: lambda, of the centre in box sizes, and of the size.
    """

    def __init__(self, *, channels: int, noise: float = 0.05) -> None:
        super().__init__()
        require_numbers('BoxDenoising', COUNT, channels=channels)
        require_numbers('BoxDenoising', FRACTION, noise=noise)
        self.noise = noise
        self.content = nn.Embedding(1, channels)

    def noisy_rows(
        self,
        new: Queries,
        tracks: Queries | None,
        targets: FrameTargets,
        generator: np.random.Generator,
    ) -> tuple[Queries, Tensor]:
        """Noisy queries that stand behind those of a frame, and what no row may read.

        Args:
            new: New queries.
            tracks: Track queries, ``None`` for none.
            targets: N a frame.
            generator: Draws the noise.

        Returns:
            The noisy ones, and ``attn_mask`` (Q, Q) of :func:`~.deformable_decoding.decode`
            over all rows.
        """
        noisy = self.queries(targets, generator)
        count = len(new) + (0 if tracks is None else len(tracks))
        return noisy, denoising_attn_mask(count, len(noisy))

    def loss(
        self, frame: FrameBatch, outputs: Outputs, noisy: Queries
    ) -> dict[str, Tensor]:
        """Sums of the box losses of the denoised boxes, layer by layer."""
        is_object = ~frame.targets.pad
        return {
            f'dn{layer}.{name}': value
            for layer, boxes in enumerate(outputs.boxes)
            for name, value in box_loss(
                frame.head, boxes[is_object], frame.targets.boxes[is_object]
            ).items()
        }

    def queries(self, targets: FrameTargets, generator: np.random.Generator) -> Queries:
        """N a frame, one for each target."""
        draws = torch.from_numpy(generator.uniform(-1, 1, targets.boxes.shape))
        draws = draws.to(targets.boxes) * self.noise
        centre, size = targets.boxes[..., :2], targets.boxes[..., 2:]
        refs = [centre + size * draws[..., :2], size * (1 + draws[..., 2:])]
        content = self.content.weight[None].expand(*targets.ids.shape, -1)
        queries = Queries.new(content, torch.cat(refs, -1).clamp(0, 1))
        return queries.with_ids(queries.ids.masked_fill(targets.pad, PADDING))


def denoising_attn_mask(num_queries: int, num_denoised: int) -> Tensor:
    """(Q + N, Q + N) bool for ``decode``: the first rows do not see the others."""
    mask = torch.zeros((num_queries + num_denoised,) * 2, dtype=torch.bool)
    mask[:num_queries, num_queries:] = True
    return mask
