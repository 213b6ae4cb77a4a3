"""The network that says whether two tracklets are one object."""

from __future__ import annotations

import os
from pathlib import Path

import torch
from torch import Tensor, nn

from ...utils.atomic import atomic_path
from ...utils.checkpoint import load_checkpoint, load_weights

WIDTH = 256  # of the authors' network
KERNEL = 7  # frames


class LinkTemporalBlock(nn.Module):
    """Convolves along time; frame number, x and y are normalised each for itself.

    Args:
        in_channels: Channels in.
        out_channels: Channels out.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, (KERNEL, 1), bias=False)
        self.bnf = nn.BatchNorm1d(out_channels)
        self.bnx = nn.BatchNorm1d(out_channels)
        self.bny = nn.BatchNorm1d(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """(P, C, T, 3) to (P, C', T - 6, 3)."""
        columns = self.conv(x).unbind(dim=3)
        norms = (self.bnf, self.bnx, self.bny)
        normed = [norm(c) for norm, c in zip(norms, columns, strict=True)]
        return torch.stack(normed, dim=3).relu()


class LinkFusionBlock(nn.Module):
    """Convolves across frame number, x and y.

    Args:
        channels: Channels in and out.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, (1, 3), bias=False)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(P, C, T, 3) to (P, C, T, 1)."""
        return self.bn(self.conv(x)).relu()


class LinkClassifier(nn.Module):
    """Two hidden layers on both tracklets' features.

    Args:
        channels: Size of a tracklet's feature.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(2 * channels, channels // 2)
        self.fc2 = nn.Linear(channels // 2, 2)

    def forward(self, former: Tensor, later: Tensor) -> Tensor:
        """(P, C) and (P, C) to (P, 2) logits: different objects, one object."""
        return self.fc2(self.fc1(torch.cat([former, later], dim=1)).relu())


class LinkNetwork(nn.Module):
    """AFLink's network (Du et al., StrongSORT, TMM 2023, section 3.3, figure 4).

    Each tracklet has a temporal and a fusion module of its own. The modules bear the
    names of the authors' ``PostLinker``, so that their checkpoints load.

    Args:
        width: Size of a tracklet's feature, a multiple of 8; 256 in the release. The
            four temporal blocks have an eighth, a quarter, a half and all of it.
        fill: What it has learnt short tracklets to be filled with, see
            :class:`~.tracklet_ends.TrackletEnds`.

    Raises:
        ValueError: ``width`` is no positive multiple of 8.
    """

    def __init__(self, width: int = WIDTH, fill: str = 'zeros') -> None:
        super().__init__()
        self.fill = fill
        if width < 8 or width % 8:
            raise ValueError(
                f'LinkNetwork: width must be a positive multiple of 8, got {width}'
            )
        self.TemporalModule_1 = _temporal_module(width)
        self.TemporalModule_2 = _temporal_module(width)
        self.FusionBlock_1 = LinkFusionBlock(width)
        self.FusionBlock_2 = LinkFusionBlock(width)
        self.classifier = LinkClassifier(width)

    def forward(self, former: Tensor, later: Tensor) -> Tensor:
        """Logits of P pairs.

        Args:
            former: (P, 30, 3) frame, x, y of the former tracklet's end, normalised by
                :func:`~.tracklet_ends.normalize_end_pairs`.
            later: (P, 30, 3) of the later tracklet's start.

        Returns:
            (P, 2): different objects, one object.
        """
        former = self.FusionBlock_1(self.TemporalModule_1(former[:, None]))
        later = self.FusionBlock_2(self.TemporalModule_2(later[:, None]))
        return self.classifier(former.mean(dim=(2, 3)), later.mean(dim=(2, 3)))


def _temporal_module(width: int) -> nn.Sequential:
    channels = (1, width // 8, width // 4, width // 2, width)
    return nn.Sequential(
        *(LinkTemporalBlock(a, b) for a, b in zip(channels, channels[1:], strict=False))
    )


def read_link_network(filename: str | os.PathLike) -> LinkNetwork:
    """The network of a checkpoint, as wide as that, ready to judge.

    ``fill`` is what the metadata of a safetensors file says, and ``'zeros'`` for others.

    Args:
        filename: Safetensors, or a ``.pth`` of the authors or of MMDetection; nothing
            in it is executed.

    Raises:
        FileNotFoundError: There is no such checkpoint.
        ValueError: It belongs to another network, or holds more than weights.
    """
    checkpoint = load_checkpoint(filename)
    scale = checkpoint.get('state_dict', checkpoint).get('FusionBlock_1.bn.weight')
    is_weight = isinstance(scale, Tensor) and scale.ndim == 1 and len(scale) % 8 == 0
    network = LinkNetwork(len(scale) if is_weight else WIDTH, _fill_of(filename))
    load_weights(network, filename)
    return network.eval()


def save_link_network(network: LinkNetwork, path: str | os.PathLike) -> None:
    """Write a network for :func:`read_link_network`, whole or not at all."""
    from safetensors.torch import save_file

    state = {k: v.cpu().contiguous() for k, v in network.state_dict().items()}
    with atomic_path(path) as temporary:
        save_file(state, temporary, metadata={'fill': network.fill})


def _fill_of(filename: str | os.PathLike) -> str:
    if Path(filename).suffix != '.safetensors':
        return 'zeros'
    from safetensors import safe_open

    with safe_open(Path(filename).expanduser(), 'pt') as file:
        return (file.metadata() or {}).get('fill', 'zeros')
