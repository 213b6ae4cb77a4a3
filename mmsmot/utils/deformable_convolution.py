"""Modulated deformable convolution (DCN v2) in torch, where mmcv has no operator for it."""

from __future__ import annotations

import torch
from torch.nn import functional as F

REDUCED_PRECISION = (torch.float16, torch.bfloat16)


def modulated_deform_conv2d(
    inputs: torch.Tensor,
    offset: torch.Tensor,
    mask: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None = None,
    *,
    stride: tuple[int, int] = (1, 1),
    padding: tuple[int, int] = (0, 0),
    dilation: tuple[int, int] = (1, 1),
    groups: int = 1,
    deform_groups: int = 1,
) -> torch.Tensor:
    """A convolution that reads each of its K points where an offset says (Zhu et al., 2019).

    ::

        y(p) = sum_k w_k * m_k(p) * x(p * stride - padding + k * dilation + offset_k(p))

    x is read bilinearly and is 0 outside. What the K points of an image read is one
    ``embedding_bag`` over its cells: exact, and differentiable in every argument. Memory:
    K * C numbers for each output point of one image.

    Args:
        inputs: (B, C, H, W).
        offset: (B, 2 * G * K, h, w), for each group and point y, then x, in cells.
        mask: (B, G * K, h, w), the modulation m.
        weight: (O, C / groups, kh, kw), K = kh * kw.
        bias: (O,).
        stride: Down and across.
        padding: The same.
        dilation: The same.
        groups: Of the convolution.
        deform_groups: G, groups of channels with offsets and masks of their own.

    Returns:
        (B, O, h, w).

    Raises:
        ValueError: ``offset`` or ``mask`` has another shape.
    """
    _require_shapes(inputs, offset, mask, weight, deform_groups)
    dtype = inputs.dtype
    if dtype in REDUCED_PRECISION:
        inputs, offset, mask, weight = (
            x.float() for x in (inputs, offset, mask, weight)
        )
    kernel = weight.shape[2], weight.shape[3]
    grid = _grid(offset, kernel, stride, padding, dilation)
    images = []
    for image, shifts, image_mask in zip(inputs, offset, mask, strict=True):
        points = grid + shifts.unflatten(0, (deform_groups, -1, 2))
        modulation = image_mask.unflatten(0, (deform_groups, -1))
        columns = _read(image, points, modulation)  # (h * w, K, C)
        images.append(_product(columns, weight, groups))
    output = torch.stack(images).transpose(1, 2).unflatten(2, tuple(offset.shape[2:]))
    if bias is not None:
        output = output + bias.to(output.dtype)[:, None, None]
    return output.to(dtype)


def _require_shapes(
    inputs: torch.Tensor,
    offset: torch.Tensor,
    mask: torch.Tensor,
    weight: torch.Tensor,
    deform_groups: int,
) -> None:
    count = deform_groups * weight.shape[2] * weight.shape[3]
    batch, size = len(inputs), tuple(offset.shape[2:])
    expected = (batch, 2 * count, *size), (batch, count, *size)
    if (tuple(offset.shape), tuple(mask.shape)) != expected:
        raise ValueError(
            f'modulated_deform_conv2d: offset {tuple(offset.shape)} and mask '
            f'{tuple(mask.shape)}, expected {expected[0]} and {expected[1]} for '
            f'{deform_groups} groups of offsets and a kernel of {tuple(weight.shape[2:])}'
        )


def _grid(
    offset: torch.Tensor,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    dilation: tuple[int, int],
) -> torch.Tensor:
    """(K, 2, h, w): y and x of the points that a plain convolution reads."""
    height, width = offset.shape[2:]
    axes = []
    for axis, size in enumerate((height, width)):
        start = torch.arange(size, device=offset.device) * stride[axis] - padding[axis]
        step = torch.arange(kernel[axis], device=offset.device) * dilation[axis]
        axes.append(step[:, None] + start)  # (k, size)
    y = axes[0][:, None, :, None].expand(*kernel, height, width)
    x = axes[1][None, :, None, :].expand(*kernel, height, width)
    return torch.stack([y, x], dim=2).flatten(0, 1).to(offset.dtype)


def _read(
    image: torch.Tensor, points: torch.Tensor, modulation: torch.Tensor
) -> torch.Tensor:
    """What an image (C, H, W) has at points, bilinearly, times their modulation.

    Args:
        image: (C, H, W).
        points: (G, K, 2, h, w) y and x.
        modulation: (G, K, h, w).

    Returns:
        (h * w, K, C).
    """
    channels, height, width = image.shape
    num_groups, num_points = points.shape[:2]
    y, wy = _taps(points[:, :, 0], height)
    x, wx = _taps(points[:, :, 1], width)
    cells = y[..., :, None] * width + x[..., None, :]
    weights = wy[..., :, None] * wx[..., None, :] * modulation[..., None, None]
    table = image.flatten(1).unflatten(0, (num_groups, -1)).transpose(1, 2)
    columns = []
    for group in range(num_groups):  # (K, h, w, 2, 2) to (h * w * K, 4)
        bags = [
            part[group].permute(1, 2, 0, 3, 4).reshape(-1, 4)
            for part in (cells, weights)
        ]
        columns.append(
            F.embedding_bag(
                bags[0],
                table[group].contiguous(),
                per_sample_weights=bags[1],
                mode='sum',
            )
        )
    return torch.cat(columns, dim=1).reshape(-1, num_points, channels)


def _taps(at: torch.Tensor, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(..., 2) the two cells around each place on an axis, and their weights."""
    at = at.clamp(-2, size + 1)  # as far outside as any place that counts 0
    low = at.floor().detach()
    part = at - low
    cells = torch.stack([low, low + 1], dim=-1)
    # A place at -1, where zero padding lies before any offset is learnt, has no gradient.
    inside = (cells >= 0) & (cells < size) & (at > -1)[..., None]
    weights = torch.stack([1 - part, part], dim=-1) * inside
    return cells.long().clamp(0, size - 1), weights


def _product(columns: torch.Tensor, weight: torch.Tensor, groups: int) -> torch.Tensor:
    """Columns (n, K, C) times the kernel (O, C / groups, kh, kw): (n, O)."""
    kernel = weight.flatten(2).unflatten(0, (groups, -1))  # (g, O / g, C / g, K)
    kernel = kernel.permute(0, 3, 2, 1).flatten(1, 2)  # (g, K * C / g, O / g)
    parts = columns.unflatten(2, (groups, -1)).permute(2, 0, 1, 3).flatten(2)
    return torch.bmm(parts, kernel).transpose(0, 1).flatten(1)
