"""Deep layer aggregation, DLA-34."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from ...registry import MODELS

CHANNELS = (16, 32, 64, 128, 256, 512)
DEPTHS = (1, 2, 2, 1)  # of the trees at stride 4, 8, 16 and 32


@MODELS.register_module()
class DLA(BaseModule):
    """DLA-34 (Yu et al., Deep Layer Aggregation, CVPR 2018, table 1 and figure 3).

    A stem of three convolutions, then a tree of basic blocks at each of the strides 4, 8,
    16 and 32. Written from the paper; its weights have other names than the authors',
    which ``tools/model_converters/released_detector_keys.py`` knows.

    Args:
        out_indices: Stages to return; stage i has stride 2^i and 16 * 2^i channels. The
            SMOTer paper's detector takes dla3 to dla5.
        base_channels: Channels of stage 0; 16 in the paper.
        norm_cfg: ``dict(type='BN')`` as in the paper, or ``dict(type='GN',
            num_groups=...)``, which keeps no statistics of a batch.
        norm_eval: In training too, batch norms use the statistics that they have and
            change none: a batch of one video's frames has poor ones.
        with_cp: Activation checkpointing: blocks are computed again on the way back, for
            less memory. Not with ``'BN'`` that learns its statistics, which would see
            each batch twice.
        init_cfg: As of MMEngine's ``BaseModule``.
    """

    def __init__(
        self,
        *,
        out_indices: Sequence[int] = (3, 4, 5),
        base_channels: int = 16,
        norm_cfg: dict | None = None,
        norm_eval: bool = False,
        with_cp: bool = False,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        if init_cfg is None:
            init_cfg = dict(type='Kaiming', layer='Conv2d')
        super().__init__(init_cfg)
        norm_cfg = norm_cfg or dict(type='BN')
        if with_cp and norm_cfg['type'] == 'BN' and not norm_eval:
            raise ValueError(
                'DLA: with_cp=True needs a norm without batch statistics, such as '
                "norm_cfg=dict(type='GN', num_groups=16), or norm_eval=True"
            )
        if not all(0 <= i < len(CHANNELS) for i in out_indices):
            raise ValueError(
                f'DLA has the stages 0 to 5, got out_indices={out_indices}'
            )
        self.out_indices = tuple(out_indices)
        self.norm_eval = norm_eval
        widths = [base_channels * c // CHANNELS[0] for c in CHANNELS]
        self.stem = _conv(3, widths[0], 7, 1, norm_cfg, relu=True)
        self.stages = nn.ModuleList(
            [
                _conv(widths[0], widths[0], 3, 1, norm_cfg, relu=True),
                _conv(widths[0], widths[1], 3, 2, norm_cfg, relu=True),
            ]
        )
        for i, depth in enumerate(DEPTHS, start=2):
            # The root of the first tree does not see its input (authors' models).
            tree = DLATree(depth, widths[i - 1], widths[i], norm_cfg, 2, i > 2, with_cp)
            self.stages.append(tree)

    def train(self, mode: bool = True) -> DLA:
        """Switch to training, but for the batch norms with ``norm_eval``."""
        super().train(mode)
        if mode and self.norm_eval:
            for part in self.modules():
                if isinstance(part, nn.modules.batchnorm._BatchNorm):
                    part.eval()
        return self

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Feature maps of the stages ``out_indices``.

        Args:
            images: (B, 3, H, W).

        Returns:
            For each stage (B, 16 * 2^i, H / 2^i, W / 2^i).
        """
        x, levels = self.stem(images), []
        for i, stage in enumerate(self.stages):
            x = stage(x)
            if i in self.out_indices:
                levels.append(x)
        return tuple(levels)


class DLATree(nn.Module):
    """Hierarchical deep aggregation (section 3.2, equations 2 and 3).

    A tree of depth 1 is two blocks and a node that aggregates them; a deeper one is two
    trees, where the node of the second also takes what the first one gave.

    Args:
        depth: n.
        in_channels: C of the input.
        channels: C of the output.
        norm_cfg: Of the norms.
        stride: Of the first block.
        with_input: Whether the last node aggregates the input too.
        with_cp: See :class:`DLA`.
        extra_channels: C of what else the last node aggregates.
    """

    def __init__(
        self,
        depth: int,
        in_channels: int,
        channels: int,
        norm_cfg: dict,
        stride: int = 1,
        with_input: bool = False,
        with_cp: bool = False,
        extra_channels: int = 0,
    ) -> None:
        super().__init__()
        self.stride = stride
        self.with_input = with_input
        self.depth = depth
        extra_channels += in_channels if with_input else 0
        if depth == 1:
            self.first = DLABlock(in_channels, channels, stride, norm_cfg, with_cp)
            self.second = DLABlock(channels, channels, 1, norm_cfg, with_cp)
            self.node = _conv(2 * channels + extra_channels, channels, 1, 1, norm_cfg)
            return
        self.first = DLATree(
            depth - 1, in_channels, channels, norm_cfg, stride, with_cp=with_cp
        )
        self.second = DLATree(
            depth - 1,
            channels,
            channels,
            norm_cfg,
            with_cp=with_cp,
            extra_channels=extra_channels + channels,
        )

    def forward(
        self, x: torch.Tensor, aggregated: Sequence[torch.Tensor] = ()
    ) -> torch.Tensor:
        """Aggregate x (B, C, H, W), and maps that already have the output's size."""
        aggregated = list(aggregated)
        if self.with_input:
            aggregated.append(_shrunk(x, self.stride))
        first = self.first(x)
        if self.depth > 1:
            return self.second(first, [*aggregated, first])
        second_output = self.second(first)
        return F.relu(self.node(torch.cat([second_output, first, *aggregated], dim=1)))


class DLABlock(nn.Module):
    """Two 3x3 convolutions and a residual, which a 1x1 brings to the output's channels."""

    def __init__(
        self,
        in_channels: int,
        channels: int,
        stride: int,
        norm_cfg: dict,
        with_cp: bool = False,
    ) -> None:
        super().__init__()
        self.stride = stride
        self.with_cp = with_cp
        self.first = _conv(in_channels, channels, 3, stride, norm_cfg, relu=True)
        self.second = _conv(channels, channels, 3, 1, norm_cfg)
        self.project = nn.Identity()
        if in_channels != channels:
            self.project = _conv(in_channels, channels, 1, 1, norm_cfg)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C_in, H, W) to (B, C, H / stride, W / stride)."""
        if self.with_cp and x.requires_grad:
            return checkpoint(self._compute, x, use_reentrant=False)
        return self._compute(x)

    def _compute(self, x: torch.Tensor) -> torch.Tensor:
        residual = self.project(_shrunk(x, self.stride))
        return F.relu(self.second(self.first(x)) + residual)


def _shrunk(x: torch.Tensor, stride: int) -> torch.Tensor:
    return x if stride == 1 else F.max_pool2d(x, stride, stride, ceil_mode=True)


def _conv(
    in_channels: int,
    channels: int,
    kernel: int,
    stride: int,
    norm_cfg: dict,
    relu: bool = False,
) -> nn.Sequential:
    from mmcv.cnn import build_norm_layer  # only a detector needs mmcv

    layers = [
        nn.Conv2d(in_channels, channels, kernel, stride, kernel // 2, bias=False),
        build_norm_layer(norm_cfg, channels)[1],
    ]
    return nn.Sequential(*layers, *([nn.ReLU(inplace=True)] if relu else []))
