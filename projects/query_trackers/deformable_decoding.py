"""Encoder and decoder of mmdet's Deformable DETR, with queries from outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from mmsmot.utils.mmdet_bridge import import_mmdet

from .queries import Outputs, Queries, sine_embedding

import_mmdet()
from mmdet.models.layers.transformer.utils import inverse_sigmoid  # noqa: E402


@dataclass(frozen=True, eq=False)
class Memory:
    """What the encoder made of B frames.

    Attributes:
        tokens: (B, S, d), the cells of all levels.
        mask: (B, S) bool, cells of padding; ``None`` where there are none.
        spatial_shapes: (levels, 2) int64, height and width in cells.
        level_start_index: (levels,) int64, where each begins in S.
        valid_ratios: (B, levels, 2), fraction of width and height that is no padding.
    """

    tokens: Tensor
    mask: Tensor | None
    spatial_shapes: Tensor
    level_start_index: Tensor
    valid_ratios: Tensor

    def __getitem__(self, rows: slice | list[int]) -> Memory:
        """Those of some frames."""
        return replace(
            self,
            tokens=self.tokens[rows],
            mask=None if self.mask is None else self.mask[rows],
            valid_ratios=self.valid_ratios[rows],
        )

    def repeated(self, copies: int) -> Memory:
        """Each frame so many times, one after the other."""
        if copies == 1:
            return self
        return self[[row for row in range(len(self.tokens)) for _ in range(copies)]]

    def joined(self, later: Memory) -> Memory:
        """These frames, then others of the same size."""
        parts = (self, later)
        mask = None
        if any(part.mask is not None for part in parts):
            mask = torch.cat(
                [
                    part.tokens.new_zeros(part.tokens.shape[:2], dtype=torch.bool)
                    if part.mask is None
                    else part.mask
                    for part in parts
                ]
            )
        return replace(
            self,
            tokens=torch.cat([part.tokens for part in parts]),
            mask=mask,
            valid_ratios=torch.cat([part.valid_ratios for part in parts]),
        )


def encode(model: nn.Module, levels: Sequence[Tensor], samples: list[Any]) -> Memory:
    """Feature maps to memory.

    Args:
        model: mmdet's ``DeformableDETR``.
        levels: For each (B, d, H_l, W_l).
        samples: B of mmdet's data samples, which say what is padding.
    """
    inputs, _ = model.pre_transformer(tuple(levels), samples)
    tokens = model.forward_encoder(**inputs)['memory']
    return Memory(
        tokens,
        inputs['feat_mask'],
        inputs['spatial_shapes'],
        inputs['level_start_index'],
        inputs['valid_ratios'],
    )


def decode(
    model: nn.Module,
    memory: Memory,
    queries: Queries,
    *,
    decoder: nn.Module | None = None,
    track_attention: Sequence[nn.Module] | None = None,
    sine_pos: bool = False,
    attn_mask: Tensor | None = None,
) -> Outputs:
    """Queries to embeddings, boxes and logits of every decoder layer.

    Rows of padding change nothing of the others.

    Args:
        model: mmdet's ``DeformableDETR``, whose heads are used.
        memory: Of B frames.
        queries: Of the same frames.
        decoder: In place of the model's own.
        track_attention: For each layer an attention among track queries, before the
            layer's own among all.
        sine_pos: Position embeddings are sines of each layer's references (MOTRv2).
        attn_mask: (Q, Q) bool, ``attn_mask[i, j]``: row i must not attend to row j.
    """
    decoder = model.decoder if decoder is None else decoder
    head = model.bbox_head
    output, refs = queries.content, queries.refs
    num_heads = decoder.layers[0].self_attn.num_heads
    self_attn_mask = self_attention_mask(queries.pad, attn_mask, num_heads)
    hs, boxes, logits = [], [], []
    for number, layer in enumerate(decoder.layers):
        pos = sine_embedding(refs, output.shape[-1] // 4) if sine_pos else queries.pos
        if track_attention is not None:
            output = track_attention[number](output, pos, queries.is_track, attn_mask)
        ratios = memory.valid_ratios.repeat(1, 1, refs.shape[-1] // 2)
        output = layer(
            output,
            query_pos=pos,
            value=memory.tokens,
            key_padding_mask=memory.mask,
            self_attn_mask=self_attn_mask,
            spatial_shapes=memory.spatial_shapes,
            level_start_index=memory.level_start_index,
            valid_ratios=memory.valid_ratios,
            reference_points=refs[:, :, None] * ratios[:, None],
        )
        box = head.reg_branches[number](output)
        shift = inverse_sigmoid(refs)
        if refs.shape[-1] == 2:
            shift = torch.cat([shift, torch.zeros_like(shift)], dim=-1)
        box = (box + shift).sigmoid()
        hs.append(output)
        boxes.append(box)
        logits.append(head.cls_branches[number](output))
        refs = box.detach()
    return Outputs(torch.stack(hs), torch.stack(boxes), torch.stack(logits))


def self_attention_mask(
    pad: Tensor, attn_mask: Tensor | None, num_heads: int
) -> Tensor | None:
    """(B * heads, Q, Q) bool of what no row attends to; ``None`` where that is nothing.

    A row always attends to itself: a softmax over nothing is not a number.

    Args:
        pad: (B, Q) bool.
        attn_mask: (Q, Q) bool, of all frames, or ``None``.
        num_heads: Of the attention.
    """
    if attn_mask is None and not pad.any():
        return None
    count = pad.shape[1]
    mask = pad[:, None].expand(-1, count, -1)
    if attn_mask is not None:
        mask = mask | attn_mask
    itself = torch.eye(count, dtype=torch.bool, device=pad.device)
    return (mask & ~itself).repeat_interleave(num_heads, dim=0)


class TrackAttention(nn.Module):
    """Self-attention among the track queries alone (MOTR's ``--extra_track_attn``).

    Args:
        channels: d.
        num_heads: Heads.
        dropout: Of the attention and of what is added.
    """

    def __init__(self, *, channels: int, num_heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(
            channels, num_heads, dropout, batch_first=True
        )
        self.dropout = nn.Dropout(dropout)
        self.norm = nn.LayerNorm(channels)

    def forward(
        self,
        content: Tensor,
        pos: Tensor | None,
        is_track: Tensor,
        attn_mask: Tensor | None = None,
    ) -> Tensor:
        """Rows that are no track stay as they are.

        Args:
            content: (B, Q, d).
            pos: (B, Q, d) or ``None``.
            is_track: (B, Q) bool.
            attn_mask: As of :func:`decode`.
        """
        if not is_track.any():
            return content
        query = content if pos is None else content + pos
        mask = self_attention_mask(~is_track, attn_mask, self.attention.num_heads)
        mixed, _ = self.attention(
            query, query, content, attn_mask=mask, need_weights=False
        )
        mixed = self.norm(content + self.dropout(mixed))
        return torch.where(is_track[..., None], mixed, content)


def deformable_detr(detector: Any) -> nn.Module:
    """mmdet's model in a detector.

    Raises:
        TypeError: It is another, or has no box refinement.
    """
    model = getattr(detector, 'model', None)
    name = type(detector if model is None else model).__name__
    if name != 'DeformableDETR' or model.as_two_stage or not model.with_box_refine:
        raise TypeError(
            'QueryTracker: detector must be an MMDetDetector whose model is '
            "type='DeformableDETR' with with_box_refine=True and as_two_stage=False; "
            f'got {name}'
        )
    return model


def encoder_parts(model: nn.Module) -> nn.ModuleList:
    """Backbone, neck, encoder and level embedding: what makes the memory."""
    level_embed = nn.ParameterList([model.level_embed])
    return nn.ModuleList([model.backbone, model.neck, model.encoder, level_embed])


def track_attention_layers(model: nn.Module) -> nn.ModuleList:
    """One attention among tracks for each decoder layer."""
    layers = model.decoder.layers
    heads = layers[0].self_attn.num_heads
    return nn.ModuleList(
        TrackAttention(channels=model.embed_dims, num_heads=heads) for _ in layers
    )


def identity_fusion_conv(channels: int) -> nn.Conv2d:
    """(2d -> d) 1x1, at first the frame itself: a detector's weights stay of use."""
    conv = nn.Conv2d(2 * channels, channels, 1)
    nn.init.dirac_(conv.weight)
    nn.init.zeros_(conv.bias)
    return conv
