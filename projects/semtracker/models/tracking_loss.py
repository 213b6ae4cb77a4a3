"""Losses of the tracking branch: centre, L1 + GIoU of the box, presence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F

if TYPE_CHECKING:
    from projects.semtracker.models.target_transformer import TargetPrediction

FOCAL_ALPHA, FOCAL_BETA = 2.0, 4.0  # of CornerNet's focal loss
SIGMA = 0.12  # of the heat around a centre, in sides of the box
L1_WEIGHT, GIOU_WEIGHT = 5.0, 2.0  # as DETR and the Transformer trackers since


def box_fractions(maps: torch.Tensor, grid: int) -> torch.Tensor:
    """Boxes from what the head says of each cell.

    Args:
        maps: (P, S * S, 4) raw offset of the centre from the cell's own, x and y, and
            raw width and height.
        grid: S.

    Returns:
        (P, S * S, 4) x1, y1, x2, y2 as fractions of the region. The centre is at most
        half a cell beyond the cell, the sides are from 0 to 1.
    """
    step = (torch.arange(grid, device=maps.device) + 0.5) / grid
    y, x = torch.meshgrid(step, step, indexing='ij')
    centre = torch.stack([x, y], dim=-1).flatten(0, 1)
    centre = centre + torch.tanh(maps[..., :2]) / grid
    half_size = torch.sigmoid(maps[..., 2:] - 1) / 2  # a quarter of the region at first
    return torch.cat([centre - half_size, centre + half_size], dim=-1)


def generalized_iou(boxes: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """(N,) GIoU (Rezatofighi et al., CVPR 2019) of boxes (N, 4) and targets (N, 4)."""
    low = torch.maximum(boxes[:, :2], targets[:, :2])
    high = torch.minimum(boxes[:, 2:], targets[:, 2:])
    inter = (high - low).clamp(min=0).prod(dim=1)
    area, target_area = (
        (b[:, 2:] - b[:, :2]).clamp(min=0).prod(dim=1) for b in (boxes, targets)
    )
    union = (area + target_area - inter).clamp(min=1e-9)
    hull_low = torch.minimum(boxes[:, :2], targets[:, :2])
    hull_high = torch.maximum(boxes[:, 2:], targets[:, 2:])
    hull = (hull_high - hull_low).clamp(min=0).prod(dim=1).clamp(min=1e-9)
    return inter / union - (hull - union) / hull


def centre_heat(targets: torch.Tensor, grid: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The heat map around the centre of each target, and the cell that holds it.

    Args:
        targets: (P, 4) as fractions of the region, centres inside of it.
        grid: S.

    Returns:
        (P, S * S) heat, 1 in the centre's cell, and (P,) int64, that cell.
    """
    centre = (targets[:, :2] + targets[:, 2:]) / 2
    column, row = (centre * grid).long().clamp(0, grid - 1).unbind(1)
    step = (torch.arange(grid, device=targets.device) + 0.5) / grid
    at = torch.stack([step[column], step[row]], dim=1)
    sigma = (SIGMA * (targets[:, 2:] - targets[:, :2])).clamp(min=0.25 / grid)
    away = (step[None, None] - at[..., None]) / sigma[..., None]  # (P, 2, S)
    heat_x, heat_y = (-(away**2) / 2).exp().unbind(1)
    return (heat_y[:, :, None] * heat_x[:, None]).flatten(1), row * grid + column


def focal_loss(logits: torch.Tensor, heat: torch.Tensor) -> torch.Tensor:
    """(P,) CornerNet's focal loss of centre logits (P, S * S) against heat maps."""
    is_centre = heat >= 1
    miss = (1 - logits.sigmoid()) ** FOCAL_ALPHA * F.logsigmoid(logits)
    false = (1 - heat) ** FOCAL_BETA * logits.sigmoid() ** FOCAL_ALPHA
    terms = torch.where(is_centre, miss, false * F.logsigmoid(-logits))
    return -terms.sum(dim=1)


def tracking_losses(
    prediction: TargetPrediction, targets: torch.Tensor, is_present: torch.Tensor
) -> dict[str, torch.Tensor]:
    """The losses of P search regions.

    Args:
        prediction: Of the tracking branch.
        targets: (P, 4) as fractions of the regions; of no matter where absent.
        is_present: (P,) bool: the target is visible with its centre in the region.
    """
    grid = round(prediction.centres.shape[1] ** 0.5)
    count = is_present.sum().clamp(min=1)
    heat, cell = centre_heat(targets, grid)
    heat = heat * is_present[:, None]
    boxes = prediction.boxes[torch.arange(len(cell)), cell][is_present]
    true = targets[is_present]
    l1 = (boxes - true).abs().mean(dim=1).sum() / count
    giou = (1 - generalized_iou(boxes, true)).sum() / count
    presence = F.binary_cross_entropy_with_logits(
        prediction.presence, is_present.to(prediction.presence.dtype)
    )
    return {
        'loss_centre': focal_loss(prediction.centres, heat).sum() / count,
        'loss_l1': L1_WEIGHT * l1,
        'loss_giou': GIOU_WEIGHT * giou,
        'loss_presence': presence,
    }
