"""Recurrent fusion cells: F_{i-1} and f_i to F_i.

The four kinds of the paper's Table 4. A cell takes one frame at a time and keeps a state
whose size does not depend on their number.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import nn

from ...registry import MODELS
from ...utils.number_ranges import COUNT, FRACTION, require_numbers
from .attention import CrossAttention


class FusionCell(nn.Module, ABC):
    """Contract of a cell; all tensors (B, L, d), B rows fused side by side."""

    def prepare(self, inputs: torch.Tensor) -> Any:
        """What does not depend on the state, for many frames at once.

        Args:
            inputs: (N, B, L, d), N frames.

        Returns:
            An indexable by frame, whose items :meth:`step` takes.
        """
        return inputs

    @abstractmethod
    def step(self, fused: torch.Tensor, prepared: Any, count: torch.Tensor) -> Any:
        """Fuse one more frame.

        Args:
            fused: (B, L, d), F_{i-1}.
            prepared: Of f_i, as :meth:`prepare` gives it.
            count: (B,) float32 (16 bits count to 256), how many frames are in ``fused``.

        Returns:
            (B, L, d), F_i.
        """


@MODELS.register_module()
class AttentionCell(FusionCell):
    """F_i = CA(F_{i-1}, f_i) (SMOTer paper, eq. 1).

    Args:
        channels: d.
        num_heads: Heads.
        ffn_channels: Width of the feed-forward part.
        dropout: Dropout.
    """

    def __init__(
        self,
        *,
        channels: int = 256,
        num_heads: int = 8,
        ffn_channels: int = 1024,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.attention = CrossAttention(channels, num_heads, ffn_channels, dropout)

    def prepare(self, inputs: torch.Tensor) -> Any:
        """Keys and values of all frames in one product."""
        return list(zip(*self.attention.keys_values(inputs), strict=True))

    def step(self, fused: torch.Tensor, prepared: Any, count: torch.Tensor) -> Any:
        return self.attention(fused, prepared)


@MODELS.register_module()
class MLPCell(FusionCell):
    """F_i = LN(F_{i-1} + MLP([F_{i-1}; f_i])).

    The paper names the kind and leaves its layers to a supplement that is not public;
    this is ours.

    Args:
        channels: d.
        hidden: Width of the hidden layer.
        dropout: Dropout.
    """

    def __init__(
        self, *, channels: int = 256, hidden: int = 1024, dropout: float = 0.1
    ) -> None:
        super().__init__()
        require_numbers('MLPCell', COUNT, channels=channels, hidden=hidden)
        require_numbers('MLPCell', FRACTION, dropout=dropout)
        self.mlp = nn.Sequential(
            nn.Linear(2 * channels, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, channels),
        )
        self.norm = nn.LayerNorm(channels)

    def step(self, fused: torch.Tensor, prepared: Any, count: torch.Tensor) -> Any:
        return self.norm(fused + self.mlp(torch.cat([fused, prepared], dim=-1)))


@MODELS.register_module()
class ConcatCell(FusionCell):
    """F_i = LN(W [F_{i-1}; f_i]): concatenated, brought back to d.

    Args:
        channels: d.
    """

    def __init__(self, *, channels: int = 256) -> None:
        super().__init__()
        self.project = nn.Linear(2 * channels, channels)
        self.norm = nn.LayerNorm(channels)

    def step(self, fused: torch.Tensor, prepared: Any, count: torch.Tensor) -> Any:
        return self.norm(self.project(torch.cat([fused, prepared], dim=-1)))


@MODELS.register_module()
class AdditionCell(FusionCell):
    """F_N is the mean of all frames: a sum whose scale does not grow with N.

    It is kept in 32 bits at least: in 16 a mean of hundreds of frames does not change any more.
    """

    def step(self, fused: torch.Tensor, prepared: Any, count: torch.Tensor) -> Any:
        count = count[:, None, None]
        fused = fused.to(torch.promote_types(fused.dtype, torch.float32))
        return (fused * count + prepared) / (count + 1)
