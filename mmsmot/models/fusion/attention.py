"""Attention as the paper's CA(z, u) and SA(z)."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from ...utils.number_ranges import COUNT, FRACTION, NON_NEGATIVE_INT, require_numbers

KeysValues = tuple[torch.Tensor, torch.Tensor]

MAX_TOKENS = 2**16  # in one self-attention when predicting, so that memory is bounded


class CrossAttention(nn.Module):
    """CA(z, u): z generates the query, u key and value (SMOTer paper, eq. 1, 3, 5).

    Multi-head attention, residual, LayerNorm and, with ``ffn_channels``, a feed-forward
    part with its own residual and LayerNorm, as in Vaswani et al. No positions. Keys and
    values can be projected once and attended to many times.

    Args:
        channels: d.
        num_heads: Heads; they divide ``channels``.
        ffn_channels: Width of the feed-forward part; 0 for none.
        dropout: Of the attention weights and both branches.
    """

    def __init__(
        self,
        channels: int = 256,
        num_heads: int = 8,
        ffn_channels: int = 1024,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        owner = type(self).__name__
        require_numbers(owner, COUNT, channels=channels, num_heads=num_heads)
        require_numbers(owner, NON_NEGATIVE_INT, ffn_channels=ffn_channels)
        require_numbers(owner, FRACTION, dropout=dropout)
        if channels % num_heads:
            raise ValueError(
                f'CrossAttention: {num_heads} heads do not divide {channels} channels'
            )
        self.num_heads = num_heads
        self.dropout = dropout
        self.query = nn.Linear(channels, channels)
        self.key_value = nn.Linear(channels, 2 * channels)
        self.out = nn.Linear(channels, channels)
        self.norm = nn.LayerNorm(channels)
        self.ffn = None
        if ffn_channels:
            self.ffn = nn.Sequential(
                nn.Linear(channels, ffn_channels),
                nn.ReLU(),
                nn.Dropout(dropout),
                nn.Linear(ffn_channels, channels),
            )
            self.ffn_norm = nn.LayerNorm(channels)

    def keys_values(self, u: torch.Tensor) -> KeysValues:
        """Keys and values of u (..., L, d), each (..., heads, L, d / heads)."""
        key, value = self.key_value(u).chunk(2, dim=-1)
        return self._split(key), self._split(value)

    def queries(self, z: torch.Tensor) -> torch.Tensor:
        """Queries of z (..., L, d): (..., heads, L, d / heads)."""
        return self._split(self.query(z))

    def forward(
        self,
        z: torch.Tensor,
        u: torch.Tensor | KeysValues,
        mask: torch.Tensor | None = None,
        queries: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """CA(z, u).

        Args:
            z: (B, Q, d).
            u: (B, L, d), or what :meth:`keys_values` made of it.
            mask: (B, L) bool, true where u is attended to; ``None`` for all. A row
                without any true gives z through the norms.
            queries: What :meth:`queries` made of z, where that is computed already.

        Returns:
            (B, Q, d).
        """
        keys, values = self.keys_values(u) if isinstance(u, torch.Tensor) else u
        allowed = None
        if mask is not None:
            # A row without any true attends to all, and is set to 0 below: no NaN.
            allowed = (mask | ~mask.any(dim=1, keepdim=True))[:, None, None]
        attended = F.scaled_dot_product_attention(
            self.queries(z) if queries is None else queries,
            keys,
            values,
            attn_mask=allowed,
            dropout_p=self.dropout if self.training else 0.0,
        )
        if mask is not None:
            attended = attended * mask.any(dim=1)[:, None, None, None]
        attended = self.out(attended.transpose(1, 2).flatten(2))
        z = self.norm(z + F.dropout(attended, self.dropout, self.training))
        if self.ffn is not None:
            z = self.ffn_norm(z + F.dropout(self.ffn(z), self.dropout, self.training))
        return z

    def _split(self, x: torch.Tensor) -> torch.Tensor:
        return x.unflatten(-1, (self.num_heads, -1)).transpose(-2, -3)


class SelfAttention(CrossAttention):
    """SA(z) = CA(z, z) (SMOTer paper, eq. 2)."""

    def forward(
        self, z: torch.Tensor, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """SA(z) for z (B, L, d) and mask (B, L); see :class:`CrossAttention`."""
        # A long video has many trajectories; all at once would need too much memory.
        rows = len(z) if self.training else max(1, MAX_TOKENS // max(z.shape[1], 1))
        if rows >= len(z):
            return super().forward(z, z, mask)
        attend, parts = super().forward, z.split(rows)
        masks = [None] * len(parts) if mask is None else mask.split(rows)
        return torch.cat([attend(p, p, m) for p, m in zip(parts, masks, strict=True)])
