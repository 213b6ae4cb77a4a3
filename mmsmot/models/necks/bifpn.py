"""The weighted bi-directional feature pyramid of EfficientDet."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import nn
from torch.nn import functional as F

from ...registry import MODELS

EPSILON = 1e-4  # of the fast normalised fusion, section 3.3


@MODELS.register_module()
class BiFPN(BaseModule):
    """BiFPN (Tan et al., EfficientDet, CVPR 2020, section 3).

    1x1 convolutions bring the backbone's maps to one width, a max pooling gives each
    further level; then the maps go down and up the pyramid, several times.

    Args:
        in_channels: C of each of the backbone's maps, finest first.
        out_channels: C of every level; 160 in the released SMOTer.
        num_layers: Times down and up; 3 in the released SMOTer.
        num_outs: Levels in all; 5 for p3 to p7.
        separable: Depthwise separable convolutions, as in the paper; else plain 3x3 ones.
        pool: Side of the max poolings of stride 2: 3 with a border of 1 (EfficientDet), or
            2 without (CenterNet2), where levels halve exactly: pad images to the coarsest
            stride.
        lateral: ``'shared'``: one 1x1 convolution for each of the backbone's maps.
            ``'node'``: one for each node that reads it, so two where a level is on the way
            down and up (EfficientDet's code, CenterNet2); none where a map has
            ``out_channels`` already.
        norm_cfg: Of the norms.
        init_cfg: As of MMEngine's ``BaseModule``.

    Raises:
        ValueError: Fewer levels than maps, or an unknown ``pool`` or ``lateral``.
    """

    def __init__(
        self,
        *,
        in_channels: Sequence[int],
        out_channels: int = 160,
        num_layers: int = 3,
        num_outs: int = 5,
        separable: bool = True,
        pool: int = 3,
        lateral: str = 'shared',
        norm_cfg: dict | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        if init_cfg is None:
            init_cfg = dict(type='Xavier', layer='Conv2d', distribution='uniform')
        super().__init__(init_cfg)
        norm_cfg = norm_cfg or dict(type='BN')
        if num_outs < max(2, len(in_channels)):
            raise ValueError(
                f'BiFPN: num_outs={num_outs}, but there are {len(in_channels)} maps and '
                'a pyramid has two levels or more'
            )
        if pool not in (2, 3) or lateral not in ('shared', 'node'):
            raise ValueError(
                f'BiFPN: pool={pool!r}, lateral={lateral!r}, expected 2 or 3 and '
                "'shared' or 'node'"
            )
        by_node = lateral == 'node'
        if by_node and num_outs == len(in_channels):
            raise ValueError(
                f"BiFPN: lateral='node' needs a level above the {num_outs} maps, "
                f'num_outs={num_outs + 1} or more'
            )
        self.lateral: nn.ModuleList | None = None
        if not by_node:
            self.lateral = nn.ModuleList(
                _conv(c, out_channels, 1, norm_cfg) for c in in_channels
            )
        self.extra = None
        if num_outs > len(in_channels):
            self.extra = _conv(in_channels[-1], out_channels, 1, norm_cfg)
        self.num_outs = num_outs
        self.pool = pool
        first_channels = tuple(in_channels) if by_node else ()
        self.layers = nn.ModuleList(
            BiFPNLayer(
                num_outs, out_channels, separable, norm_cfg, pool, channels_of_maps
            )
            for channels_of_maps in [first_channels, *[()] * (num_layers - 1)]
        )

    def forward(self, inputs: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
        """Maps (B, C_l, H_l, W_l), finest first, to ``num_outs`` of ``out_channels``."""
        levels = list(inputs)
        if self.lateral is not None:
            levels = [conv(x) for conv, x in zip(self.lateral, inputs, strict=True)]
        if self.extra is not None:
            levels.append(_halved(self.extra(inputs[-1]), self.pool))
        while len(levels) < self.num_outs:
            levels.append(_halved(levels[-1], self.pool))
        for layer in self.layers:
            levels = layer(levels)
        return tuple(levels)


class BiFPNLayer(nn.Module):
    """Once down and once up the pyramid (figure 2 d).

    Args:
        num_levels: Levels of the pyramid.
        channels: C.
        separable: See :class:`BiFPN`.
        norm_cfg: Of the norms.
        pool: See :class:`BiFPN`.
        in_channels: C of the first levels, where nodes bring them to C themselves.
    """

    def __init__(
        self,
        num_levels: int,
        channels: int,
        separable: bool,
        norm_cfg: dict,
        pool: int = 3,
        in_channels: Sequence[int] = (),
    ) -> None:
        super().__init__()
        self.pool = pool
        widths = [*in_channels, *[channels] * (num_levels - len(in_channels))]
        self.down = nn.ModuleList(
            BiFPNNode(2, channels, separable, norm_cfg, width) for width in widths[:-1]
        )
        # The top level has no node on the way down, so one input less on the way up.
        self.up = nn.ModuleList(
            BiFPNNode(
                2 if i == num_levels - 1 else 3,
                channels,
                separable,
                norm_cfg,
                widths[i],
            )
            for i in range(1, num_levels)
        )

    def forward(self, levels: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Fuse maps (B, C, H_l, W_l), finest first."""
        down = [levels[-1]]
        for node, level in zip(self.down[::-1], levels[-2::-1], strict=True):
            down.insert(0, node(level, F.interpolate(down[0], level.shape[-2:])))
        fused = [down[0]]
        for i, node in enumerate(self.up, start=1):
            below = _halved(fused[-1], self.pool)
            level_inputs = (
                (levels[i],) if i == len(levels) - 1 else (levels[i], down[i])
            )
            fused.append(node(*level_inputs, below))
        return fused


class BiFPNNode(nn.Module):
    """Fast normalised fusion (section 3.3), swish, convolution, norm.

    Args:
        num_inputs: Maps to fuse.
        channels: C.
        separable: See :class:`BiFPN`.
        norm_cfg: Of the norms.
        in_channels: C of the first input, which a 1x1 convolution brings to C.
    """

    def __init__(
        self,
        num_inputs: int,
        channels: int,
        separable: bool,
        norm_cfg: dict,
        in_channels: int | None = None,
    ) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.ones(num_inputs))
        self.lateral = None
        if in_channels not in (None, channels):
            self.lateral = _conv(in_channels, channels, 1, norm_cfg)
        conv = _conv(channels, channels, 3, norm_cfg)
        if separable:
            depthwise = nn.Conv2d(
                channels, channels, 3, padding=1, groups=channels, bias=False
            )
            conv = nn.Sequential(depthwise, *_conv(channels, channels, 1, norm_cfg))
        self.conv = conv

    def forward(self, level: torch.Tensor, *other_levels: torch.Tensor) -> torch.Tensor:
        """Fuse maps of one size (B, C, H, W)."""
        if self.lateral is not None:
            level = self.lateral(level)
        return self.conv(
            F.silu(fast_normalized_fusion(self.weights, (level, *other_levels)))
        )


def fast_normalized_fusion(
    weights: torch.Tensor, inputs: Sequence[torch.Tensor]
) -> torch.Tensor:
    """O = sum_i w_i I_i / (eps + sum_j w_j) with w = relu(weights)."""
    weights = weights.relu()
    shares = weights / (weights.sum() + EPSILON)
    return sum(share * x for share, x in zip(shares, inputs, strict=True))


def _halved(x: torch.Tensor, pool: int) -> torch.Tensor:
    return F.max_pool2d(x, pool, 2, padding=(pool - 1) // 2)


def _conv(
    in_channels: int, channels: int, kernel: int, norm_cfg: dict
) -> nn.Sequential:
    from mmcv.cnn import build_norm_layer  # only a detector needs mmcv

    conv = nn.Conv2d(in_channels, channels, kernel, padding=kernel // 2, bias=False)
    return nn.Sequential(conv, build_norm_layer(norm_cfg, channels)[1])
