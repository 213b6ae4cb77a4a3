"""The cascade of iKUN against the formulas of its release (07dec8e)."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from projects.referring_mot.models.knowledge_unification import KnowledgeUnification
from projects.referring_mot.tests.test_early_fusion import (
    attention,
    layer_norm,
    numbers,
    text_features,
)


def unification(mode: str = 'cascade') -> KnowledgeUnification:
    torch.manual_seed(0)
    part = KnowledgeUnification(
        channels=8, text_channels=6, mode=mode, num_heads=2, num_words=4
    ).eval()
    for weight in part.parameters():
        torch.nn.init.normal_(weight, std=0.4)
    return part


@torch.no_grad()
def test_the_cascade_is_that_of_the_release() -> None:
    """v = local + MHA(local, global); then v * MHA(v, Linear(first words)), cell by cell."""
    part, text = unification(), text_features([3, 5])
    local, whole_frame = torch.randn(2, 4, 8), torch.randn(2, 6, 8)
    fused = part.fuse(local, whole_frame)
    boxes, texts = torch.tensor([0, 0, 1]), torch.tensor([0, 1, 1])
    modulated = part.modulate(fused, text, boxes, texts)
    weights = numbers(part)
    for kind in ('weight', 'bias'):  # our three projections are one in the release
        weights[f'text_attention.in_proj_{kind}'] = np.concatenate(
            [weights[f'visual.{kind}'], weights[f'key_value.{kind}']]
        )
        weights[f'text_attention.out_proj.{kind}'] = weights[f'out.{kind}']
    for row, (box, sentence) in enumerate(zip(boxes, texts, strict=True)):
        cells, frame = local[box].double().numpy(), whole_frame[box].double().numpy()
        v = cells + attention(weights, 'fusion', cells, frame, frame)
        np.testing.assert_allclose(fused[box].numpy(), v, atol=1e-5)
        words = text.words[sentence, : min(4, (3, 5)[sentence])].double().numpy()
        words = words @ weights['text.weight'].T + weights['text.bias']
        read = attention(weights, 'text_attention', v, words, words)
        np.testing.assert_allclose(modulated[row].numpy(), v * read, atol=1e-4)


@torch.no_grad()
def test_the_mean_of_the_cells_goes_through_a_network() -> None:
    """m + W2 relu(W1 norm(m)), m the mean; in the cascade alone."""
    part, cells = unification(), torch.randn(2, 4, 8)
    weights, mean = numbers(part), cells.mean(1).double().numpy()
    hidden = layer_norm(mean, weights, 'ffn.0', 1e-5)
    hidden = (hidden @ weights['ffn.1.weight'].T + weights['ffn.1.bias']).clip(0)
    out = hidden @ weights['ffn.3.weight'].T + weights['ffn.3.bias']
    np.testing.assert_allclose(part.pool(cells).numpy(), mean + out, atol=1e-5)
    pooled = unification('text_first').pool(cells)
    torch.testing.assert_close(pooled, cells.mean(1))


@torch.no_grad()
@pytest.mark.parametrize('mode', ['cross_correlation', 'text_first'])
def test_a_sentence_is_a_factor_of_each_channel(mode: str) -> None:
    """v + Linear(v) * Linear(sentence)."""
    part, text = unification(mode), text_features([3, 5])
    local = torch.randn(2, 4, 8)
    boxes, texts = torch.tensor([0, 0, 1]), torch.tensor([0, 1, 1])
    modulated = part.modulate(local, text, boxes, texts)
    weights = numbers(part)
    for row, (box, sentence) in enumerate(zip(boxes, texts, strict=True)):
        v = local[box].double().numpy()
        visual = v @ weights['visual.weight'].T + weights['visual.bias']
        kernel = text.sentences[sentence].double().numpy() @ weights['text.weight'].T
        expected = v + visual * (kernel + weights['text.bias'])
        np.testing.assert_allclose(modulated[row].numpy(), expected, atol=1e-5)
