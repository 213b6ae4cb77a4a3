"""Trajectory fusion module (TFM): tokens t^ of a trajectory's boxes to T~."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import nn

from ...registry import MODELS, build_part
from ...utils.number_ranges import COUNT, require_numbers
from ..trajectory.token_encoding import TokenEncoding
from ..trajectory.trajectory_tokens import TrajectoryTokens
from .attention import SelfAttention
from .cells import FusionCell
from .masked_pooling import masked_mean


class BaseTrajectoryFusion(nn.Module, ABC):
    """Contract of the slot: M trajectories in one batch, padded, with a mask.

    Args:
        encoding: Adds time and place to the tokens (ours); ``None`` for none, as in the
            paper.
        summary: Prepend the mean of the unfused tokens over the boxes (ours): K tokens.
            Clothes stay the same from box to box, and fusion that learns what changes
            loses them.
    """

    def __init__(
        self, encoding: dict | TokenEncoding | None = None, summary: bool = False
    ) -> None:
        super().__init__()
        self.summary = summary
        self.encoding = build_part(encoding)

    def encoded(self, tracks: TrajectoryTokens) -> torch.Tensor:
        """The tokens (M, N, K, d) plus their encoding."""
        if self.encoding is None:
            return tracks.tokens
        return self.encoding(tracks)

    def summarised(
        self, tracks: TrajectoryTokens, fused: torch.Tensor, mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Fused tokens (M, L, d) and their mask, with the summary in front if it is on."""
        if not self.summary:
            return fused, mask
        mean = masked_mean(tracks.tokens, tracks.mask)
        mean_mask = mask.new_ones(mean.shape[:2])
        return torch.cat([mean, fused], dim=1), torch.cat([mean_mask, mask], dim=1)

    @abstractmethod
    def forward(self, tracks: TrajectoryTokens) -> tuple[torch.Tensor, torch.Tensor]:
        """Fuse each trajectory over its frames.

        Args:
            tracks: Tokens of M trajectories of up to N boxes.

        Returns:
            (M, L, d) fused tokens and their mask (M, L) bool; padding stands behind.
        """


@MODELS.register_module()
class ConcatTrajectoryFusion(BaseTrajectoryFusion):
    """T~_j = SA(Concat(t^_j^1, ..., t^_j^Nj)) (SMOTer paper, section 4.2, eq. 2).

    As released the self-attention has no feed-forward part, and tokens have no time encoding.

    Args:
        channels: d.
        num_heads: Heads.
        ffn_channels: Width of a feed-forward part; 0 for none.
        dropout: Dropout.
        num_layers: Self-attentions one after the other; 1 in the paper.
        summary: See :class:`BaseTrajectoryFusion`.
        encoding: See :class:`BaseTrajectoryFusion`.
    """

    def __init__(
        self,
        *,
        channels: int = 256,
        num_heads: int = 8,
        ffn_channels: int = 0,
        dropout: float = 0.1,
        num_layers: int = 1,
        summary: bool = False,
        encoding: dict | TokenEncoding | None = None,
    ) -> None:
        super().__init__(encoding, summary)
        require_numbers('ConcatTrajectoryFusion', COUNT, num_layers=num_layers)
        self.layers = nn.ModuleList(
            SelfAttention(channels, num_heads, ffn_channels, dropout)
            for _ in range(num_layers)
        )

    def forward(self, tracks: TrajectoryTokens) -> tuple[torch.Tensor, torch.Tensor]:
        tokens = self.encoded(tracks)
        mask = tracks.mask.repeat_interleave(tokens.shape[2], dim=1)
        fused = tokens.flatten(1, 2)
        for layer in self.layers:
            fused = layer(fused, mask)
        return self.summarised(tracks, fused, mask)


@MODELS.register_module()
class RecurrentTrajectoryFusion(BaseTrajectoryFusion):
    """A cell fuses a trajectory box by box: the other kinds of Table 4.

    Args:
        cell: ``AttentionCell``, ``MLPCell``, ``ConcatCell`` or ``AdditionCell``.
        encoding: See :class:`BaseTrajectoryFusion`.
        summary: See :class:`BaseTrajectoryFusion`.
    """

    def __init__(
        self,
        *,
        cell: dict | FusionCell,
        encoding: dict | TokenEncoding | None = None,
        summary: bool = False,
    ) -> None:
        super().__init__(encoding, summary)
        self.cell = build_part(cell)

    def forward(self, tracks: TrajectoryTokens) -> tuple[torch.Tensor, torch.Tensor]:
        tokens = self.encoded(tracks).transpose(0, 1)  # (N, M, K, d)
        fused = tokens[0]
        count = torch.ones(len(fused), device=fused.device)
        present = tracks.mask.transpose(0, 1)
        if len(tokens) > 1:
            steps = zip(self.cell.prepare(tokens[1:]), present[1:], strict=True)
            for prepared, is_box in steps:
                after = self.cell.step(fused, prepared, count)
                fused = torch.where(is_box[:, None, None], after, fused)
                count = count + is_box
        mask = torch.ones(fused.shape[:2], dtype=torch.bool, device=fused.device)
        return self.summarised(tracks, fused.to(tokens.dtype), mask)
