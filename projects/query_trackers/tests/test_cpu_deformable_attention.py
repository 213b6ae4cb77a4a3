"""Deformable attention on a CPU: mmcv's numbers, its gradients, its weights."""

from __future__ import annotations

import pytest
import torch
from mmcv.ops.multi_scale_deform_attn import (
    MultiScaleDeformableAttention,
    multi_scale_deformable_attn_pytorch,
)
from torch import nn

from projects.query_trackers import cpu_deformable_attention
from projects.query_trackers.cpu_deformable_attention import (
    CPUDeformableAttention,
    deformable_attention,
    use_fast_cpu_attention,
)

SHAPES = ((6, 10), (3, 5), (2, 1))
CELLS = 60 + 15 + 2


@pytest.fixture(autouse=True)
def always_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu_deformable_attention, 'FEW_QUERIES', 0)


def random_inputs(dtype=torch.float64) -> list[torch.Tensor]:
    """Two images, three heads, five queries, four points, some of them far outside."""
    generator = torch.Generator().manual_seed(0)
    value = torch.randn(2, CELLS, 3, 4, generator=generator, dtype=dtype)
    locations = torch.rand(2, 5, 3, 3, 4, 2, generator=generator, dtype=dtype)
    locations = locations * 1.6 - 0.3
    locations[0, 0, 0, :, 0] = torch.tensor([-9.0, 0.5], dtype=dtype)
    locations[0, 0, 0, :, 1] = torch.tensor([0.5, 9.0], dtype=dtype)
    locations[0, 0, 1, :, 2] = torch.tensor([1.0, 1.0], dtype=dtype)
    weights = torch.rand(2, 5, 3, 3, 4, generator=generator, dtype=dtype)
    return [value, locations, weights]


def sums_and_gradients(function, shapes, inputs) -> list[torch.Tensor]:
    value, locations, weights = (part.clone().requires_grad_() for part in inputs)
    sums = function(value, shapes, locations, weights)
    slope = torch.randn(sums.shape, generator=torch.Generator().manual_seed(1))
    sums.backward(slope.to(sums))
    return [sums.detach(), value.grad, locations.grad, weights.grad]


@pytest.mark.parametrize('dtype', [torch.float64, torch.float32])
def test_the_numbers_and_gradients_are_those_of_mmcv(dtype: torch.dtype) -> None:
    inputs = random_inputs(dtype)
    ours = sums_and_gradients(deformable_attention, SHAPES, inputs)
    expected = sums_and_gradients(
        multi_scale_deformable_attn_pytorch, torch.tensor(SHAPES), inputs
    )
    tolerance = 1e-12 if dtype == torch.float64 else 1e-5
    for part, expected_part in zip(ours, expected, strict=True):
        torch.testing.assert_close(part, expected_part, rtol=tolerance, atol=tolerance)


def test_without_a_gradient_of_the_values() -> None:
    value, locations, weights = random_inputs()
    locations.requires_grad_()
    deformable_attention(value, SHAPES, locations, weights).sum().backward()
    expected = locations.grad.clone()
    locations.grad = None
    value.requires_grad_()
    deformable_attention(value, SHAPES, locations, weights).sum().backward()
    torch.testing.assert_close(locations.grad, expected)


def test_numbers_that_are_none_reach_their_own_query_alone() -> None:
    value, locations, weights = random_inputs()
    expected = deformable_attention(value, SHAPES, locations, weights)
    locations[1, 2, 0, 1, 3, 0] = torch.nan
    sums = deformable_attention(value, SHAPES, locations, weights)
    assert sums[1, 2, :4].isnan().all()  # of head 0
    sums[1, 2, :4] = expected[1, 2, :4]
    torch.testing.assert_close(sums, expected)


@pytest.mark.parametrize('num_coordinates', [2, 4])
@pytest.mark.parametrize('batch_first', [True, False])
def test_the_module_is_mmcvs(num_coordinates: int, batch_first: bool) -> None:
    torch.manual_seed(0)
    model = nn.ModuleDict(
        dict(
            attention=MultiScaleDeformableAttention(
                embed_dims=12,
                num_heads=3,
                num_levels=3,
                num_points=4,
                dropout=0.0,
                batch_first=batch_first,
            )
        )
    )
    nn.init.normal_(model.attention.sampling_offsets.weight)
    nn.init.normal_(model.attention.attention_weights.weight)
    inputs = dict(
        query=torch.randn(2, 7, 12),
        value=torch.randn(2, CELLS, 12),
        query_pos=torch.randn(2, 7, 12),
    )
    if not batch_first:
        inputs = {name: part.transpose(0, 1) for name, part in inputs.items()}
    mask = torch.rand(2, CELLS) < 0.2
    inputs |= dict(
        key_padding_mask=mask,
        reference_points=torch.rand(2, 7, 3, num_coordinates),
        spatial_shapes=torch.tensor(SHAPES),
        level_start_index=torch.tensor([0, 60, 75]),
    )
    names = [*model.state_dict()]
    expected = model.attention(**inputs)
    use_fast_cpu_attention(model)
    assert type(model.attention) is CPUDeformableAttention
    assert [*model.state_dict()] == names
    torch.testing.assert_close(
        model.attention(**inputs), expected, rtol=1e-5, atol=1e-5
    )


def test_few_queries_and_short_numbers_go_the_other_way(monkeypatch) -> None:
    calls = []
    monkeypatch.setattr(
        cpu_deformable_attention,
        'multi_scale_deformable_attn_pytorch',
        lambda value, *_: calls.append(value.dtype),
    )
    deformable_attention(*_arguments(random_inputs(torch.bfloat16)))
    monkeypatch.setattr(cpu_deformable_attention, 'FEW_QUERIES', 11)
    deformable_attention(*_arguments(random_inputs(torch.float32)))
    assert calls == [torch.bfloat16, torch.float32]
    monkeypatch.setattr(cpu_deformable_attention, 'FEW_QUERIES', 10)
    deformable_attention(*_arguments(random_inputs(torch.float32)))
    assert len(calls) == 2


def _arguments(inputs: list[torch.Tensor]) -> tuple:
    value, locations, weights = inputs
    return value, SHAPES, locations, weights
