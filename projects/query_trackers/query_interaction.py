"""Query interaction of MOTR and MOTRv2: tracks attend to each other between frames."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from mmsmot.registry import MODELS
from mmsmot.utils.number_ranges import COUNT, FRACTION, require_numbers

from .deformable_decoding import self_attention_mask
from .queries import (
    FALSE_POSITIVE,
    NEW,
    GatherIndex,
    Outputs,
    Queries,
    batched_iou,
    sine_embedding,
)
from .updaters import QueryUpdater, active_tracks, bernoulli, best_inactive

ACTIVE_IOU = 0.5  # MOTR and MOTRv2: a query that found less of its object loses it
ACTIVE_SCORE = 0.5  # MOTRv2: below it a query and its reference stay as they were


class _Interaction(QueryUpdater):
    """What QIM and QIMv2 share: attention among tracks, then new content and position.

    ::

        hs + pos -> attention -> norm -> FFN -> norm -> FFN -> + content -> norm -> content
                                               (QIM)  -> FFN -> + pos     -> norm -> pos
    """

    def __init__(
        self,
        *,
        channels: int = 256,
        num_heads: int = 8,
        ffn_channels: int = 1024,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        require_numbers(
            name,
            COUNT,
            channels=channels,
            num_heads=num_heads,
            ffn_channels=ffn_channels,
        )
        require_numbers(name, FRACTION, dropout=dropout)
        self.attention = nn.MultiheadAttention(
            channels, num_heads, dropout, batch_first=True
        )
        self.dropout = nn.Dropout(dropout)
        self.norm = nn.LayerNorm(channels)
        self.ffn = _FeedForward(channels, ffn_channels, dropout)
        self.content_ffn = _FeedForward(channels, ffn_channels, dropout)
        for weight in self.parameters():
            if weight.dim() > 1:
                nn.init.xavier_uniform_(weight)

    def _interact(self, hs: Tensor, pos: Tensor, pad: Tensor) -> Tensor:
        """(B, K, d) embeddings that tracks have after attending to each other."""
        mask = self_attention_mask(pad, None, self.attention.num_heads)
        query = hs + pos
        mixed, _ = self.attention(query, query, hs, attn_mask=mask, need_weights=False)
        return self.ffn.added_to(self.norm(hs + self.dropout(mixed)))


@MODELS.register_module()
class QIM(_Interaction):
    """Query interaction module (MOTR, section 3.4).

    In training a query goes on that overlaps its object by more than .5; some tracks are
    dropped, and for some the query that overlaps them most, of those without an object,
    goes on too.

    Args:
        channels: d.
        num_heads: Of the attention.
        ffn_channels: Of the feed-forward networks.
        dropout: Everywhere.
        drop_ratio: p_drop.
        false_positive_ratio: p_insert.
        match_false_positives: A false track may be given a new object, as in the released
            code (8690da3), whose comments say the opposite.
    """

    def __init__(
        self,
        *,
        channels: int = 256,
        num_heads: int = 8,
        ffn_channels: int = 1024,
        dropout: float = 0.0,
        drop_ratio: float = 0.1,
        false_positive_ratio: float = 0.3,
        match_false_positives: bool = True,
    ) -> None:
        super().__init__(
            channels=channels,
            num_heads=num_heads,
            ffn_channels=ffn_channels,
            dropout=dropout,
        )
        require_numbers(
            'QIM',
            FRACTION,
            drop_ratio=drop_ratio,
            false_positive_ratio=false_positive_ratio,
        )
        self.drop_ratio = drop_ratio
        self.false_positive_ratio = false_positive_ratio
        self.false_id = NEW if match_false_positives else FALSE_POSITIVE
        self.pos_ffn = _FeedForward(channels, ffn_channels, dropout)

    def forward(self, queries, outputs, generator=None) -> Queries:
        draw = None if generator is None else self._draw(queries, outputs, generator)
        index, tracks = active_tracks(queries, draw, self.false_id)
        is_finite = index.of(outputs.is_finite)
        hs = torch.where(is_finite[..., None], index.of(outputs.hs[-1]), 0)
        mixed = self._interact(hs, tracks.pos, index.pad)
        next_tracks = tracks.as_tracks(
            self.content_ffn.added_to(mixed, tracks.content),
            index.of(outputs.boxes[-1]).detach()[..., :2],
            self.pos_ffn.added_to(mixed, tracks.pos),
        )
        return next_tracks.where(is_finite, tracks)

    def _draw(
        self, queries: Queries, outputs: Outputs, generator: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        """Which rows go on as tracks, and which as false ones, (B, Q) bool each."""
        is_active = (queries.ids >= 0) & (queries.iou > ACTIVE_IOU)
        is_active &= bernoulli(is_active, 1 - self.drop_ratio, generator)
        selected = is_active & bernoulli(
            is_active, self.false_positive_ratio, generator
        )
        overlaps = batched_iou(outputs.boxes[-1], outputs.boxes[-1]).detach()
        return is_active, best_inactive(overlaps, queries, selected)


@MODELS.register_module()
class QIMv2(_Interaction):
    """Query interaction of MOTRv2: references are boxes, positions their sines.

    In training a query goes on that has an object, or a score above .5; one that overlaps
    its object by no more than .5 loses it, and looks for one like a new query. Content and
    reference move only where the score is above .5.

    Args:
        channels: d, a multiple of 4.
        num_heads: Of the attention.
        ffn_channels: Of the feed-forward networks.
        dropout: Everywhere.
    """

    def forward(self, queries, outputs, generator=None) -> Queries:
        is_active, ids = queries.ids >= 0, queries.ids
        scores = outputs.scores
        if generator is not None:
            is_active = is_active | (~queries.pad & (scores > ACTIVE_SCORE))
            ids = ids.masked_fill(is_active & (queries.iou <= ACTIVE_IOU), NEW)
        index = GatherIndex.where(is_active)
        tracks = queries.with_ids(ids).gather(index)
        is_finite = index.of(outputs.is_finite)[..., None]
        is_confident = is_finite & (index.of(scores) > ACTIVE_SCORE)[..., None]
        refs = torch.where(
            is_confident, index.of(outputs.boxes[-1]).detach(), tracks.refs
        )
        hs = torch.where(is_finite, index.of(outputs.hs[-1]), 0)
        mixed = self._interact(hs, sine_embedding(refs, hs.shape[-1] // 4), index.pad)
        content = self.content_ffn.added_to(mixed, tracks.content)
        content = torch.where(is_confident, content, tracks.content)
        return tracks.as_tracks(content, refs, None)


class _FeedForward(nn.Module):
    """Two linear layers, added to something and normalised."""

    def __init__(self, channels: int, ffn_channels: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(channels, ffn_channels),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(ffn_channels, channels),
            nn.Dropout(dropout),
        )
        self.norm = nn.LayerNorm(channels)

    def added_to(self, mixed: Tensor, residual: Tensor | None = None) -> Tensor:
        """``norm(residual + ffn(mixed))``; the residual is ``mixed`` itself by default."""
        residual = mixed if residual is None else residual
        return self.norm(residual + self.layers(mixed))
