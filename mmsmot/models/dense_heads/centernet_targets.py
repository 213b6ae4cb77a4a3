"""Targets and losses of CenterNet2's proposal stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

FAR = 1e8  # distance of a box that a point does not predict
SIGMOID_CLAMP = 1e-4  # of the heat map in the losses
LEAST_HEAT = 1e-4  # a target below counts 0


@dataclass(frozen=True, kw_only=True)
class TargetRules:
    """Which points of a pyramid predict a box (CenterNet2, section 4).

    Attributes:
        strides: Of the L levels, in pixels of the network's input.
        regress_ranges: L, least and largest half diagonal of a level's boxes.
        hm_min_overlap: Least IoU of a box moved to the border of its heat, which gives
            the radius of the heat.
        hm_min_radius: The least radius, in pixels.
    """

    strides: Sequence[int]
    regress_ranges: Sequence[tuple[float, float]]
    hm_min_overlap: float
    hm_min_radius: float


@dataclass(frozen=True, eq=False)
class CenterTargets:
    """Targets of an image at the M points of its pyramid.

    Attributes:
        heatmap: (M,) from 0 to 1.
        distances: (M, 4) to left, top, right and bottom of the point's box in strides;
            negative where it has none.
        centers: (P,) int64, the points that are the center of a box, in each level that
            has it.
    """

    heatmap: torch.Tensor
    distances: torch.Tensor
    centers: torch.Tensor


def centernet_level_sizes(levels: Sequence[torch.Tensor]) -> list[tuple[int, int]]:
    """Height and width of maps (..., H, W)."""
    return [(level.shape[-2], level.shape[-1]) for level in levels]


def centernet_target_points(
    sizes: Sequence[tuple[int, int]], strides: Sequence[int], device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Points of all cells of a pyramid, level by level and row by row.

    Args:
        sizes: L, height and width of each level.
        strides: L.
        device: Of the result.

    Returns:
        (M, 2) x and y in pixels, the middles of the cells; (M,) int64, their levels.
    """
    points, levels = [], []
    for level, ((height, width), stride) in enumerate(zip(sizes, strides, strict=True)):
        x = torch.arange(width, device=device) * stride + stride // 2
        y = torch.arange(height, device=device) * stride + stride // 2
        points.append(torch.cartesian_prod(y, x).flip(1).float().reshape(-1, 2))
        levels.append(torch.full((height * width,), level, device=device))
    return torch.cat(points), torch.cat(levels)


def center_targets(
    boxes: torch.Tensor, sizes: Sequence[tuple[int, int]], rules: TargetRules
) -> CenterTargets:
    """Targets of one image.

    A point predicts a box if it lies in it, at most one cell away from its center's, in a
    level of its size; of several boxes the one whose heat is largest there.

    Args:
        boxes: (N, 4) x1, y1, x2, y2 in pixels of the network's input.
        sizes: L, height and width of each level.
        rules: Their numbers.
    """
    points, levels = centernet_target_points(sizes, rules.strides, boxes.device)
    if not len(boxes):
        return CenterTargets(
            boxes.new_zeros(len(points)),
            boxes.new_full((len(points), 4), -FAR),
            levels[:0],
        )
    strides = boxes.new_tensor(rules.strides)
    ranges = boxes.new_tensor(rules.regress_ranges)
    extent = boxes[:, 2:] - boxes[:, :2]
    half_diagonal = extent.square().sum(1).sqrt() / 2
    in_level = (half_diagonal >= ranges[:, :1]) & (half_diagonal <= ranges[:, 1:])
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2
    cells = (centers / strides[:, None, None]).trunc()  # (L, N, 2)
    middles = cells * strides[:, None, None] + strides[:, None, None] / 2

    stride = strides[levels][:, None]
    distances = torch.cat(
        [points[:, None] - boxes[:, :2], boxes[:, 2:] - points[:, None]], dim=2
    )
    to_middle = (points[:, None] - middles[levels]).abs()  # (M, N, 2)
    delta = (1 - rules.hm_min_overlap) / (1 + rules.hm_min_overlap)
    radius2 = (2 * delta**2 * extent.prod(1)).clamp(min=rules.hm_min_radius**2)
    to_center2 = (points[:, None] - centers).square().sum(2)
    cooling = to_center2.masked_fill((to_middle == 0).all(2), 0) / radius2
    heatmap = (-cooling.amin(1)).exp()
    heatmap = heatmap.masked_fill(heatmap < LEAST_HEAT, 0)

    predicts = (distances.amin(2) > 0) & in_level[levels]
    predicts &= (to_middle <= stride[..., None]).all(2)
    best_cooling, box = cooling.masked_fill(~predicts, FAR).min(1)
    distances = distances[torch.arange(len(points), device=boxes.device), box] / stride
    distances[best_cooling == FAR] = -FAR
    return CenterTargets(heatmap, distances, _center_points(cells, in_level, sizes))


def _center_points(
    cells: torch.Tensor, in_level: torch.Tensor, sizes: Sequence[tuple[int, int]]
) -> torch.Tensor:
    """The points that are a box's center; of a box with its center outside, none."""
    shapes = cells.new_tensor(sizes)  # (L, 2) height, width
    inside = (cells >= 0) & (cells < shapes.flip(1)[:, None])
    is_center = in_level & inside.all(2)
    counts = shapes.prod(1)
    first = (counts.cumsum(0) - counts)[:, None]
    points = first + cells[..., 1] * shapes[:, 1:] + cells[..., 0]
    return points[is_center].long()


def centernet_target_heatmap_losses(
    logits: torch.Tensor,
    targets: Sequence[CenterTargets],
    *,
    alpha: float,
    beta: float,
    gamma: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Focal losses of the centers and of the other points, summed.

    Args:
        logits: (B, M) of the heat maps.
        targets: B.
        alpha: Weight of the centers; the other points have 1 - alpha.
        beta: Power of 1 - heat, by which points near a center count less.
        gamma: Of the focal loss.
    """
    heat = torch.stack([target.heatmap for target in targets])
    scores = logits.sigmoid().clamp(SIGMOID_CLAMP, 1 - SIGMOID_CLAMP)
    centers = torch.cat(
        [row[t.centers] for row, t in zip(scores, targets, strict=True)]
    )
    positive = -(centers.log() * (1 - centers) ** gamma).sum()
    negative = -((1 - scores).log() * scores**gamma * (1 - heat) ** beta).sum()
    return alpha * positive, (1 - alpha) * negative


def centernet_target_distance_losses(
    distances: torch.Tensor, targets: torch.Tensor
) -> torch.Tensor:
    """1 - GIoU of boxes around the same points, with 1 added to both areas of the IoU.

    Args:
        distances: (K, 4) to left, top, right and bottom, predicted.
        targets: (K, 4) true.

    Returns:
        (K,).
    """
    area = _area(distances) + _area(targets)
    overlap = _area(torch.minimum(distances, targets))
    hull = _area(torch.maximum(distances, targets))
    union = area - overlap
    return 1 - (overlap + 1) / (union + 1) + (hull - union) / hull


def _area(distances: torch.Tensor) -> torch.Tensor:
    return (distances[:, 0] + distances[:, 2]) * (distances[:, 1] + distances[:, 3])
