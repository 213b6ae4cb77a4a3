"""Early fusion of TransRMOT: every feature level reads the words before the encoder."""

from __future__ import annotations

import torch
from torch import nn

from mmsmot.registry import MODELS
from mmsmot.utils.number_ranges import COUNT, FRACTION, require_numbers
from projects.query_trackers.queries import sine_embedding
from projects.referring_mot.models.text_encoders.base import TextFeatures


@MODELS.register_module()
class EarlyFusion(nn.Module):
    """Cross-attention from the cells of each level to the words (TransRMOT, section 4.2).

    ::

        words -> Linear -> LayerNorm -> values
                               + position -> keys
        level (B, d, H, W) --> queries -> attention -> + level

    One attention serves all levels; cells have no position in it (released, 3eefe1d).

    Args:
        channels: d.
        text_channels: Of the words.
        num_heads: Of the attention.
        dropout: Of its weights.
    """

    def __init__(
        self,
        *,
        channels: int = 256,
        text_channels: int = 768,
        num_heads: int = 8,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        owner = 'EarlyFusion'
        require_numbers(owner, COUNT, channels=channels, text_channels=text_channels)
        require_numbers(owner, COUNT, num_heads=num_heads)
        require_numbers(owner, FRACTION, dropout=dropout)
        self.text_channels = text_channels
        self.projection = nn.Sequential(
            nn.Linear(text_channels, channels),
            nn.LayerNorm(channels, eps=1e-12),  # released
        )
        self.attention = nn.MultiheadAttention(
            channels, num_heads, dropout, batch_first=True
        )

    def forward(
        self, levels: tuple[torch.Tensor, ...], text: TextFeatures
    ) -> tuple[torch.Tensor, ...]:
        """The levels with the text in them.

        Args:
            levels: (B, d, H_l, W_l) each.
            text: B sentences.
        """
        values = self.projection(text.words)
        keys = values + word_positions(text.mask, values.shape[-1])
        return tuple(self._fused(level, keys, values, ~text.mask) for level in levels)

    def _fused(
        self,
        level: torch.Tensor,
        keys: torch.Tensor,
        values: torch.Tensor,
        is_padding: torch.Tensor,
    ) -> torch.Tensor:
        cells = level.flatten(2).transpose(1, 2)
        read, _ = self.attention(
            cells, keys, values, key_padding_mask=is_padding, need_weights=False
        )
        return level + read.transpose(1, 2).unflatten(2, level.shape[2:])


def word_positions(mask: torch.Tensor, channels: int) -> torch.Tensor:
    """(S, L, d) sine embeddings of the words' places, from 1 / n to 1 of n words.

    Args:
        mask: (S, L) bool, the words that count.
        channels: d, even.
    """
    places = mask.cumsum(1).float()
    return sine_embedding(places[..., None] / (places[:, -1:, None] + 1e-6), channels)
