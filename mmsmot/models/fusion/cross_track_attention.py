"""Attention between the trajectories of a video."""

from __future__ import annotations

import torch
from torch import nn

from ...registry import MODELS
from ...utils.number_ranges import COUNT, require_numbers
from .attention import CrossAttention

MAX_KEYS = 2048  # trajectories attended to at once when predicting: bounds the memory


@MODELS.register_module()
class CrossTrackAttention(nn.Module):
    """CA(T~_j, [T~_k, k != j]) over the trajectories of a video (ours).

    In the paper the caption of a trajectory is generated from its own feature alone (eq.
    4), yet it names interaction partners and their clothes. So each trajectory attends to
    all others that share a frame with it, before any head. A trajectory without others
    passes through the norms only.

    Args:
        channels: d.
        num_heads: Heads.
        ffn_channels: Width of the feed-forward part.
        dropout: Dropout.
        pool: Keys and values are means of so many neighbouring tokens; K, those of a box
            (TrajectorySemantics fills it in), keeps what changes from box to box.
    """

    def __init__(
        self,
        *,
        channels: int = 256,
        num_heads: int = 8,
        ffn_channels: int = 1024,
        dropout: float = 0.1,
        pool: int = 4,
    ) -> None:
        super().__init__()
        require_numbers('CrossTrackAttention', COUNT, pool=pool)
        self.attention = CrossAttention(channels, num_heads, ffn_channels, dropout)
        self.pool = pool

    def forward(
        self, fused: torch.Tensor, mask: torch.Tensor, co_occur: torch.Tensor
    ) -> torch.Tensor:
        """T~, each trajectory attending to the others of its video.

        Args:
            fused: (M, L, d), T~; ``pool`` divides L.
            mask: (M, L) bool; all tokens of a box are true or none.
            co_occur: (M, M) bool, the trajectories that each attends to.

        Returns:
            (M, L, d).
        """
        pooled = fused.unflatten(1, (-1, self.pool)).mean(2)
        pooled_mask = mask[:, :: self.pool]
        # Rows attended to come first; as many columns as the fullest video needs.
        width = int(co_occur.sum(1).max()) if len(fused) else 0
        keys = co_occur.int().argsort(dim=1, descending=True, stable=True)[:, :width]
        key_mask = pooled_mask[keys] & co_occur.gather(1, keys)[..., None]
        # A long video has many trajectories; all at once would need too much memory.
        rows = max(1, len(fused) if self.training else MAX_KEYS // max(width, 1))
        chunks = (table.split(rows) for table in (fused, keys, key_mask))
        attended = [
            self.attention(z, pooled[chunk_keys].flatten(1, 2), chunk_mask.flatten(1))
            for z, chunk_keys, chunk_mask in zip(*chunks, strict=True)
        ]
        return torch.cat(attended)
