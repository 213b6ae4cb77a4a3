"""Referring scores of decoded queries: TransRMOT's head, and the designs of MLS-Track's."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

from mmsmot.registry import MODELS
from mmsmot.utils.number_ranges import COUNT, FINITE, NumberRange, require_numbers
from projects.referring_mot.models.text_encoders.base import TextFeatures

OPEN_FRACTION = NumberRange(1e-6, 1 - 1e-6)
PRIOR = 0.01  # of the focal loss: at first hardly anybody is referred to
PRIOR_BIAS = -math.log(1 / PRIOR - 1)


class ReferHead(nn.Module):
    """Embeddings of L decoder layers to logits, each layer with weights of its own.

    Args:
        num_layers: L.
        layer: Makes the weights of one.
        text_channels: Of the text that it reads; ``None`` for none.
    """

    def __init__(
        self,
        num_layers: int,
        layer: Callable[[], nn.Module],
        text_channels: int | None = None,
    ) -> None:
        super().__init__()
        self.text_channels = text_channels
        require_numbers(type(self).__name__, COUNT, num_layers=num_layers)
        self.layers = nn.ModuleList(layer() for _ in range(num_layers))

    def forward(self, hs: torch.Tensor, text: TextFeatures) -> torch.Tensor:
        """(L, B, Q) logits.

        Args:
            hs: (L, B, Q, d).
            text: B sentences.

        Raises:
            ValueError: The decoder has another number of layers.
        """
        self._require_layers(len(hs))
        logits = [
            self.layer_logits(layer, layer_hs, text)
            for layer, layer_hs in zip(self.layers, hs, strict=True)
        ]
        return torch.stack(logits)

    def last_logits(self, hs: torch.Tensor, text: TextFeatures) -> torch.Tensor:
        """(B, Q) logits of the last layer alone, as of :meth:`forward`."""
        self._require_layers(len(hs))
        return self.layer_logits(self.layers[-1], hs[-1], text)

    def layer_logits(
        self, layer: nn.Module, hs: torch.Tensor, text: TextFeatures
    ) -> torch.Tensor:
        """(B, Q) logits of one layer's embeddings (B, Q, d), or (1, Q, d) for all texts."""
        raise NotImplementedError

    def _require_layers(self, count: int) -> None:
        if count != len(self.layers):
            raise ValueError(
                f'{type(self).__name__}: num_layers={len(self.layers)}, but the decoder has '
                f'{count} layers: set num_layers={count}'
            )


@MODELS.register_module()
class LinearReferHead(ReferHead):
    """The refer head of TransRMOT: a linear layer, which reads no text of its own.

    Args:
        channels: d.
        num_layers: L.
        prior: Every score at first.
    """

    def __init__(
        self, *, channels: int = 256, num_layers: int = 6, prior: float = PRIOR
    ) -> None:
        require_numbers('LinearReferHead', COUNT, channels=channels)
        require_numbers('LinearReferHead', OPEN_FRACTION, prior=prior)
        super().__init__(num_layers, lambda: _with_prior(channels, prior))

    def layer_logits(self, layer, hs, text) -> torch.Tensor:
        return layer(hs)[..., 0].expand(len(text.sentences), -1)


@MODELS.register_module()
class SemanticCorrelation(ReferHead):
    """SCB of MLS-Track: the cosine of a query and the sentence (section 4.3, Fig. 6 (c)).

    The paper has the cosine alone. It lies in [-1, 1], so that a sigmoid of it stays
    between .27 and .73; here it has a learnt scale and bias, as in CLIP's successors.

    Args:
        channels: d.
        text_channels: Of the sentence, in whose space they are compared.
        num_layers: L.
        scale: Factor of the cosine, learnt from there.
        bias: Of the logit, learnt from there.
    """

    def __init__(
        self,
        *,
        channels: int = 256,
        text_channels: int = 768,
        num_layers: int = 6,
        scale: float = 10.0,
        bias: float = PRIOR_BIAS,
    ) -> None:
        owner = 'SemanticCorrelation'
        require_numbers(owner, COUNT, channels=channels, text_channels=text_channels)
        require_numbers(owner, FINITE, scale=scale, bias=bias)
        super().__init__(
            num_layers, lambda: nn.Linear(channels, text_channels), text_channels
        )
        self.scale = nn.Parameter(torch.tensor(float(scale)))
        self.bias = nn.Parameter(torch.tensor(float(bias)))

    def layer_logits(self, layer, hs, text) -> torch.Tensor:
        # Equations (5) and (6).
        queries = F.normalize(layer(hs), dim=-1)
        sentences = F.normalize(text.sentences, dim=-1)
        # Queries that all sentences share are not copied for each, as cosine_similarity does.
        cosine = torch.einsum('bqc,bc->bq', queries, sentences)
        return self.scale * cosine + self.bias


@MODELS.register_module()
class ConcatReferHead(ReferHead):
    """The first design of Fig. 6: query and sentence side by side, and an MLP.

    Args:
        channels: d.
        text_channels: Of the sentence.
        num_layers: L.
        prior: Every score at first.
    """

    def __init__(
        self,
        *,
        channels: int = 256,
        text_channels: int = 768,
        num_layers: int = 6,
        prior: float = PRIOR,
    ) -> None:
        owner = 'ConcatReferHead'
        require_numbers(owner, COUNT, channels=channels, text_channels=text_channels)
        require_numbers(owner, OPEN_FRACTION, prior=prior)
        super().__init__(
            num_layers,
            lambda: nn.Sequential(
                nn.Linear(channels + text_channels, channels),
                nn.ReLU(),
                _with_prior(channels, prior),
            ),
            text_channels,
        )

    def layer_logits(self, layer, hs, text) -> torch.Tensor:
        sentences = text.sentences[:, None].expand(-1, hs.shape[1], -1)
        queries = hs.expand(len(sentences), -1, -1)
        return layer(torch.cat([queries, sentences], -1))[..., 0]


@MODELS.register_module()
class CrossAttentionReferHead(ReferHead):
    """The second design of Fig. 6: queries read the words, and a linear layer.

    Args:
        channels: d.
        text_channels: Of the words.
        num_layers: L.
        num_heads: Of the attention.
        prior: Every score at first.
    """

    def __init__(
        self,
        *,
        channels: int = 256,
        text_channels: int = 768,
        num_layers: int = 6,
        num_heads: int = 8,
        prior: float = PRIOR,
    ) -> None:
        owner = 'CrossAttentionReferHead'
        require_numbers(owner, OPEN_FRACTION, prior=prior)
        require_numbers(owner, COUNT, channels=channels, text_channels=text_channels)
        require_numbers(owner, COUNT, num_heads=num_heads)
        super().__init__(
            num_layers,
            lambda: nn.ModuleDict(
                dict(
                    projection=nn.Linear(text_channels, channels),
                    attention=nn.MultiheadAttention(
                        channels, num_heads, batch_first=True
                    ),
                    logit=_with_prior(channels, prior),
                )
            ),
            text_channels,
        )

    def layer_logits(self, layer, hs, text) -> torch.Tensor:
        words = layer['projection'](text.words)
        queries = hs.expand(len(words), -1, -1)
        read, _ = layer['attention'](
            queries, words, words, key_padding_mask=~text.mask, need_weights=False
        )
        return layer['logit'](queries + read)[..., 0]


def _with_prior(channels: int, prior: float) -> nn.Linear:
    """A layer for one logit, whose sigmoid is ``prior`` for an embedding of zeros."""
    layer = nn.Linear(channels, 1)
    nn.init.constant_(layer.bias, -math.log(1 / prior - 1))
    return layer
