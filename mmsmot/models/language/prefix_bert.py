"""The text decoder of GIT and GRiT: BERT's layers behind a prefix without positions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from transformers import BertLMHeadModel

NORM_EPS = 1e-8  # of the norm on the embeddings in the released code; BERT's is 1e-12

NO_LIMIT = 2**31 - 1


class TextEmbeddings(nn.Module):
    """Embeddings of the text alone: words + learned positions, LayerNorm, dropout.

    ::

        prefix (B, P, d) ------------------------------+-> layers
        ids (B, T) -> words + positions 0 .. T-1 -> LN -+

    Args:
        words: (vocabulary, d).
        positions: (longest text, d).
        dropout: Dropout.
    """

    def __init__(
        self, *, words: nn.Embedding, positions: nn.Embedding, dropout: float
    ) -> None:
        super().__init__()
        self.word_embeddings = words
        self.position_embeddings = positions
        self.LayerNorm = nn.LayerNorm(words.embedding_dim, eps=NORM_EPS)
        self.dropout = nn.Dropout(dropout)

    @property
    def max_length(self) -> int:
        """The longest text."""
        return self.position_embeddings.num_embeddings

    def of_text(
        self, ids: torch.Tensor, positions: torch.Tensor | None = None
    ) -> torch.Tensor:
        """(B, T, d) of ids (B, T), at positions 0 to T - 1 unless others are given."""
        if positions is None:
            positions = torch.arange(ids.shape[1], device=ids.device)
        embedded = self.word_embeddings(ids) + self.position_embeddings(positions)
        return self.dropout(self.LayerNorm(embedded))

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
        inputs_embeds: torch.Tensor | None = None,
        **unused: Any,
    ) -> torch.Tensor:
        """What ``transformers`` calls: ``inputs_embeds`` pass through as they are."""
        if inputs_embeds is not None:
            return inputs_embeds
        if input_ids is None:
            raise ValueError('TextEmbeddings: give input_ids or inputs_embeds')
        return self.of_text(input_ids, position_ids)


def prefix_bert(options: dict[str, Any]) -> BertLMHeadModel:
    """A language model with random weights, of BERT's options.

    Against BERT's causal language model: a prefix is taken as it is, without positions
    and norm; texts count their positions from 0 and have no token types; and the last
    layer's output is compared with the words' embeddings without a transform before.

    Args:
        options: Of a ``BertConfig``; ``max_position_embeddings`` counts the text's positions
            alone.
    """
    from transformers import BertConfig, BertLMHeadModel

    model = BertLMHeadModel(BertConfig(**options))
    embeddings = model.bert.embeddings
    text = TextEmbeddings(
        words=embeddings.word_embeddings,
        positions=embeddings.position_embeddings,
        dropout=model.config.hidden_dropout_prob,
    )
    model.bert.add_module('embeddings', text)
    model.cls.predictions.add_module('transform', nn.Identity())
    # Of prefix and text together, which transformers would compare with it.
    model.config.max_position_embeddings = NO_LIMIT
    return model


def text_embeddings(model: nn.Module) -> TextEmbeddings | None:
    """Those of a :func:`prefix_bert`; ``None`` of any other language model."""
    embeddings = getattr(getattr(model, 'bert', None), 'embeddings', None)
    return embeddings if isinstance(embeddings, TextEmbeddings) else None
