"""The released SMOTer's detector in plain functions, from its code's description.

Written for the tests from what the public code computes: DLA-34 (ucbdrive/dla), BiFPN and
proposal head (CenterNet2), 7 x 7 pooled track features (GTR). Weights are looked up by
their released names, and are filled from them as in ``goldens/released_smoter/README.md``
(but for kernels, which have twice the variance, so that maps do not fade).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from tests import released_weights

BOTTOM_UP = 'backbone.bottom_up.'
HEAD = 'proposal_generator.centernet_head.'
# Of each node of a BiFPN layer: what it reads. 0 to 4 are the levels p3 to p7 that come
# in, 5 to 12 the nodes themselves; and the level whose size it has.
NODES = (
    ((3, 4), 3),
    ((2, 5), 2),
    ((1, 6), 1),
    ((0, 7), 0),
    ((1, 7, 8), 1),
    ((2, 6, 9), 2),
    ((3, 5, 10), 3),
    ((4, 11), 4),
)
STRIDES = (8, 16, 32, 64, 128)

Weights = dict[str, Tensor]


def filled(name: str, shape: Sequence[int]) -> Tensor:
    """A weight's values from its name."""
    return released_weights.filled(name, shape, gain=2)


def conv_bn(weights: Weights, conv: str, bn: str, x: Tensor, stride: int = 1) -> Tensor:
    """A convolution without bias and a batch norm with the statistics that it has."""
    kernel = weights[f'{conv}.weight']
    x = F.conv2d(x, kernel, stride=stride, padding=kernel.shape[2] // 2)
    names = ('running_mean', 'running_var', 'weight', 'bias')
    return F.batch_norm(x, *(weights[f'{bn}.{name}'] for name in names), eps=1e-5)


def conv_gn(weights: Weights, conv: str, gn: str, x: Tensor) -> Tensor:
    """A convolution, with or without bias, and a group norm of 32 groups."""
    kernel = weights[f'{conv}.weight']
    bias = weights.get(f'{conv}.bias')
    x = F.conv2d(x, kernel, bias, padding=kernel.shape[2] // 2)
    return F.group_norm(x, 32, weights[f'{gn}.weight'], weights[f'{gn}.bias'])


def block(
    weights: Weights, name: str, x: Tensor, residual: Tensor, stride: int
) -> Tensor:
    """Two convolutions and the residual, relu after the first and after the sum."""
    x = conv_bn(weights, f'{name}conv1', f'{name}bn1', x, stride).relu()
    x = conv_bn(weights, f'{name}conv2', f'{name}bn2', x)
    return (x + residual).relu()


def small_tree(weights: Weights, name: str, x: Tensor, *children: Tensor) -> Tensor:
    """Two blocks and a root; the first block has stride 2 where there is a ``project``."""
    stride, residual = 1, x
    if f'{name}project.0.weight' in weights:
        stride, residual = 2, F.max_pool2d(x, 2)
        residual = conv_bn(weights, f'{name}project.0', f'{name}project.1', residual)
    first = block(weights, f'{name}tree1.', x, residual, stride)
    second = block(weights, f'{name}tree2.', first, first, 1)
    joined = torch.cat([second, first, *children], dim=1)
    return conv_bn(weights, f'{name}root.conv', f'{name}root.bn', joined).relu()


def dla34(weights: Weights, x: Tensor) -> list[Tensor]:
    """Maps of level 0 to 5."""
    name = BOTTOM_UP
    x = conv_bn(weights, f'{name}base_layer.0', f'{name}base_layer.1', x).relu()
    levels = [conv_bn(weights, f'{name}level0.0', f'{name}level0.1', x).relu()]
    x = conv_bn(weights, f'{name}level1.0', f'{name}level1.1', levels[-1], 2).relu()
    levels += [x, small_tree(weights, f'{name}level2.', x)]
    for i in (
        3,
        4,
    ):  # a tree of two trees: the second root reads the input and the first
        below = levels[-1]
        first = small_tree(weights, f'{name}level{i}.tree1.', below)
        shrunk = F.max_pool2d(below, 2)
        tree = f'{name}level{i}.tree2.'
        levels.append(small_tree(weights, tree, first, shrunk, first))
    shrunk = F.max_pool2d(levels[-1], 2)
    levels.append(small_tree(weights, f'{name}level5.', levels[-1], shrunk))
    return levels


def pyramid_input(weights: Weights, maps: Sequence[Tensor]) -> list[Tensor]:
    """dla3 to dla5, p6 from dla5 by a convolution and a pooling, p7 by a pooling."""
    conv = 'backbone.resample.3.conv.'
    p6 = F.max_pool2d(conv_gn(weights, f'{conv}conv', f'{conv}bn', maps[-1]), 2)
    return [*maps, p6, F.max_pool2d(p6, 2)]


def bifpn_layer(weights: Weights, layer: int, levels: Sequence[Tensor]) -> list[Tensor]:
    """Eight nodes, each the weighted sum of two or three maps; the last five are given."""
    maps = list(levels)
    for node, (sources, level) in enumerate(NODES):
        name = f'backbone.cell.{layer}.fnode.{node}.'
        size = levels[level].shape[-2:]
        inputs = []
        for source in sources:
            x = maps[source]
            conv = f'{name}combine.resample.{source}.conv.'
            if x.shape[1] != 160:
                x = conv_gn(weights, f'{conv}conv', f'{conv}bn', x)
            if x.shape[-1] > size[-1]:
                x = F.max_pool2d(x, 2)
            elif x.shape[-1] < size[-1]:
                x = x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
            inputs.append(x)
        edges = weights[f'{name}combine.edge_weights'].clamp(min=0)
        total = sum(w * x for w, x in zip(edges, inputs, strict=True))
        total = total / (edges.sum() + 1e-4)
        total = total * total.sigmoid()
        conv = f'{name}after_combine.conv.'
        maps.append(conv_gn(weights, f'{conv}conv', f'{conv}bn', total))
    return maps[-5:]


def deformable_conv(weights: Weights, name: str, x: Tensor) -> Tensor:
    """18 offsets (y, x of nine points), 9 sigmoid masks, then the nine points' sum."""
    offsets = F.conv2d(
        x, weights[f'{name}offset.weight'], weights[f'{name}offset.bias'], padding=1
    )
    shifts, masks = offsets[:, :18], offsets[:, 18:].sigmoid()
    height, width = x.shape[-2:]
    y, x_ = torch.meshgrid(
        torch.arange(height).float(), torch.arange(width).float(), indexing='ij'
    )
    kernel = weights[f'{name}conv.weight']
    result = weights[f'{name}conv.bias'][:, None, None]
    for k in range(9):
        down = y + k // 3 - 1 + shifts[:, 2 * k]
        across = x_ + k % 3 - 1 + shifts[:, 2 * k + 1]
        # Pixel i lies at (i + 1/2) / size of an image that reaches from -1 to 1.
        grid = torch.stack(
            [(2 * across + 1) / width - 1, (2 * down + 1) / height - 1], dim=-1
        )
        read = F.grid_sample(x, grid, padding_mode='zeros', align_corners=False)
        read = read * masks[:, k : k + 1]
        result = result + F.conv2d(read, kernel[:, :, k // 3, k % 3, None, None])
    return result


def head(weights: Weights, level: int, x: Tensor) -> tuple[Tensor, Tensor]:
    """Logits of a level's heat map and its distances in strides, both from one tower."""
    tower = f'{HEAD}bbox_tower.'
    for i in (0, 3, 6):
        x = conv_gn(weights, f'{tower}{i}', f'{tower}{i + 1}', x).relu()
    x = deformable_conv(weights, f'{tower}9.', x)
    gn = weights[f'{tower}10.weight'], weights[f'{tower}10.bias']
    x = F.group_norm(x, 32, *gn).relu()
    heat, boxes = (
        F.conv2d(x, weights[f'{HEAD}{n}.weight'], weights[f'{HEAD}{n}.bias'], padding=1)
        for n in ('agn_hm', 'bbox_pred')
    )
    return heat, (weights[f'{HEAD}scales.{level}.scale'] * boxes).relu()


def proposals(
    heatmaps: Sequence[Tensor], distances: Sequence[Tensor]
) -> tuple[np.ndarray, np.ndarray]:
    """Boxes (N, 4) in pixels of the input and scores (N,) of one image, best first.

    Args:
        heatmaps: For each level (H, W), logits.
        distances: For each level (4, H, W), in strides.
    """
    candidates = []
    for stride, logits, sides in zip(STRIDES, heatmaps, distances, strict=True):
        level = []
        for row, column in np.ndindex(*logits.shape):
            heat = float(logits[row, column].double().sigmoid())
            if heat <= 1e-4:
                continue
            x = stride * column + stride // 2
            y = stride * row + stride // 2
            left, top, right, bottom = (
                float(side) * stride for side in sides[:, row, column]
            )
            box = [x - left, y - top, x + right, y + bottom]
            box[2] = max(box[2], box[0] + 0.01)
            box[3] = max(box[3], box[1] + 0.01)
            level.append((heat**0.5, box))
        level.sort(key=lambda candidate: -candidate[0])
        candidates += level[:1000]
    candidates.sort(key=lambda candidate: -candidate[0])
    survivors: list[tuple[float, list[float]]] = []
    for score, box in candidates:
        if all(_iou(box, other) <= 0.6 for _, other in survivors):
            survivors.append((score, box))
    survivors = survivors[:128]
    boxes = np.array([box for _, box in survivors]).reshape(-1, 4)
    return boxes, np.array([score for score, _ in survivors])


def _iou(one: Sequence[float], two: Sequence[float]) -> float:
    width = min(one[2], two[2]) - max(one[0], two[0])
    height = min(one[3], two[3]) - max(one[1], two[1])
    overlap = max(width, 0) * max(height, 0)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, two))
    return overlap / (areas - overlap)


def track_features(weights: Weights, pooled: Tensor) -> Tensor:
    """(R, 160, 7, 7) to the four tokens of a box, (R, 4, 256)."""
    x = pooled.flatten(1)
    for layer in ('fc1', 'fc2'):
        name = f'asso_head.{layer}'
        x = F.linear(x, weights[f'{name}.weight'], weights[f'{name}.bias']).relu()
    return x.reshape(-1, 4, 256)
