"""Eq. 2, and its siblings of Table 4."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from mmsmot.models.fusion import (
    BaseTrajectoryFusion,
    ConcatTrajectoryFusion,
    RecurrentTrajectoryFusion,
    SelfAttention,
)
from mmsmot.models.trajectory import TrajectoryTokens

KINDS = ['concat', 'AttentionCell', 'MLPCell', 'ConcatCell', 'AdditionCell']


def fusion(
    kind: str, encoding: bool = True, summary: bool = False
) -> BaseTrajectoryFusion:
    torch.manual_seed(0)
    encoding = dict(type='TokenEncoding', channels=16) if encoding else None
    if kind == 'concat':
        part = ConcatTrajectoryFusion(
            channels=16, num_heads=4, summary=summary, encoding=encoding
        )
    else:
        cell = dict(type=kind) | ({} if kind == 'AdditionCell' else dict(channels=16))
        part = RecurrentTrajectoryFusion(cell=cell, encoding=encoding, summary=summary)
    return part.eval()


def tracks(lengths: list[int]) -> TrajectoryTokens:
    torch.manual_seed(1)
    track = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))
    boxes = torch.rand(len(track), 4)
    boxes[:, 2:] += boxes[:, :2] + 0.1
    times = torch.arange(len(track)).float()
    tokens = torch.randn(len(track), 4, 16)
    return TrajectoryTokens.grouped(track, tokens, times, boxes, len(lengths))


@pytest.mark.parametrize('kind', KINDS)
def test_padded_equals_one_by_one(kind: str) -> None:
    part = fusion(kind)
    batch = tracks([5, 1, 3])
    fused, mask = part(batch)
    for row, length in enumerate([5, 1, 3]):
        alone = TrajectoryTokens(
            *(
                getattr(batch, name)[row : row + 1, :length]
                for name in ('tokens', 'times', 'boxes', 'mask')
            )
        )
        single, _ = part(alone)
        torch.testing.assert_close(fused[row][mask[row]], single[0])


def test_concatenation_keeps_every_token_and_the_cells_keep_four() -> None:
    fused, mask = fusion('concat')(tracks([5, 1, 3]))
    assert fused.shape == (3, 20, 16)
    assert mask.sum(1).tolist() == [20, 4, 12]
    fused, mask = fusion('AttentionCell')(tracks([5, 1, 3]))
    assert fused.shape == (3, 4, 16)
    assert mask.all()


@pytest.mark.parametrize('num_layers', [1, 2])
def test_concatenation_is_eq_2(num_layers: int) -> None:
    """LN(z + MHA(z, z, z)) with torch's own attention, and nothing behind it."""
    torch.manual_seed(0)
    part = ConcatTrajectoryFusion(
        channels=16, num_heads=4, num_layers=num_layers
    ).eval()
    batch = tracks([5, 1, 3])
    fused, mask = part(batch)
    for row, length in enumerate([5, 1, 3]):
        z = batch.tokens[row, :length].reshape(1, 4 * length, 16)
        for layer in part.layers:
            z = layer.norm(z + torchs_own(layer)(z, z, z)[0])
        torch.testing.assert_close(fused[row][mask[row]], z[0])


def torchs_own(layer: SelfAttention) -> nn.MultiheadAttention:
    theirs = nn.MultiheadAttention(16, 4, batch_first=True).eval()
    inner, outer = (layer.query, layer.key_value), layer.out
    weights = dict(
        in_proj_weight=torch.cat([linear.weight for linear in inner]),
        in_proj_bias=torch.cat([linear.bias for linear in inner]),
        **{f'out_proj.{name}': w for name, w in outer.state_dict().items()},
    )
    theirs.load_state_dict(weights)
    return theirs


@pytest.mark.parametrize('kind', KINDS[1:])
def test_a_cell_goes_through_the_boxes_one_by_one(kind: str) -> None:
    part, batch = fusion(kind), tracks([5, 1, 3])
    fused, _ = part(batch)
    tokens = part.encoded(batch)
    for row, length in enumerate([5, 1, 3]):
        state = tokens[row : row + 1, 0]
        for i in range(1, length):
            (prepared,) = part.cell.prepare(tokens[row : row + 1, i][None])
            state = part.cell.step(state, prepared, torch.tensor([float(i)]))
        torch.testing.assert_close(fused[row], state[0])


def test_without_an_encoding_order_is_invisible() -> None:
    """As in the paper: the self-attention sees a set."""
    part, batch = fusion('concat', encoding=False), tracks([4])
    fused, _ = part(batch)
    turned = TrajectoryTokens(
        batch.tokens.flip(1), batch.times, batch.boxes, batch.mask
    )
    again, _ = part(turned)
    expected = fused.unflatten(1, (4, 4)).flip(1).flatten(1, 2)
    torch.testing.assert_close(again, expected)
    part = fusion('concat', encoding=True)
    fused, again = part(batch)[0], part(turned)[0]
    expected = fused.unflatten(1, (4, 4)).flip(1).flatten(1, 2)
    assert (again - expected).abs().max() > 1e-2


def test_addition_is_the_mean_over_the_boxes_there_are() -> None:
    batch = tracks([5, 1, 3])
    fused, _ = fusion('AdditionCell', encoding=False)(batch)
    torch.testing.assert_close(fused[2], batch.tokens[2, :3].mean(0))


def test_addition_counts_on_in_16_bits() -> None:
    batch = tracks([600])
    half = replace(batch, tokens=(batch.tokens + 1).bfloat16())
    fused, _ = fusion('AdditionCell', encoding=False)(half)
    assert fused.dtype == torch.bfloat16
    torch.testing.assert_close(fused, half.tokens.float().mean(1).bfloat16())


@pytest.mark.parametrize('kind', KINDS)
def test_a_summary_keeps_what_every_box_shows(kind: str) -> None:
    batch = tracks([5, 1, 3])
    plain, part = fusion(kind), fusion(kind, summary=True)
    fused, mask = part(batch)
    expected, own = plain(batch)
    assert fused.shape == (3, 4 + expected.shape[1], 16)
    assert mask[:, :4].all()
    torch.testing.assert_close(fused[:, 4:], expected)
    assert torch.equal(mask[:, 4:], own)
    for row, length in enumerate([5, 1, 3]):
        torch.testing.assert_close(fused[row, :4], batch.tokens[row, :length].mean(0))
