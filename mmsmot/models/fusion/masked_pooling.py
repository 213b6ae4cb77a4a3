"""Mean and adaptive average pooling over the tokens that are not padding."""

from __future__ import annotations

import torch


def masked_mean(tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """(M, ...): the mean of (M, N, ...) over the true ones of the mask (M, N)."""
    weight = mask.to(tokens.dtype).reshape(*mask.shape, *[1] * (tokens.ndim - 2))
    return (tokens * weight).sum(1) / weight.sum(1).clamp(min=1)


def masked_adaptive_pool(
    tokens: torch.Tensor, mask: torch.Tensor, size: int
) -> torch.Tensor:
    """``adaptive_avg_pool1d`` over the tokens that are not padding.

    Args:
        tokens: (B, L, d).
        mask: (B, L) bool; a row's true ones stand first.
        size: S.

    Returns:
        (B, S, d); a row without tokens gives 0.
    """
    count = mask.sum(1, keepdim=True)
    out = torch.arange(size, device=tokens.device)
    start = (out * count) // size
    stop = ((out + 1) * count + size - 1) // size
    place = torch.arange(tokens.shape[1], device=tokens.device)
    inside = (place >= start[..., None]) & (place < stop[..., None])
    weight = inside / inside.sum(-1, keepdim=True).clamp(min=1)
    return weight.to(tokens.dtype) @ tokens
