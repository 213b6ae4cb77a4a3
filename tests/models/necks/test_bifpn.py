"""BiFPN: the fusion's numbers, the paths, the levels."""

from __future__ import annotations

import pytest
import torch

from mmsmot.models.necks import BiFPN
from mmsmot.models.necks.bifpn import BiFPNLayer, fast_normalized_fusion

GN = dict(type='GN', num_groups=4)
SIZES = [(8, 12), (4, 6), (2, 3)]


def maps(channels: tuple[int, ...] = (8, 16, 32)) -> list[torch.Tensor]:
    torch.manual_seed(0)
    sizes = zip(channels, SIZES, strict=True)
    return [torch.randn(2, c, *size, requires_grad=True) for c, size in sizes]


def test_the_weighted_sum_by_hand() -> None:
    ones = torch.ones(1, 1, 1, 1)
    weights = torch.tensor([1.0, -5.0, 3.0])  # one below 0 counts nothing
    total = fast_normalized_fusion(weights, [2 * ones, 100 * ones, 6 * ones])
    assert total.item() == pytest.approx((1 * 2 + 3 * 6) / (4 + 1e-4), rel=1e-6)


def test_levels_from_p3_to_p7() -> None:
    levels = BiFPN(in_channels=[8, 16, 32], out_channels=16, norm_cfg=GN)(maps())
    assert [tuple(level.shape) for level in levels] == [
        (2, 16, *size) for size in [*SIZES, (1, 2), (1, 1)]
    ]


def test_released_size() -> None:
    """160 channels, 3 layers of 4 nodes down and 4 up, each separable, over DLA-34."""
    model = BiFPN(
        in_channels=[128, 256, 512],
        out_channels=160,
        num_layers=3,
        norm_cfg=dict(type='GN', num_groups=16),
    )
    lateral = 160 * (128 + 256 + 512 + 512) + 4 * 2 * 160
    node = 9 * 160 + 160 * 160 + 2 * 160
    weights = 4 * 2 + 3 * 3 + 2
    expected = lateral + 3 * (8 * node + weights)
    assert sum(p.numel() for p in model.parameters()) == expected == 883_257


@pytest.mark.parametrize('separable', [True, False])
def test_every_level_sees_every_map(separable: bool) -> None:
    model = BiFPN(
        in_channels=[8, 16, 32],
        out_channels=8,
        num_layers=1,
        separable=separable,
        norm_cfg=GN,
    )
    for level in range(5):
        inputs = maps()
        model.zero_grad()
        model(inputs)[level].square().sum().backward()
        assert all(x.grad.abs().max() > 0 for x in inputs)


def test_a_layer_by_hand() -> None:
    """Figure 2 d: two nodes down, two up, the middle one with three inputs."""
    torch.manual_seed(0)
    layer = BiFPNLayer(3, 4, True, GN)
    low, middle, top = (torch.randn(1, 4, n, n) for n in (8, 4, 2))
    grow = torch.nn.functional.interpolate
    shrink = torch.nn.MaxPool2d(3, 2, 1)
    with torch.no_grad():
        between = layer.down[1](middle, grow(top, scale_factor=2))
        first = layer.down[0](low, grow(between, scale_factor=2))
        second = layer.up[0](middle, between, shrink(first))
        third = layer.up[1](top, shrink(second))
        found = layer([low, middle, top])
    for one, two in zip(found, (first, second, third), strict=True):
        torch.testing.assert_close(one, two)


def test_a_convolution_for_each_node_that_reads_a_map() -> None:
    """p4 and p5 are read on the way down and up, p3 once; p6 has 8 channels already."""
    model = BiFPN(
        in_channels=[8, 16, 32], out_channels=8, lateral='node', pool=2, norm_cfg=GN
    )
    laterals = {
        n for n in model.state_dict() if 'lateral' in n and n.endswith('0.weight')
    }
    assert laterals == {
        f'layers.0.{node}.lateral.0.weight'
        for node in ('down.1', 'down.2', 'up.0', 'up.1')
    }
    sizes = zip((8, 16, 32), (16, 8, 4), strict=True)
    inputs = [torch.randn(1, c, n, 2 * n, requires_grad=True) for c, n in sizes]
    levels = model(inputs)
    assert [level.shape[2] for level in levels] == [16, 8, 4, 2, 1]
    for level in levels:
        gradients = torch.autograd.grad(level.square().sum(), inputs, retain_graph=True)
        assert all(gradient.abs().max() > 0 for gradient in gradients)
    weights = model.state_dict()
    assert not any(name.startswith('lateral') for name in weights)


def test_poolings_of_two() -> None:
    """The coarser level is the largest of each square of four."""
    x = torch.randn(1, 4, 8, 8)
    node = BiFPNLayer(2, 4, False, GN, pool=2)
    below = node.down[0](x, torch.zeros(1, 4, 8, 8))
    squares = below.unflatten(3, (4, 2)).unflatten(2, (4, 2)).amax((3, 5))
    top = torch.zeros(1, 4, 4, 4)
    torch.testing.assert_close(node([x, top])[1], node.up[0](top, squares))


def test_options_that_there_are_not() -> None:
    with pytest.raises(ValueError, match=r"lateral='none', expected .* 'node'"):
        BiFPN(in_channels=[8], num_outs=2, lateral='none')
    with pytest.raises(ValueError, match='pool=4'):
        BiFPN(in_channels=[8], num_outs=2, pool=4)
    with pytest.raises(ValueError, match='num_outs=4 or more'):
        BiFPN(in_channels=[8, 16, 32], num_outs=3, lateral='node')


def test_too_few_levels() -> None:
    with pytest.raises(ValueError, match='num_outs=2, but there are 3 maps'):
        BiFPN(in_channels=[8, 16, 32], num_outs=2)
