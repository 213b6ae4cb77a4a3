"""A small text encoder that is trained from the expressions, with its own words."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from mmsmot.models.language import BaseTokenizer
from mmsmot.registry import MODELS, build_part
from mmsmot.utils.bundled_weights import weights_path
from mmsmot.utils.checkpoint import load_weights
from mmsmot.utils.number_ranges import (
    COUNT,
    FRACTION,
    NON_NEGATIVE_INT,
    require_numbers,
)
from projects.referring_mot.models.text_encoders.base import (
    BaseTextEncoder,
    TextFeatures,
)

# Where it stands in an iKUN, and in TransRMOT and MLS-Track.
PLACES = ('estimator.text_encoder.', 'estimator.text_hook.text_encoder.')


@MODELS.register_module()
class SmallTextEncoder(BaseTextEncoder):
    """Word embeddings and a few self-attention layers.

    ::

        text -> tokenizer -> embedding + position -> layers -> words (S, L, d)
                                                        |
                                              mean of the words -> sentences (S, d)

    The vocabulary is trained on the training expressions
    (``ExpressionStatisticsHook``) and kept in the checkpoint.

    Args:
        tokenizer: Texts to ids; ``CaptionTokenizer`` encodes every text, a letter that it
            has not seen as its bytes.
        channels: d.
        num_layers: Self-attention layers, 0 for none.
        num_heads: Of each layer.
        ffn_channels: Of each layer.
        dropout: Of embedding and layers.
        max_length: Tokens of a sentence, both marks included.
        weights: A checkpoint, or the name of weights that come along, of an
            iKUN or a ``ReferHook`` with an encoder of this size, from whose words and vocabulary
            training starts; ``None``: from nothing.

    Raises:
        ValueError: ``weights`` have no text encoder, or one of another size.
    """

    def __init__(
        self,
        *,
        tokenizer: dict | BaseTokenizer,
        channels: int = 128,
        num_layers: int = 1,
        num_heads: int = 4,
        ffn_channels: int = 256,
        dropout: float = 0.1,
        max_length: int = 64,
        weights: str | None = None,
    ) -> None:
        super().__init__()
        owner = type(self).__name__
        require_numbers(owner, COUNT, channels=channels, num_heads=num_heads)
        require_numbers(owner, COUNT, ffn_channels=ffn_channels, max_length=max_length)
        require_numbers(owner, NON_NEGATIVE_INT, num_layers=num_layers)
        require_numbers(owner, FRACTION, dropout=dropout)
        self.tokenizer: BaseTokenizer = build_part(tokenizer)
        self.channels = channels
        self.max_length = max_length
        self.embedding = nn.Embedding(self.tokenizer.vocab_size, channels)
        self.position = nn.Parameter(0.02 * torch.randn(max_length, channels))
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                channels,
                num_heads,
                ffn_channels,
                dropout,
                batch_first=True,
                norm_first=True,
            )
            for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(channels)
        if weights is not None:
            load_weights(self, weights_path(weights), within=PLACES)

    def forward(self, texts: Sequence[str]) -> TextFeatures:
        # One more than counts tells that a text is cut.
        ids = self.tokenizer.encode(texts, self.max_length + 1)
        for row, text in enumerate(texts):
            if ids.shape[1] > self.max_length and ids[row, -1] != self.tokenizer.pad_id:
                self.warn_cut(text, ids.shape[1])
        ids = ids[:, : self.max_length].to(self.device)
        mask = ids != self.tokenizer.pad_id
        words = self.dropout(self.embedding(ids) + self.position[: ids.shape[1]])
        for layer in self.layers:
            words = layer(words, src_key_padding_mask=~mask)
        words = self.norm(words)
        total = (words * mask[..., None]).sum(1)
        return TextFeatures(words, mask, total / mask.sum(1, keepdim=True))
