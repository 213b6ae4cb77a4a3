"""RoI tokens t^: boxes and feature maps to four tokens a box, or a few more."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from ...registry import MODELS, build_part
from ...structures.feature_maps import FeatureMaps
from ...utils.number_ranges import (
    COUNT,
    FRACTION,
    NON_NEGATIVE_INT,
    require_numbers,
)
from ...utils.roi_align import roi_align


@MODELS.register_module()
class RoITokens(nn.Module):
    """RoI pooling of one level (SMOTer paper, section 4.1 and 4.2).

    The features in a box are sampled bilinearly at ``grid * samples`` points a side and
    averaged in ``grid`` x ``grid`` cells: :math:`\\hat t_j^i \\in R^{4 \\times d}`, d =
    256. This is RoIAlign with ``aligned=True``; it needs no compiled operator. A gradient
    flows to the feature maps, none to the boxes.

    With ``hidden`` the tokens come from a 7x7 pooling through two fully connected layers
    instead, as in the released code (``grid=7, hidden=1024``).

    Args:
        in_channels: C of the level.
        channels: d.
        level: Which level; the paper's is the finest.
        grid: Cells a side.
        samples: Points a side of a cell; 0: as many as cells of the map that it spans,
            detectron2's ``sampling_ratio=0``, as in the released code.
        hidden: Width of the two fully connected layers; ``None`` for none. Where
            ``in_channels`` is ``channels`` and ``hidden`` is ``None`` nothing is learnt.
        norm: With ``hidden``: a LayerNorm instead of the last ReLU (ours), so that the
            appearance does not drown the time and place encoding that is added to it.
        cells: With ``hidden``: the means of the box's four quarters, as in the paper, are
            added to the output of the layers (ours). They carry colours; the layers learn
            postures and lose colours.
        dropout: Of the pooled features: else the layers overfit to few videos.
        crop: Appends tokens of the image crop of each box: ``dict(type='CropTokens')``.
            ``None`` for none.

    Raises:
        ValueError: ``norm`` or ``cells`` without ``hidden``.
    """

    def __init__(
        self,
        *,
        in_channels: int = 256,
        channels: int = 256,
        level: int = 0,
        grid: int = 2,
        samples: int = 4,
        hidden: int | None = None,
        norm: bool = False,
        cells: bool = False,
        dropout: float = 0.0,
        crop: dict | nn.Module | None = None,
    ) -> None:
        super().__init__()
        counts = dict(in_channels=in_channels, channels=channels)
        require_numbers('RoITokens', COUNT, **counts, grid=grid)
        require_numbers('RoITokens', NON_NEGATIVE_INT, samples=samples)
        require_numbers('RoITokens', COUNT.or_none, hidden=hidden)
        require_numbers('RoITokens', FRACTION, dropout=dropout)
        self.level = level
        self.grid = grid
        self.samples = samples
        self.channels = channels
        self.dropout = nn.Dropout(dropout)
        if (norm or cells) and not hidden:
            raise ValueError('RoITokens: norm and cells go with hidden, which is None')
        self.project: nn.Module
        if hidden:
            self.project = nn.Sequential(
                nn.Flatten(),
                nn.Linear(grid**2 * in_channels, hidden),
                nn.ReLU(),
                nn.Linear(hidden, 4 * channels),
                nn.Identity() if norm else nn.ReLU(),
                nn.Unflatten(1, (4, channels)),
            )
        elif in_channels != channels:
            self.project = nn.Linear(in_channels, channels)
        else:
            self.project = nn.Identity()
        self.cells = nn.Linear(in_channels, channels) if cells else None
        self.norm = nn.LayerNorm(channels) if norm else None
        self.crop = build_part(crop)
        self.tokens = (4 if hidden else grid**2) + getattr(self.crop, 'tokens', 0)

    def extra_repr(self) -> str:
        return f'level={self.level}, grid={self.grid}, samples={self.samples}'

    def forward(
        self, features: FeatureMaps, rows: torch.Tensor, boxes: torch.Tensor
    ) -> torch.Tensor:
        """Tokens of R boxes.

        Args:
            features: Of B frames.
            rows: (R,) int64, the frame of each box, 0 to B - 1.
            boxes: (R, 4) x1, y1, x2, y2 in pixels of the original frames.

        Returns:
            (R, tokens, d): ``grid**2`` of them, or four with ``hidden``, and the crop's.
        """
        level = features.levels[self.level]
        cells = features.in_cells(rows, boxes, self.level)
        pooled = roi_align(level, rows.to(level.device), cells, self.grid, self.samples)
        pooled = self.dropout(pooled)
        tokens = self.project(pooled)
        if self.norm is not None:
            tokens = self.norm(tokens)
        if self.cells is not None:
            quarters = pooled.transpose(1, 2).unflatten(2, (self.grid, self.grid))
            quarters = F.adaptive_avg_pool2d(quarters, 2).flatten(2).transpose(1, 2)
            tokens = tokens + self.cells(quarters)
        if self.crop is not None:
            tokens = torch.cat([tokens, self.crop(features, rows, boxes)], dim=1)
        return tokens
