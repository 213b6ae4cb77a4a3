"""RoIAlign in torch: the mean features in boxes, without a compiled operator."""

from __future__ import annotations

import torch
from torch.nn import functional as F


def roi_align(
    level: torch.Tensor,
    rows: torch.Tensor,
    boxes: torch.Tensor,
    grid: int | tuple[int, int],
    samples: int,
) -> torch.Tensor:
    """RoIAlign as one weighted sum over cells of the map.

    Each output is a sum of the cells around its sampling points; so the pooling of all
    boxes is one ``embedding_bag`` over the map's cells, without a copy of the map for
    each box.

    Args:
        level: (B, C, H, W).
        rows: (R,) int64, the map of each box.
        boxes: (R, 4) in cells of the map; the first cell reaches from 0 to 1. Where a
            point lies more than a cell outside the map, it counts 0.
        grid: Output cells a side, or down and across.
        samples: Points a side of an output cell; 0: see :func:`adaptive_roi_align`.

    Returns:
        (R, output cells, C), row by row.
    """
    batch, channels, height, width = level.shape
    down, across = (grid, grid) if isinstance(grid, int) else grid
    if not len(boxes):
        # Zero times the map: a loss over no boxes still has a graph.
        return level.new_zeros(0, down * across, channels) + level.sum() * 0
    if not samples:
        return adaptive_roi_align(level, rows, boxes, (down, across))
    boxes = boxes.to(torch.float64)
    x, wx = _taps(boxes[:, 0], boxes[:, 2], across * samples, width)
    y, wy = _taps(boxes[:, 1], boxes[:, 3], down * samples, height)
    cell = (rows[:, None, None] * height + y[:, :, None]) * width + x[:, None, :]
    weight = (wy[:, :, None] * wx[:, None, :]).to(level.dtype) / samples**2
    cells = level.permute(0, 2, 3, 1).reshape(-1, channels)
    cell, weight = _bags(cell, down, across), _bags(weight, down, across)
    pooled = F.embedding_bag(cell, cells, per_sample_weights=weight, mode='sum')
    return pooled.reshape(len(boxes), down * across, channels)


def adaptive_roi_align(
    level: torch.Tensor, rows: torch.Tensor, boxes: torch.Tensor, grid: tuple[int, int]
) -> torch.Tensor:
    """RoIAlign whose points are about a cell apart, in small boxes and in large ones.

    An output cell that spans h x w cells of the map is the mean of ceil(h) x ceil(w)
    points. Bilinear sampling is separable, so that a box is two products with matrices:
    of its rows and of its columns.

    Args:
        level: As of :func:`roi_align`.
        rows: As of :func:`roi_align`.
        boxes: (R, 4), R > 0, as of :func:`roi_align`.
        grid: Output cells down and across.

    Returns:
        (R, output cells, C), row by row.
    """
    boxes = boxes.to(torch.float64)
    height, width = level.shape[2:]
    down = _sampling_matrix(boxes[:, 1], boxes[:, 3], grid[0], height).to(level.dtype)
    across = _sampling_matrix(boxes[:, 0], boxes[:, 2], grid[1], width).to(level.dtype)
    pooled = level.new_zeros(len(boxes), grid[0] * grid[1], level.shape[1])
    for row in rows.unique().tolist():  # frames
        index = (rows == row).nonzero()[:, 0]
        lines = torch.einsum('riy,cyx->ricx', down[index], level[row])
        cells = torch.einsum('ricx,rjx->rijc', lines, across[index])
        pooled = pooled.index_put((index,), cells.flatten(1, 2))
    return pooled


def _sampling_matrix(
    low: torch.Tensor, high: torch.Tensor, cells: int, size: int
) -> torch.Tensor:
    """(R, cells, size) weights of a map's cells on one axis in each output cell."""
    extent = ((high - low) / cells)[:, None, None]
    count = extent.ceil()
    place = torch.arange(int(count.max()), device=low.device)
    is_point = place < count
    count = count.clamp(min=1)
    cell = torch.arange(cells, device=low.device)[:, None]
    at = low[:, None, None] + (cell + (place + 0.5) / count) * extent - 0.5
    map_cells, tap_weights = _bilinear_taps(at, size)
    tap_weights = tap_weights * (is_point / count)[..., None]
    weights = low.new_zeros(len(low), cells, size)
    return weights.scatter_add_(2, map_cells.flatten(2), tap_weights.flatten(2))


def _taps(
    low: torch.Tensor, high: torch.Tensor, points: int, size: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """(R, 2 * points) the two cells around each point on an axis, and their weights."""
    step = (torch.arange(points, device=low.device) + 0.5) / points
    at = low[:, None] + step * (high - low)[:, None] - 0.5
    cell, weight = _bilinear_taps(at, size)
    return cell.flatten(1), weight.flatten(1)


def _bilinear_taps(at: torch.Tensor, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(..., 2) the two cells around points (...) on an axis, and their weights."""
    inside = (at >= -1) & (at <= size)
    at = at.clamp(0, size - 1)
    floor = at.floor()
    part = at - floor
    cell = torch.stack([floor, (floor + 1).clamp(max=size - 1)], -1).long()
    weight = torch.stack([1 - part, part], -1) * inside[..., None]
    return cell, weight


def _bags(taps: torch.Tensor, down: int, across: int) -> torch.Tensor:
    """(R, m, n) to (R * down * across, taps of an output cell)."""
    split = taps.unflatten(2, (across, -1)).unflatten(1, (down, -1))
    return split.transpose(2, 3).reshape(len(taps) * down * across, -1)
