"""Caption heads: fused features to instance captions and the video caption."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

from ...registry import MODELS, build_part
from ...utils.checkpoint import load_weights
from ...utils.number_ranges import require_choice
from ..fusion.attention import CrossAttention
from ..language.text_decoder import TextDecoder
from .base import BaseInstanceCaptionHead, BaseVideoCaptionHead

# Where the instance captions' head stands in the checkpoint of a pipeline.
PLACES = ('semantics.instance_caption.', 'instance_caption.')


class _PrefixDecoder(nn.Module):
    """A text decoder behind Linear and LayerNorm, which make its prefix."""

    def __init__(
        self,
        decoder: dict | TextDecoder | None,
        channels: int = 256,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__()
        if decoder is None:
            raise ValueError(
                f'{type(self).__name__} needs a decoder (or, for the video caption, '
                'share_decoder=True)'
            )
        self.decoder = build_part(decoder)
        width = self.decoder.channels
        self.project = nn.Sequential(nn.Linear(channels, width), nn.LayerNorm(width))
        if init_cfg is not None:
            self._load_start(init_cfg)

    def _load_start(self, init_cfg: dict) -> None:
        """Take decoder and projection from a checkpoint that training starts with."""
        options = dict(init_cfg)
        checkpoint = options.pop('checkpoint', None)
        if options != dict(type='Pretrained') or checkpoint is None:
            raise ValueError(
                f"{type(self).__name__}: init_cfg must be dict(type='Pretrained', "
                f'checkpoint=FILE), got {init_cfg}'
            )
        parts = nn.ModuleDict(dict(decoder=self.decoder, project=self.project))
        load_weights(parts, checkpoint, within=PLACES)


@MODELS.register_module()
class InstanceCaptionHead(_PrefixDecoder, BaseInstanceCaptionHead):
    """R_Ins^j = Dec_Ins(Linear(T~_j)) (SMOTer paper, eq. 4).

    Args:
        decoder: The text decoder.
        channels: d.
        init_cfg: ``dict(type='Pretrained', checkpoint=FILE)``: decoder and projection
            start from a pipeline's instance captions, or from GRiT's text decoder as
            ``tools/model_converters/smoter_released.py --part text_decoder`` writes it.
    """

    def loss(
        self, fused: torch.Tensor, mask: torch.Tensor, captions: Sequence[str]
    ) -> tuple[torch.Tensor, int]:
        """Sum of the cross entropy and number of tokens.

        Args:
            fused: (M, L, d) of M > 0 trajectories.
            mask: (M, L) bool.
            captions: M GT captions.
        """
        return self.decoder.loss(self.project(fused), mask, captions)

    def encoded(self, captions: Sequence[str]) -> tuple[torch.Tensor, int]:
        """Ids (M, T) of M captions, and the padding id."""
        tokenizer = self.decoder.tokenizer
        return tokenizer.encode(captions, self.decoder.max_length), tokenizer.pad_id

    def predict(self, fused: torch.Tensor, mask: torch.Tensor) -> list[str]:
        """M captions, all trajectories in one batch."""
        return self.decoder.generate(self.project(fused), mask)


@MODELS.register_module()
class VideoCaptionHead(_PrefixDecoder, BaseVideoCaptionHead):
    """R_Vid = Dec_Vid(Linear(CA(F~, T~))) (SMOTer paper, eq. 3).

    Args:
        decoder: The text decoder.
        channels: d.
        injection: ``'sequential'``: the trajectories are injected one after the other,
            by ascending id, as the paper says and the released code does inside its video
            fusion. ``'joint'``: all their tokens at once
            (ours; does not depend on the order of ids, and takes one step).
        num_heads: Heads of the attention.
        ffn_channels: Width of its feed-forward part.
        dropout: Dropout.
        init_cfg: As of :class:`InstanceCaptionHead`.
    """

    def __init__(
        self,
        *,
        decoder: dict | TextDecoder | None,
        channels: int = 256,
        injection: str = 'sequential',
        num_heads: int = 8,
        ffn_channels: int = 1024,
        dropout: float = 0.1,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(decoder, channels, init_cfg)
        choices = ('sequential', 'joint')
        require_choice(type(self).__name__, choices, injection=injection)
        self.injection = injection
        self.attention = CrossAttention(channels, num_heads, ffn_channels, dropout)

    def prefix(
        self,
        video: torch.Tensor,
        fused: torch.Tensor | None = None,
        mask: torch.Tensor | None = None,
        top_tracks: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Linear(CA(F~, T~)) of one video.

        Args:
            video: (V, d), F~.
            fused: (M, L, d), T~, M > 0; ``None`` for a video without trajectories.
            mask: (M, L) bool.
            top_tracks: (P, d) tokens of the most active tracks, appended to the video's
                (ours); ``None`` for none.

        Returns:
            (V + P, width of the decoder).
        """
        if fused is None or mask is None:
            return self.project(video)
        state = video[None]
        if self.injection == 'joint':
            state = self.attention(
                state, fused.flatten(0, 1)[None], mask.reshape(1, -1)
            )
        else:
            keys, values = self.attention.keys_values(fused)
            for j in range(len(fused)):
                row = slice(j, j + 1)
                state = self.attention(state, (keys[row], values[row]), mask[row])
        tokens = state[0] if top_tracks is None else torch.cat([state[0], top_tracks])
        return self.project(tokens)

    def loss(
        self, prefixes: Sequence[torch.Tensor], captions: Sequence[str]
    ) -> tuple[torch.Tensor, int]:
        """Sum of the cross entropy and number of tokens over B > 0 videos."""
        prefix = pad_sequence(list(prefixes), batch_first=True)
        lengths = torch.tensor(
            [len(tokens) for tokens in prefixes], device=prefix.device
        )
        mask = torch.arange(prefix.shape[1], device=prefix.device) < lengths[:, None]
        return self.decoder.loss(prefix, mask, captions)

    def predict(self, prefix: torch.Tensor) -> str:
        """The caption of one video."""
        mask = prefix.new_ones((1, len(prefix)), dtype=torch.bool)
        return self.decoder.generate(prefix[None], mask)[0]
