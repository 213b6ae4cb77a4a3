"""Deformable attention on a CPU, two to three times as fast as mmcv's way without CUDA."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmcv.ops.multi_scale_deform_attn import (
    MultiScaleDeformableAttention,
    multi_scale_deformable_attn_pytorch,
)
from scipy.sparse import csc_matrix
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

# Of all images. Forward and backward of 120 take 2.4 ms, by mmcv's way 2.1; of 256 2.9 and
# 3.5. Index and table have a price that few queries do not earn back.
FEW_QUERIES = 256
warnings.filterwarnings('ignore', 'Sparse CSR tensor support is in beta', UserWarning)


def use_fast_cpu_attention(model: nn.Module) -> None:
    """Let the deformable attention of a model be fast on a CPU; weights and names stay.

    mmdet builds its layers of mmcv's class by name, which no config can change; so the
    class of the modules is.
    """
    for module in model.modules():
        if type(module) is MultiScaleDeformableAttention:
            module.__class__ = CPUDeformableAttention


class CPUDeformableAttention(MultiScaleDeformableAttention):
    """mmcv's module, with :func:`deformable_attention` for numbers that lie on a CPU."""

    def forward(
        self,
        query: Tensor,
        key: Tensor | None = None,
        value: Tensor | None = None,
        identity: Tensor | None = None,
        query_pos: Tensor | None = None,
        key_padding_mask: Tensor | None = None,
        reference_points: Tensor | None = None,
        spatial_shapes: Tensor | None = None,
        level_start_index: Tensor | None = None,
        **kwargs: Any,
    ) -> Tensor:
        """As mmcv's."""
        if query.is_cuda or not torch.backends.mkl.is_available():
            return super().forward(
                query,
                key,
                value,
                identity,
                query_pos,
                key_padding_mask,
                reference_points,
                spatial_shapes,
                level_start_index,
                **kwargs,
            )
        value = query if value is None else value
        identity = query if identity is None else identity
        query = query if query_pos is None else query + query_pos
        if not self.batch_first:
            query, value = query.transpose(0, 1), value.transpose(0, 1)
        value = self.value_proj(value)
        if key_padding_mask is not None:
            value = value.masked_fill(key_padding_mask[..., None], 0.0)
        value = value.unflatten(-1, (self.num_heads, -1))
        points = self.num_heads, self.num_levels, self.num_points
        offsets = self.sampling_offsets(query).unflatten(-1, (*points, 2))
        weights = self.attention_weights(query).unflatten(-1, (points[0], -1))
        weights = weights.softmax(-1).unflatten(-1, points[1:])
        centres = reference_points[:, :, None, :, None, :2]
        if reference_points.shape[-1] == 4:
            sides = reference_points[:, :, None, :, None, 2:]
            locations = centres + offsets / self.num_points * sides * 0.5
        else:
            sizes = spatial_shapes.flip(1)[None, None, None, :, None]
            locations = centres + offsets / sizes
        shapes = [
            (int(height), int(width)) for height, width in spatial_shapes.tolist()
        ]
        output = deformable_attention(value, shapes, locations, weights)
        output = self.output_proj(output)
        if not self.batch_first:
            output = output.transpose(0, 1)
        return self.dropout(output) + identity


def deformable_attention(
    value: Tensor,
    shapes: Sequence[tuple[int, int]],
    locations: Tensor,
    weights: Tensor,
) -> Tensor:
    """Sums of values at sampled places (Zhu et al., Deformable DETR, ICLR 2021, eq. 3).

    What mmcv's ``multi_scale_deformable_attn_pytorch`` gives, which is taken for few
    queries and for numbers of less than 32 bits.

    Args:
        value: (B, S, H, C) of H heads, level after level.
        shapes: Height and width of the L levels, S cells in all.
        locations: (B, Q, H, L, P, 2) x and y as fractions of a level's sides. Beyond the
            border values are 0.
        weights: (B, Q, H, L, P).

    Returns:
        (B, Q, H * C).
    """
    num_queries = locations.shape[0] * locations.shape[1]
    is_exact = value.dtype in (torch.float32, torch.float64)
    if num_queries < FEW_QUERIES or not is_exact:
        sizes = torch.tensor(shapes)
        return multi_scale_deformable_attn_pytorch(value, sizes, locations, weights)
    return _DeformableAttention.apply(value, tuple(shapes), locations, weights)


class _DeformableAttention(torch.autograd.Function):
    """A product of a sparse matrix with the table of all values.

    A row for each query of a head has four entries for each of its points: the cells
    around it, by how much of each it takes. mmcv samples all C numbers of every point into
    a tensor, copies, weighs and sums it; an entry is two numbers.

    The table has a border of one cell around each level, and rows of zeros at its end: a
    place beyond the border reads them, so that no entry has to be left out.
    """

    @staticmethod
    def forward(ctx, value, shapes, locations, weights):
        table, starts = _bordered_table(value, shapes)
        index, corners, places = _corner_entries(shapes, starts, locations, weights)
        output = F.embedding_bag(index, table, mode='sum', per_sample_weights=corners)
        ctx.shapes, ctx.starts = shapes, starts
        ctx.sizes = *value.shape, *locations.shape[1:5]
        ctx.save_for_backward(table, index, corners, weights, *places)
        return output.view(*locations.shape[:2], -1)

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):
        table, index, corners, weights, *places = ctx.saved_tensors
        gradient = gradient.reshape(len(index), -1)
        value_gradient = None
        if ctx.needs_input_grad[0]:
            value_gradient = _value_gradient(ctx, table, index, corners, gradient)
        ends = torch.arange(0, index.numel() + 1, index.shape[1], dtype=index.dtype)
        entries = torch.sparse_csr_tensor(
            ends,
            index.reshape(-1),
            torch.zeros(index.numel(), dtype=table.dtype),
            size=(len(index), len(table)),
            check_invariants=False,
        )
        # How much of each value the gradient asks for.
        gains = torch.sparse.sampled_addmm(
            entries, gradient, table.T, beta=0.0
        ).values()
        location_gradient, weight_gradient = _place_gradients(
            ctx, gains, weights, places
        )
        return value_gradient, None, location_gradient, weight_gradient


def _bordered_table(
    value: Tensor, shapes: Sequence[tuple[int, int]]
) -> tuple[Tensor, list[int]]:
    """(R, C) all values, head by head, and at which cell of its image each level begins."""
    num_images, _, num_heads, channels = value.shape
    levels, starts = [], [0]
    sizes = [height * width for height, width in shapes]
    for (height, width), level in zip(shapes, value.split(sizes, 1), strict=True):
        cells = level.reshape(num_images, height, width, -1)
        levels.append(F.pad(cells, (0, 0, 1, 1, 1, 1)).flatten(1, 2))
        starts.append(starts[-1] + levels[-1].shape[1])
    table = torch.cat(levels, 1).view(-1, channels)
    # A place at the lower border reads the row below, with weight 0.
    num_extra = (max(width for _, width in shapes) + 3) * num_heads
    return torch.cat([table, table.new_zeros(num_extra, channels)]), starts


def _corner_entries(
    shapes: Sequence[tuple[int, int]],
    starts: Sequence[int],
    locations: Tensor,
    weights: Tensor,
) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Rows of the table and their factors, (B * Q * H, L * 4 * P); what backward needs.

    All in long plain columns: a broadcast over four points takes several times as long.
    """
    num_images, num_queries, num_heads, num_levels, num_points = weights.shape
    image = torch.arange(num_images, dtype=torch.int32) * (starts[-1] * num_heads)
    head = torch.arange(num_heads, dtype=torch.int32)
    first_row = (image[:, None, None, None] + head[:, None]).expand(
        num_images, num_queries, num_heads, num_points
    )
    first_row, count = first_row.reshape(-1), weights[:, :, :, 0].numel()
    index = torch.empty(num_levels, 4, count, dtype=torch.int32)
    corners = torch.empty(num_levels, 4, count, dtype=weights.dtype)
    places = []
    for level, (height, width) in enumerate(shapes):
        x, y = (
            locations[:, :, :, level, :, axis].reshape(-1).mul(side).sub_(0.5)
            for axis, side in enumerate((width, height))
        )
        is_inside = (x > -1) & (x < width), (y > -1) & (y < height)
        # A number that is none has no cell; its weights are none either.
        column, row = (
            place.clamp_(-1, side).nan_to_num(nan=-1.0).floor_()
            for place, side in ((x, width), (y, height))
        )
        x, y = x.sub_(column), y.sub_(row)
        cell = row.add_(1).mul_(width + 2).add_(column).add_(1 + starts[level])
        left_upper = cell.mul_(num_heads).int().add_(first_row)
        for corner, offset in enumerate((0, 1, width + 2, width + 3)):
            torch.add(left_upper, offset * num_heads, out=index[level, corner])
        weight = weights[:, :, :, level].reshape(-1)
        lower = y * weight
        upper = weight - lower
        for row_weight, left_corner in ((upper, 0), (lower, 2)):
            torch.mul(row_weight, x, out=corners[level, left_corner + 1])
            torch.sub(
                row_weight,
                corners[level, left_corner + 1],
                out=corners[level, left_corner],
            )
        places += [x, y, *is_inside]
    by_query = (
        part.view(num_levels * 4, -1, num_points).transpose(0, 1).flatten(1)
        for part in (index, corners)
    )
    return *by_query, places


def _value_gradient(
    ctx: Any, table: Tensor, index: Tensor, corners: Tensor, gradient: Tensor
) -> Tensor:
    """The transposed product. SciPy's adds row by row, where torch would sort first."""
    ends = np.arange(0, index.numel() + 1, index.shape[1], dtype=np.int32)
    entries = corners.numpy().reshape(-1), index.numpy().reshape(-1), ends
    matrix = csc_matrix(entries, shape=(len(table), len(index)))
    table_gradient = torch.from_numpy(matrix @ gradient.numpy())
    num_images, num_cells, num_heads, channels = ctx.sizes[:4]
    rows = table_gradient[: num_images * ctx.starts[-1] * num_heads]
    images = rows.view(num_images, ctx.starts[-1], num_heads * channels)
    levels = [
        images[:, first:end]
        .unflatten(1, (height + 2, width + 2))[:, 1:-1, 1:-1]
        .flatten(1, 2)
        for (height, width), first, end in zip(
            ctx.shapes, ctx.starts[:-1], ctx.starts[1:], strict=True
        )
    ]
    return torch.cat(levels, 1).view(num_images, num_cells, num_heads, channels)


def _place_gradients(
    ctx: Any, gains: Tensor, weights: Tensor, places: Sequence[Tensor]
) -> tuple[Tensor, Tensor]:
    """Of the locations and of the weights, by the bilinear rule."""
    num_queries, num_heads, num_levels, num_points = ctx.sizes[4:]
    columns = gains.view(-1, num_levels * 4, num_points).transpose(0, 1)
    columns = columns.reshape(num_levels, 4, -1)
    location_gradient = weights.new_empty(*weights.shape, 2)
    weight_gradient = torch.empty_like(weights)
    shape = weights.shape[0], num_queries, num_heads, num_points
    for level, (height, width) in enumerate(ctx.shapes):
        x, y, is_in_x, is_in_y = places[4 * level : 4 * level + 4]
        left_upper, right_upper, left_lower, right_lower = columns[level]
        upper = torch.lerp(left_upper, right_upper, x)
        lower = torch.lerp(left_lower, right_lower, x)
        across = torch.lerp(right_upper - left_upper, right_lower - left_lower, y)
        weight_gradient[:, :, :, level] = torch.lerp(upper, lower, y).view(shape)
        weight = weights[:, :, :, level].reshape(-1)
        for axis, (slope, is_inside, side) in enumerate(
            ((across, is_in_x, width), (lower - upper, is_in_y, height))
        ):
            slope = (slope * weight).mul_(side).mul_(is_inside)
            location_gradient[:, :, :, level, :, axis] = slope.view(shape)
    return location_gradient, weight_gradient
