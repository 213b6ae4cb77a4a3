"""The modulated deformable convolution against loops and against mmcv's operator."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch

from mmsmot.utils.deformable_convolution import modulated_deform_conv2d
from mmsmot.utils.mmdet_bridge import has_compiled_ops

needs_ops = pytest.mark.skipif(
    not has_compiled_ops(), reason="needs mmcv's compiled operators"
)
# B, C, O, H, W, kernel, stride, padding, dilation, groups, groups of offsets
SHAPES = [
    (2, 4, 3, 6, 7, (3, 3), 1, 1, 1, 1, 1),
    (1, 8, 4, 9, 8, (3, 3), 2, 1, 2, 2, 4),
    (1, 4, 4, 5, 4, (3, 2), 1, 2, 1, 4, 2),
]


def tensors(shape: tuple, dtype: torch.dtype = torch.float64) -> list[torch.Tensor]:
    """Input, offsets that reach out of the image, mask, weight, bias; with gradients."""
    batch, channels, outputs, height, width, kernel, stride, pad, dilation, *rest = (
        shape
    )
    groups, deform_groups = rest
    generator = torch.Generator().manual_seed(7)
    size = [
        (side + 2 * pad - dilation * (k - 1) - 1) // stride + 1
        for side, k in zip((height, width), kernel, strict=True)
    ]
    points = deform_groups * kernel[0] * kernel[1]
    sizes = (
        (batch, channels, height, width),
        (batch, 2 * points, *size),
        (batch, points, *size),
        (outputs, channels // groups, *kernel),
        (outputs,),
    )
    values = [torch.randn(s, generator=generator, dtype=dtype) for s in sizes]
    values[1] = 3 * values[1]
    values[2] = values[2].sigmoid()
    return [value.requires_grad_() for value in values]


def options(shape: tuple) -> dict:
    *_, stride, padding, dilation, groups, deform_groups = shape
    pairs = dict(stride=stride, padding=padding, dilation=dilation)
    return {k: (v, v) for k, v in pairs.items()} | dict(
        groups=groups, deform_groups=deform_groups
    )


def by_loops(shape: tuple, arrays: list[np.ndarray]) -> np.ndarray:
    """Equation 1 of Deformable ConvNets v2, number by number."""
    x, offset, mask, weight, bias = arrays
    *_, (kh, kw), stride, padding, dilation, groups, deform_groups = shape
    batch, channels, height, width = x.shape
    outputs, (out_height, out_width) = len(weight), mask.shape[2:]

    def read(b: int, c: int, y: float, x_: float) -> float:
        total = 0.0
        for cy, cx in product(range(height), range(width)):
            total += (
                max(0, 1 - abs(y - cy)) * max(0, 1 - abs(x_ - cx)) * x[b, c, cy, cx]
            )
        return total

    result = np.zeros((batch, outputs, out_height, out_width))
    for b, o, oy, ox in np.ndindex(result.shape):
        result[b, o, oy, ox] = bias[o]
        group = o // (outputs // groups)
        for c, ky, kx in np.ndindex(weight.shape[1:]):
            channel = group * weight.shape[1] + c
            point = channel // (channels // deform_groups) * kh * kw + ky * kw + kx
            y = oy * stride - padding + ky * dilation + offset[b, 2 * point, oy, ox]
            at = (
                ox * stride - padding + kx * dilation + offset[b, 2 * point + 1, oy, ox]
            )
            value = read(b, channel, y, at) * mask[b, point, oy, ox]
            result[b, o, oy, ox] += weight[o, c, ky, kx] * value
    return result


@pytest.mark.parametrize('shape', SHAPES)
def test_equals_the_definition(shape: tuple) -> None:
    values = tensors(shape)
    result = modulated_deform_conv2d(*values, **options(shape))
    expected = by_loops(shape, [value.detach().numpy() for value in values])
    np.testing.assert_allclose(result.detach().numpy(), expected, atol=1e-12)


@pytest.mark.parametrize('shape', SHAPES[1:])
def test_gradients_are_those_of_differences(shape: tuple) -> None:
    assert torch.autograd.gradcheck(
        lambda *values: modulated_deform_conv2d(*values, **options(shape)),
        tensors(shape),
        fast_mode=True,
    )


def test_without_offsets_it_is_a_convolution() -> None:
    x, _, _, weight, bias = tensors(SHAPES[0])
    offset, mask = x.new_zeros(2, 18, 6, 7), x.new_ones(2, 9, 6, 7)
    result = modulated_deform_conv2d(x, offset, mask, weight, bias, padding=(1, 1))
    expected = torch.nn.functional.conv2d(x, weight, bias, padding=1)
    torch.testing.assert_close(result, expected)


@needs_ops
@pytest.mark.parametrize('shape', SHAPES)
def test_equals_the_compiled_operator(shape: tuple) -> None:
    """Forward and all five gradients, also of points on cells and on the border."""
    from mmcv.ops import modulated_deform_conv2d as compiled

    values = tensors(shape, torch.float32)
    *_, stride, padding, dilation, groups, deform_groups = shape
    with torch.no_grad():
        values[1][:, :, 0] = values[1][:, :, 0].round()
        values[1][:, :, 1] = 0
    ours = modulated_deform_conv2d(*values, **options(shape))
    theirs = compiled(*values, stride, padding, dilation, groups, deform_groups)
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)
    weight = torch.randn_like(ours)
    for one, two in zip(
        torch.autograd.grad(ours, values, weight),
        torch.autograd.grad(theirs, values, weight),
        strict=True,
    ):
        torch.testing.assert_close(one, two, atol=2e-5, rtol=1e-5)


def test_half_precision_is_computed_in_single() -> None:
    values = tensors(SHAPES[0], torch.float32)
    half = [value.half() for value in values]
    result = modulated_deform_conv2d(*half, padding=(1, 1))
    assert result.dtype == torch.float16
    exact = modulated_deform_conv2d(*(v.float() for v in half), padding=(1, 1))
    torch.testing.assert_close(result.float(), exact, atol=1e-2, rtol=1e-3)


def test_other_shapes_are_named() -> None:
    x, offset, mask, weight, bias = tensors(SHAPES[0])
    with pytest.raises(ValueError, match=r'mask \(2, 8, 6, 7\), expected'):
        modulated_deform_conv2d(x, offset, mask[:, :8], weight, bias, padding=(1, 1))
