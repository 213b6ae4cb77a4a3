"""Video fusion module (VFM): feature maps of frames to F~, as a stream."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from ...registry import MODELS, build_part
from ...structures.feature_maps import FeatureMaps
from ...utils.number_ranges import COUNT, require_choice, require_numbers
from .cells import FusionCell


@dataclass(frozen=True)
class VideoFusionState:
    """The fused feature F_i of B videos (B, L, d), and the number of frames (B,) float32."""

    fused: torch.Tensor | None = None
    count: torch.Tensor | None = None


@MODELS.register_module()
class VideoFusion(nn.Module):
    """Video fusion module (SMOTer paper, section 4.2, eq. 1).

    :math:`F_1 = f_1`, then a cell fuses frame by frame; the state does not grow.

    Args:
        cell: How a frame is fused: ``AttentionCell``, ``MLPCell``, ``ConcatCell`` or
            ``AdditionCell``.
        in_channels: C of the level.
        channels: d.
        grid: Height and width that the map is averaged to; 16 x 16 in the paper.
        level: Which level.
        tokens: ``'space'``: the H x W positions are the tokens (the paper's reading).
            ``'channel'``: the C channels are, with the positions as their d numbers, as
            in the released code; then d = H * W and there is no projection.
        position: Add a learned embedding of each position (ours; the paper has none).
        mean_frames: So many first frames are averaged before the cell fuses: 1 is
            :math:`F_1 = f_1`, the paper's; 5 in the released code.
        pool_padding: The grid spans the map with its padding, as in the released code,
            not the frame alone.
    """

    def __init__(
        self,
        *,
        cell: dict | FusionCell,
        in_channels: int = 256,
        channels: int = 256,
        grid: tuple[int, int] = (16, 16),
        level: int = 0,
        tokens: str = 'space',
        position: bool = False,
        mean_frames: int = 1,
        pool_padding: bool = False,
    ) -> None:
        super().__init__()
        counts = dict(channels=channels, height=grid[0], width=grid[1])
        require_numbers('VideoFusion', COUNT, **counts, mean_frames=mean_frames)
        require_choice('VideoFusion', ('space', 'channel'), tokens=tokens)
        if tokens == 'channel' and grid[0] * grid[1] != channels:
            raise ValueError(
                f"tokens='channel': grid {tuple(grid)} has {grid[0] * grid[1]} positions, "
                f'which must be channels ({channels})'
            )
        self.cell = build_part(cell)
        self.grid = (grid[0], grid[1])
        self.level = level
        self.tokens = tokens
        self.mean_frames = mean_frames
        self.pool_padding = pool_padding
        needs_projection = tokens == 'space' and in_channels != channels
        self.project = (
            nn.Linear(in_channels, channels) if needs_projection else nn.Identity()
        )
        self.position = None
        if position:
            places = grid[0] * grid[1] if tokens == 'space' else in_channels
            self.position = nn.Parameter(torch.randn(places, channels) * 0.02)

    def frame_tokens(self, features: FeatureMaps) -> torch.Tensor:
        """The tokens of each frame, (B, L, d)."""
        pooled = self._pooled(features).flatten(2)
        if self.tokens == 'space':
            pooled = self.project(pooled.transpose(1, 2))
        return pooled if self.position is None else pooled + self.position

    def _pooled(self, features: FeatureMaps) -> torch.Tensor:
        """(B, C, *grid) means of the frames, with or without their padding."""
        level = features.levels[self.level]
        if self.pool_padding:
            return F.adaptive_avg_pool2d(level, self.grid)
        extents = features.extents(self.level)
        if len({*extents}) == 1:
            height, width = extents[0]
            return F.adaptive_avg_pool2d(level[..., :height, :width], self.grid)
        frames = [
            F.adaptive_avg_pool2d(frame[:, :height, :width], self.grid)
            for frame, (height, width) in zip(level, extents, strict=True)
        ]
        return torch.stack(frames)

    def forward(
        self, tokens: torch.Tensor, state: VideoFusionState | None = None
    ) -> VideoFusionState:
        """Fuse N more frames of B videos.

        Args:
            tokens: (N, B, L, d), N >= 0.
            state: Of the frames before; ``None`` at the start of a video.
        """
        fused, count = (None, None) if state is None else (state.fused, state.count)
        if fused is None:
            if not len(tokens):
                return VideoFusionState()
            fused, tokens = tokens[0], tokens[1:]
            count = None
        if count is None:
            count = torch.ones(len(fused), device=fused.device)
        if self.mean_frames > 1:
            fused, tokens, count = self._averaged(fused, tokens, count)
        if not len(tokens):
            return VideoFusionState(fused, count)
        for prepared in self.cell.prepare(tokens):
            fused = self.cell.step(fused, prepared, count)
            count = count + 1
        return VideoFusionState(fused, count)

    def _averaged(
        self, fused: torch.Tensor, tokens: torch.Tensor, count: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Take those of N frames that belong to the mean into it; the others are left.

        Args:
            fused: (B, L, d), the mean of the frames before, while they are so few.
            tokens: (N, B, L, d).
            count: (B,) how many frames are in ``fused``, the same in all videos.
        """
        new = max(self.mean_frames - int(count[0]), 0)
        if not new or not len(tokens):
            return fused, tokens, count
        head = tokens[:new]
        weight = count[:, None, None].to(fused.dtype)
        fused = (fused * weight + head.sum(0)) / (weight + len(head))
        return fused, tokens[new:], count + len(head)
