"""The four kinds of Table 4, each by its formula."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mmsmot.models.fusion import AdditionCell, AttentionCell, ConcatCell, MLPCell
from mmsmot.models.fusion.cells import FusionCell

CELLS = {
    'attention': lambda: AttentionCell(channels=16, num_heads=4, ffn_channels=24),
    'mlp': lambda: MLPCell(channels=16, hidden=24),
    'concat': lambda: ConcatCell(channels=16),
    'addition': AdditionCell,
}


def cell(kind: str) -> FusionCell:
    """A cell whose norms are no identities."""
    torch.manual_seed(0)
    part = CELLS[kind]().eval()
    for norm in part.modules():
        if isinstance(norm, nn.LayerNorm):
            nn.init.normal_(norm.weight)
            nn.init.normal_(norm.bias)
    return part


def by_hand(
    kind: str, part: FusionCell, old: torch.Tensor, new: torch.Tensor
) -> torch.Tensor:
    """F_i of F_{i-1} (B, L, d), which holds three frames, and f_i."""
    weights = dict(part.named_parameters())

    def linear(x: torch.Tensor, name: str) -> torch.Tensor:
        return x @ weights[f'{name}.weight'].T + weights[f'{name}.bias']

    def norm(x: torch.Tensor, name: str) -> torch.Tensor:
        centred = x - x.mean(-1, keepdim=True)
        spread = (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()
        return centred / spread * weights[f'{name}.weight'] + weights[f'{name}.bias']

    both = torch.cat([old, new], dim=-1)
    if kind == 'mlp':
        return norm(old + linear(linear(both, 'mlp.0').clamp(min=0), 'mlp.3'), 'norm')
    if kind == 'concat':
        return norm(linear(both, 'project'), 'norm')
    if kind == 'addition':
        return (3 * old + new) / 4
    keys_values = linear(new, 'attention.key_value').chunk(2, dim=-1)
    query, key, value = (
        x.unflatten(-1, (4, 4)).transpose(1, 2)
        for x in (linear(old, 'attention.query'), *keys_values)
    )
    seen = (query @ key.transpose(-1, -2) / 4**0.5).softmax(-1) @ value
    seen = linear(seen.transpose(1, 2).flatten(2), 'attention.out')
    state = norm(old + seen, 'attention.norm')
    inner = linear(state, 'attention.ffn.0').clamp(min=0)
    return norm(state + linear(inner, 'attention.ffn.3'), 'attention.ffn_norm')


@pytest.mark.parametrize('kind', CELLS)
def test_a_step_is_its_formula(kind: str) -> None:
    part = cell(kind)
    old, new, other = torch.randn(3, 2, 5, 16)
    three = torch.full((2,), 3.0)
    prepared = part.prepare(torch.stack([new, other]))
    after = part.step(old, prepared[0], three)
    torch.testing.assert_close(after, by_hand(kind, part, old, new))
    for changed in (
        part.step(old, prepared[1], three),
        part.step(other, prepared[0], three),
    ):
        assert (changed - after).abs().amax(-1).min() > 1e-2
