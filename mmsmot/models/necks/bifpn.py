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
        norm_cfg: Of the norms.
        init_cfg: As of MMEngine's ``BaseModule``.
    """

    def __init__(
        self,
        *,
        in_channels: Sequence[int],
        out_channels: int = 160,
        num_layers: int = 3,
        num_outs: int = 5,
        separable: bool = True,
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
        self.lateral = nn.ModuleList(
            _conv(c, out_channels, 1, norm_cfg) for c in in_channels
        )
        self.extra = None
        if num_outs > len(in_channels):
            self.extra = _conv(in_channels[-1], out_channels, 1, norm_cfg)
        self.num_outs = num_outs
        self.layers = nn.ModuleList(
            BiFPNLayer(num_outs, out_channels, separable, norm_cfg)
            for _ in range(num_layers)
        )

    def forward(self, inputs: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
        """Maps (B, C_l, H_l, W_l), finest first, to ``num_outs`` of ``out_channels``."""
        levels = [conv(x) for conv, x in zip(self.lateral, inputs, strict=True)]
        if self.extra is not None:
            levels.append(_halved(self.extra(inputs[-1])))
        while len(levels) < self.num_outs:
            levels.append(_halved(levels[-1]))
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
    """

    def __init__(
        self, num_levels: int, channels: int, separable: bool, norm_cfg: dict
    ) -> None:
        super().__init__()
        below_top = range(num_levels - 1)
        self.down = nn.ModuleList(
            BiFPNNode(2, channels, separable, norm_cfg) for _ in below_top
        )
        # The top level has no node on the way down, so one input less on the way up.
        self.up = nn.ModuleList(
            BiFPNNode(2 if i == num_levels - 1 else 3, channels, separable, norm_cfg)
            for i in range(1, num_levels)
        )

    def forward(self, levels: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Fuse maps (B, C, H_l, W_l), finest first."""
        down = [levels[-1]]
        for node, level in zip(self.down[::-1], levels[-2::-1], strict=True):
            down.insert(0, node(level, F.interpolate(down[0], level.shape[-2:])))
        fused = [down[0]]
        for i, node in enumerate(self.up, start=1):
            below = _halved(fused[-1])
            level_inputs = (
                (levels[i],) if i == len(levels) - 1 else (levels[i], down[i])
            )
            fused.append(node(*level_inputs, below))
        return fused


class BiFPNNode(nn.Module):
    """Fast normalised fusion (section 3.3), swish, convolution, norm."""

    def __init__(
        self, num_inputs: int, channels: int, separable: bool, norm_cfg: dict
    ) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.ones(num_inputs))
        conv = _conv(channels, channels, 3, norm_cfg)
        if separable:
            depthwise = nn.Conv2d(
                channels, channels, 3, padding=1, groups=channels, bias=False
            )
            conv = nn.Sequential(depthwise, *_conv(channels, channels, 1, norm_cfg))
        self.conv = conv

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Fuse maps of one size (B, C, H, W)."""
        return self.conv(F.silu(fast_normalized_fusion(self.weights, inputs)))


def fast_normalized_fusion(
    weights: torch.Tensor, inputs: Sequence[torch.Tensor]
) -> torch.Tensor:
    """O = sum_i w_i I_i / (eps + sum_j w_j) with w = relu(weights)."""
    weights = weights.relu()
    shares = weights / (weights.sum() + EPSILON)
    return sum(share * x for share, x in zip(shares, inputs, strict=True))


def _halved(x: torch.Tensor) -> torch.Tensor:
    return F.max_pool2d(x, 3, 2, padding=1)


def _conv(
    in_channels: int, channels: int, kernel: int, norm_cfg: dict
) -> nn.Sequential:
    from mmcv.cnn import build_norm_layer  # only a detector needs mmcv

    conv = nn.Conv2d(in_channels, channels, kernel, padding=kernel // 2, bias=False)
    return nn.Sequential(conv, build_norm_layer(norm_cfg, channels)[1])
