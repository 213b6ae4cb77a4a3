"""Denoising of ground truth boxes beside the queries (MOTRv2, section 3.3)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from mmsmot.registry import MODELS
from mmsmot.utils.number_ranges import COUNT, FRACTION, require_numbers

from .queries import PADDING, FrameTargets, Queries


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
