"""Semantic Guidance Module of MLS-Track: queries read the words before the decoder."""

from __future__ import annotations

import torch
from torch import nn

from mmsmot.registry import MODELS
from mmsmot.utils.number_ranges import (
    COUNT,
    FRACTION,
    require_choice,
    require_numbers,
)
from projects.query_trackers.deformable_decoding import self_attention_mask
from projects.query_trackers.queries import Queries
from projects.referring_mot.models.text_encoders.base import TextFeatures

FULL, NEW_ONLY, CROSS_ONLY = MODES = ('full', 'new_only', 'cross_only')


@MODELS.register_module()
class SemanticGuidance(nn.Module):
    """SGM (MLS-Track, section 4.2, Fig. 5).

    ::

        content + position -> self-attention -> + content -> norm -> FFN -> + -> norm
                                                                                  |
                               content of the decoder <- + <- cross-attention ----+
                                                         ^            |
                                                         |     words -> Linear
                                                         +-- residual

    Args:
        channels: d.
        text_channels: Of the words.
        num_heads: Of both attentions.
        ffn_channels: Of the feed-forward network.
        dropout: Of attentions and network.
        mode: ``'full'``, Fig. 5 (c); ``'new_only'``, "Only Det" of Table 4: the track
            queries stay as they are, and no new one reads them; ``'cross_only'``, "Only
            Cross-atten.": no self-attention and no feed-forward network.
        residual: Whether the cross-attention is added to its queries. Equation (3) is
            printed without; but then a query is a mixture of words and nothing else.

    Raises:
        ValueError: There is no such ``mode``.
    """

    def __init__(
        self,
        *,
        channels: int = 256,
        text_channels: int = 768,
        num_heads: int = 8,
        ffn_channels: int = 1024,
        dropout: float = 0.0,
        mode: str = FULL,
        residual: bool = True,
    ) -> None:
        super().__init__()
        owner = 'SemanticGuidance'
        require_numbers(owner, COUNT, channels=channels, text_channels=text_channels)
        require_numbers(owner, COUNT, num_heads=num_heads, ffn_channels=ffn_channels)
        require_numbers(owner, FRACTION, dropout=dropout)
        require_choice(owner, MODES, mode=mode)
        self.text_channels = text_channels
        self.mode = mode
        self.residual = residual
        if mode != CROSS_ONLY:
            self.self_attention = nn.MultiheadAttention(
                channels, num_heads, dropout, batch_first=True
            )
            self.norm = nn.LayerNorm(channels)
            self.ffn = nn.Sequential(
                nn.Linear(channels, ffn_channels),
                nn.ReLU(),
                nn.Dropout(dropout),
                nn.Linear(ffn_channels, channels),
                nn.Dropout(dropout),
            )
            self.ffn_norm = nn.LayerNorm(channels)
        self.projection = nn.Linear(text_channels, channels)
        self.cross_attention = nn.MultiheadAttention(
            channels, num_heads, dropout, batch_first=True
        )

    def forward(
        self,
        queries: Queries,
        text: TextFeatures,
        attn_mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """(B, Q, d) content with the text in it.

        Args:
            queries: Q a frame; where they have no position, the content is by itself.
            text: B sentences.
            attn_mask: (Q, Q) bool, ``attn_mask[i, j]``: row i must read nothing of row j.
        """
        content = queries.content
        if self.mode != CROSS_ONLY:
            content = self._attended(queries, attn_mask)
        words = self.projection(text.words)  # equation (2)
        read, _ = self.cross_attention(
            content, words, words, key_padding_mask=~text.mask, need_weights=False
        )
        guided = content + read if self.residual else read  # equation (3)
        if self.mode == NEW_ONLY:
            is_track = queries.is_track[..., None]
            guided = torch.where(is_track, queries.content, guided)
        return guided

    def _attended(
        self, queries: Queries, attn_mask: torch.Tensor | None
    ) -> torch.Tensor:
        """Self-attention and feed-forward network over the rows that may be read."""
        unread = queries.pad
        if self.mode == NEW_ONLY:
            unread = unread | queries.is_track
        mask = self_attention_mask(unread, attn_mask, self.self_attention.num_heads)
        content, pos = queries.content, queries.pos
        query = content if pos is None else content + pos
        mixed, _ = self.self_attention(
            query, query, content, attn_mask=mask, need_weights=False
        )
        content = self.norm(content + mixed)
        return self.ffn_norm(content + self.ffn(content))
