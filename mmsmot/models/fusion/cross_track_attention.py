"""What each trajectory needs to know of the others."""

from __future__ import annotations

import torch
from torch import nn

from ...registry import MODELS
from ...utils.number_ranges import COUNT, require_numbers
from .attention import CrossAttention

AT_ONCE = 2048  # others looked at in one go when predicting


@MODELS.register_module()
class CrossTrackAttention(nn.Module):
    """CA(T~_j, [T~_k, k != j]) over the trajectories of a video (ours).

    The paper's caption of a trajectory is spoken from its own feature alone (eq. 4), yet
    it says whom somebody hugs and what that one wears. So each trajectory looks at all
    others that are there with it before any head sees it. Somebody who is alone passes
    through the norms only.

    Args:
        channels: d.
        num_heads: Heads.
        ffn_channels: Width of the feed-forward part.
        dropout: Dropout.
        pool: Others are seen through means of so many neighbouring tokens; those of a
            box (TrajectorySemantics fills it in) keep what changes from box to box.
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
        self, fused: torch.Tensor, mask: torch.Tensor, is_other: torch.Tensor
    ) -> torch.Tensor:
        """The trajectories, each with what the others of its video tell.

        Args:
            fused: (M, L, d), T~; ``pool`` divides L.
            mask: (M, L) bool; a box's tokens are all there or none.
            is_other: (M, M) bool, at whom each looks.

        Returns:
            (M, L, d).
        """
        pooled = fused.unflatten(1, (-1, self.pool)).mean(2)
        there = mask[:, :: self.pool]
        # The others of each row, first; as many columns as the fullest video needs.
        most = int(is_other.sum(1).max()) if len(fused) else 0
        others = is_other.int().argsort(dim=1, descending=True, stable=True)[:, :most]
        seen = there[others] & is_other.gather(1, others)[..., None]
        # A long video has many people, and all of their others at once would be many.
        rows = max(1, len(fused) if self.training else AT_ONCE // max(most, 1))
        parts = (part.split(rows) for part in (fused, others, seen))
        told = [
            self.attention(own, pooled[theirs].flatten(1, 2), known.flatten(1))
            for own, theirs, known in zip(*parts, strict=True)
        ]
        return torch.cat(told)
