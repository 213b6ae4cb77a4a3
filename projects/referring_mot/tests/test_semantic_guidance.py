"""The Semantic Guidance Module against the paper's equations, and its variants."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from projects.query_trackers.denoising import denoising_attn_mask
from projects.query_trackers.queries import NEW, PADDING, Queries
from projects.referring_mot.models.semantic_guidance import SemanticGuidance
from projects.referring_mot.tests.test_early_fusion import (
    attention,
    layer_norm,
    numbers,
    text_features,
)


def guidance(mode: str = 'full', residual: bool = True) -> SemanticGuidance:
    torch.manual_seed(0)
    part = SemanticGuidance(
        channels=8,
        text_channels=6,
        num_heads=2,
        ffn_channels=12,
        mode=mode,
        residual=residual,
    ).eval()
    for weight in part.parameters():
        torch.nn.init.normal_(weight, std=0.4)
    return part


def queries() -> Queries:
    """Two new ones, two tracks; the second frame has one track."""
    torch.manual_seed(2)
    rows = Queries.new(torch.randn(2, 4, 8), torch.rand(2, 4, 2), torch.randn(2, 4, 8))
    ids = torch.tensor([[NEW, NEW, 5, 6], [NEW, NEW, 7, PADDING]])
    return rows.with_ids(ids, is_track=ids >= 0)


def paper_content(
    part: SemanticGuidance, rows: slice, frame: int, num_words: int
) -> np.ndarray:
    """Section 4.2 for some queries of a frame, which read each other."""
    weights, table = numbers(part), queries()
    content = table.content[frame, rows].double().numpy()
    if part.mode != 'cross_only':
        query = content + table.pos[frame, rows].double().numpy()
        mixed = content + attention(weights, 'self_attention', query, query, content)
        content = layer_norm(mixed, weights, 'norm', 1e-5)
        inner = content @ weights['ffn.0.weight'].T + weights['ffn.0.bias']
        outer = inner.clip(0) @ weights['ffn.3.weight'].T + weights['ffn.3.bias']
        content = layer_norm(content + outer, weights, 'ffn_norm', 1e-5)
    words = text_features([3, 5]).words[frame, :num_words].double().numpy()
    words = words @ weights['projection.weight'].T + weights['projection.bias']  # (2)
    read = attention(weights, 'cross_attention', content, words, words)  # (3)
    return content + read if part.residual else read


@torch.no_grad()
@pytest.mark.parametrize('mode', ['full', 'cross_only'])
@pytest.mark.parametrize('residual', [True, False])
def test_the_content_is_that_of_the_paper(mode: str, residual: bool) -> None:
    part = guidance(mode, residual)
    guided = part(queries(), text_features([3, 5])).numpy()
    np.testing.assert_allclose(
        guided[0], paper_content(part, slice(4), 0, 3), atol=1e-5
    )
    np.testing.assert_allclose(
        guided[1, :3], paper_content(part, slice(3), 1, 5), atol=1e-5
    )


@torch.no_grad()
def test_new_queries_alone() -> None:
    part = guidance('new_only')
    guided = part(queries(), text_features([3, 5]))
    torch.testing.assert_close(guided[:, 2], queries().content[:, 2], rtol=0, atol=0)
    np.testing.assert_allclose(
        guided[0, :2].numpy(), paper_content(part, slice(2), 0, 3), atol=1e-5
    )


@torch.no_grad()
def test_hidden_rows_are_not_read() -> None:
    part, text = guidance(), text_features([3, 5])
    noisy = queries().map_columns(lambda column: column[:, :2])
    rows = queries().joined(noisy)
    attn_mask = denoising_attn_mask(4, 2)
    alone = part(queries(), text)
    torch.testing.assert_close(
        part(rows, text, attn_mask)[:, :4], alone, atol=1e-5, rtol=0
    )
    assert (part(rows, text)[:, :4] - alone).abs().max() > 1e-2


def test_queries_without_positions() -> None:
    """Sine positions are the decoder's (MOTRv2): the content is by itself."""
    rows = replace(queries(), pos=None)
    zero = replace(queries(), pos=torch.zeros(2, 4, 8))
    part, text = guidance(), text_features([3, 5])
    torch.testing.assert_close(part(rows, text), part(zero, text))


def test_a_mode_that_is_none() -> None:
    with pytest.raises(ValueError, match="mode must be one of 'full', 'new_only'"):
        guidance('det')
