"""Referring scores: TransRMOT's head, the correlation branch, the designs of Fig. 6."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from projects.referring_mot.models.refer_heads import (
    ConcatReferHead,
    CrossAttentionReferHead,
    LinearReferHead,
    ReferHead,
    SemanticCorrelation,
)
from projects.referring_mot.tests.test_early_fusion import (
    attention,
    numbers,
    text_features,
)

HEADS = [
    LinearReferHead(channels=8, num_layers=2),
    SemanticCorrelation(channels=8, text_channels=6, num_layers=2),
    ConcatReferHead(channels=8, text_channels=6, num_layers=2),
    CrossAttentionReferHead(channels=8, text_channels=6, num_layers=2, num_heads=2),
]


def embeddings() -> torch.Tensor:
    return torch.randn(2, 2, 3, 8, generator=torch.Generator().manual_seed(0))


def expected(head: ReferHead, layer: int, row: int) -> np.ndarray:
    """(Q,) logits of one layer and frame, by the formula."""
    weights = numbers(head.layers[layer])
    hs = embeddings()[layer, row].double().numpy()
    text = text_features([3, 5])
    sentence = text.sentences[row].double().numpy()

    def linear(x: np.ndarray, name: str) -> np.ndarray:
        return x @ weights[f'{name}weight'].T + weights[f'{name}bias']

    if isinstance(head, LinearReferHead):
        return linear(hs, '')[:, 0]
    if isinstance(head, SemanticCorrelation):
        mapped = linear(hs, '')
        norms = np.linalg.norm(mapped, axis=1) * np.linalg.norm(sentence)
        return 10 * mapped @ sentence / norms - math.log(99)
    if isinstance(head, ConcatReferHead):
        both = np.concatenate([hs, np.tile(sentence, (3, 1))], 1)
        return linear(linear(both, '0.').clip(0), '2.')[:, 0]
    words = text.words[row, : (3, 5)[row]].double().numpy()
    words = linear(words, 'projection.')
    return linear(hs + attention(weights, 'attention', hs, words, words), 'logit.')[
        :, 0
    ]


@torch.no_grad()
@pytest.mark.parametrize('head', HEADS, ids=lambda head: type(head).__name__)
def test_logits_are_those_of_the_formula(head: ReferHead) -> None:
    logits = head.eval()(embeddings(), text_features([3, 5]))
    assert logits.shape == (2, 2, 3)
    for layer in range(2):
        for row in range(2):
            np.testing.assert_allclose(
                logits[layer, row].numpy(), expected(head, layer, row), atol=1e-5
            )


@torch.no_grad()
def test_hardly_anybody_is_meant_at_first() -> None:
    for head in HEADS[:3:2]:
        scores = head(embeddings() * 0, text_features([3, 5])).sigmoid()
        assert float(scores.max()) < 0.05


@torch.no_grad()
def test_how_many_are_meant_at_first_is_an_option() -> None:
    sizes = dict(channels=8, num_layers=2, prior=0.35)
    for head in (
        LinearReferHead(**sizes),
        ConcatReferHead(**sizes, text_channels=6),
        CrossAttentionReferHead(**sizes, text_channels=6, num_heads=2),
    ):
        logit = head.layers[0]
        logit = logit if isinstance(logit, nn.Linear) else [*logit.modules()][-1]
        assert float(logit.bias.sigmoid()) == pytest.approx(0.35)
    with pytest.raises(ValueError, match='prior'):
        LinearReferHead(**sizes | dict(prior=1.0))


def test_another_number_of_layers_is_said() -> None:
    with pytest.raises(ValueError, match='num_layers=2, but the decoder has 3 layers'):
        HEADS[0](torch.zeros(3, 1, 1, 8), text_features([1]))
