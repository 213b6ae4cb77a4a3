"""Shared features of the two branches: regions of a feature map as tokens of d."""

from __future__ import annotations

import torch
from torch import nn

from mmsmot.models.trajectory.roi_tokens import roi_align
from mmsmot.registry import MODELS
from mmsmot.structures.feature_maps import FeatureMaps
from mmsmot.utils.number_ranges import COUNT, NON_NEGATIVE_INT, require_numbers


@MODELS.register_module()
class SharedFeatures(nn.Module):
    """RoIAlign of one level, then a linear layer and a norm, for both branches.

    Pooling is a weighted mean, so the linear layer comes after it: it is applied to the
    cells that are looked at, not to the whole map.

    Args:
        in_channels: C of the level.
        channels: d.
        level: Which level of the feature maps.
    """

    def __init__(
        self, *, in_channels: int = 108, channels: int = 96, level: int = 0
    ) -> None:
        super().__init__()
        counts = dict(in_channels=in_channels, channels=channels)
        require_numbers('SharedFeatures', COUNT, **counts)
        require_numbers('SharedFeatures', NON_NEGATIVE_INT, level=level)
        self.level = level
        self.in_channels, self.channels = in_channels, channels
        self.scale = nn.LayerNorm(in_channels)
        self.project = nn.Sequential(
            nn.Linear(in_channels, channels), nn.GELU(), nn.Linear(channels, channels)
        )

    def pool(
        self,
        features: FeatureMaps,
        rows: torch.Tensor,
        regions: torch.Tensor,
        grid: int | tuple[int, int],
        samples: int = 2,
    ) -> torch.Tensor:
        """Cells of regions, before the layers.

        Args:
            features: Of B frames.
            rows: (R,) int64, the frame of each region.
            regions: (R, 4) in pixels of the original frames; what lies outside is 0.
            grid: Cells a side, or down and across.
            samples: Points a side of a cell.

        Returns:
            (R, cells, C), row by row.
        """
        cells = features.in_cells(rows, regions, self.level)
        level = features.levels[self.level]
        return roi_align(level, rows.to(level.device), cells, grid, samples)

    def forward(self, pooled: torch.Tensor) -> torch.Tensor:
        """Tokens (..., d) of pooled cells (..., C)."""
        return self.project(self.scale(pooled))
