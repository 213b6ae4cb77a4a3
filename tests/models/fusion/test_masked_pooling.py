"""Pooling over tokens that are not padding."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from mmsmot.models.fusion.masked_pooling import masked_adaptive_pool, masked_mean


def test_pooling_equals_torchs_over_the_tokens_there_are() -> None:
    torch.manual_seed(0)
    tokens = torch.randn(4, 9, 5)
    counts = [9, 1, 4, 0]
    mask = torch.arange(9) < torch.tensor(counts)[:, None]
    for size in (1, 3, 12):
        pooled = masked_adaptive_pool(tokens, mask, size)
        for row, count in enumerate(counts[:3]):
            row_tokens = tokens[row, :count].T[None]
            expected = F.adaptive_avg_pool1d(row_tokens, size)[0].T
            torch.testing.assert_close(pooled[row], expected)
        assert pooled[3].abs().sum() == 0


def test_mean_over_the_tokens_there_are() -> None:
    tokens = torch.arange(12.0).reshape(2, 3, 2)
    mask = torch.tensor([[True, True, False], [False, False, False]])
    assert masked_mean(tokens, mask).tolist() == [[1.0, 2.0], [0.0, 0.0]]
