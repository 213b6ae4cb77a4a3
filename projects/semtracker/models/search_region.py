"""Square regions around a target: where they lie, and boxes in their coordinates."""

from __future__ import annotations

import numpy as np
import torch

MIN_SIDE = 8.0  # pixels; a smaller target would be looked for in less than a cell


def square_regions(boxes: torch.Tensor, factor: float) -> torch.Tensor:
    """Squares around boxes, ``factor`` times as long as the square root of their area.

    Args:
        boxes: (P, 4) x1, y1, x2, y2 in pixels.
        factor: 1 for a square of the box's own area.

    Returns:
        (P, 4), in the same pixels; they may reach beyond the image.

    >>> square_regions(torch.tensor([[10.0, 10.0, 20.0, 50.0]]), 2.0).tolist()
    [[-5.0, 10.0, 35.0, 50.0]]
    """
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    size = (boxes[:, 2:] - boxes[:, :2]).clamp(min=0)
    side = (factor * size.prod(dim=1).sqrt()).clamp(min=MIN_SIDE)[:, None]
    return torch.cat([centre - side / 2, centre + side / 2], dim=1)


def boxes_in_regions(boxes: torch.Tensor, regions: torch.Tensor) -> torch.Tensor:
    """Boxes as fractions of square regions; the inverse of :func:`boxes_in_image`."""
    side = (regions[:, 2] - regions[:, 0])[:, None]
    return (boxes - regions[:, :2].repeat(1, 2)) / side


def boxes_in_image(boxes: torch.Tensor, regions: torch.Tensor) -> torch.Tensor:
    """Boxes in pixels, of boxes that are fractions of square regions."""
    side = (regions[:, 2] - regions[:, 0])[:, None]
    return boxes * side + regions[:, :2].repeat(1, 2)


def jittered_boxes(
    boxes: torch.Tensor, shift: float, scale: float, noise: torch.Tensor
) -> torch.Tensor:
    """Boxes as a tracker may have left them in the frame before.

    Args:
        boxes: (P, 4).
        shift: Greatest move of the centre, in square roots of the box's area.
        scale: Greatest change of the logarithm of the sides.
        noise: (P, 4) uniform in [-1, 1]: of the centre and of the sides.
    """
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    size = boxes[:, 2:] - boxes[:, :2]
    root = size.prod(dim=1).clamp(min=1).sqrt()[:, None]
    centre = centre + shift * root * noise[:, :2]
    size = size * (scale * noise[:, 2:]).exp()
    return torch.cat([centre - size / 2, centre + size / 2], dim=1)


def covering_boxes(
    box: np.ndarray, size: tuple[int, int], factor: float
) -> list[np.ndarray]:
    """Boxes of a target's size whose search regions cover the image and overlap by half.

    Args:
        box: (4,) the target's.
        size: Width and height of the image.
        factor: Side of a region, in square roots of the box's area.
    """
    extent = box[2:] - box[:2]
    step = factor * np.sqrt(extent.prod()) / 2
    counts = np.ceil(np.array(size) / step).astype(int).clip(min=1)
    x, y = (
        (np.arange(n) + 0.5) * side / n
        for n, side in zip(counts.tolist(), size, strict=True)
    )
    centres = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    return [*np.concatenate([centres - extent / 2, centres + extent / 2], axis=1)]


def cosine_window(scores: torch.Tensor) -> torch.Tensor:
    """(S * S,) a window that is greatest in the middle, for scores (P, S * S)."""
    side = round(scores.shape[1] ** 0.5)
    line = torch.hann_window(side + 2, periodic=False, device=scores.device)[1:-1]
    return (line[:, None] * line).flatten().to(scores)


def cell_cover(boxes: torch.Tensor, grid: int) -> torch.Tensor:
    """(P, grid^2) fraction of each cell of the unit square that boxes (P, 4) cover."""
    edge = torch.arange(grid, device=boxes.device, dtype=boxes.dtype) / grid
    low = torch.maximum(boxes[:, :2, None], edge)
    high = torch.minimum(boxes[:, 2:, None], edge + 1 / grid)
    across, down = ((high - low).clamp(min=0) * grid).unbind(1)
    return (down[:, :, None] * across[:, None]).flatten(1)
