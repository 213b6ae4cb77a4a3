from __future__ import annotations

import pytest
import torch
from torch import nn

from mmsmot.models.fusion import CrossAttention, SelfAttention, attention


@pytest.fixture
def layer() -> CrossAttention:
    torch.manual_seed(0)
    return CrossAttention(channels=32, num_heads=4, ffn_channels=64).eval()


def test_equals_torchs_own_with_the_same_weights(layer: CrossAttention) -> None:
    z, u = torch.randn(2, 5, 32), torch.randn(2, 7, 32)
    theirs = nn.MultiheadAttention(32, 4, batch_first=True).eval()
    with torch.no_grad():
        weight = torch.cat([layer.query.weight, layer.key_value.weight])
        theirs.in_proj_weight.copy_(weight)
        bias = torch.cat([layer.query.bias, layer.key_value.bias])
        theirs.in_proj_bias.copy_(bias)
        theirs.out_proj.load_state_dict(layer.out.state_dict())
        expected = layer.norm(z + theirs(z, u, u)[0])
        expected = layer.ffn_norm(expected + layer.ffn(expected))
        torch.testing.assert_close(layer(z, u), expected)


def test_masked_is_as_if_it_were_not_there(layer: CrossAttention) -> None:
    z, u = torch.randn(2, 5, 32), torch.randn(2, 7, 32)
    mask = torch.arange(7) < torch.tensor([[4], [7]])
    out = layer(z, u, mask)
    torch.testing.assert_close(out[:1], layer(z[:1], u[:1, :4]))
    torch.testing.assert_close(out[1:], layer(z[1:], u[1:]))


def test_nothing_to_look_at_leaves_the_residual(layer: CrossAttention) -> None:
    z, u = torch.randn(1, 5, 32), torch.randn(1, 7, 32)
    nobody = torch.zeros(1, 7, dtype=bool)
    assert torch.equal(layer(z, u, nobody), layer(z, 1e4 * u, nobody))
    assert layer(z, u, nobody).isfinite().all()


def test_projected_once_is_the_same(layer: CrossAttention) -> None:
    z, u = torch.randn(2, 5, 32), torch.randn(2, 7, 32)
    cached = layer(z, layer.keys_values(u), queries=layer.queries(z))
    assert torch.equal(cached, layer(z, u))


def test_self_attention_is_cross_attention_with_itself() -> None:
    own = SelfAttention(32, 4, 0).eval()
    z = torch.randn(2, 5, 32)
    assert torch.equal(own(z), CrossAttention.forward(own, z, z))


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(ValueError, match='5 heads do not divide 32'):
        CrossAttention(32, 5)


@pytest.mark.parametrize('masked', [True, False])
def test_many_look_at_themselves_a_few_at_a_time(
    masked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    layer = SelfAttention(channels=32, num_heads=4, ffn_channels=64).eval()
    z = torch.randn(7, 5, 32)
    mask = torch.rand(7, 5) < 0.7 if masked else None
    whole = layer(z, mask)
    seen = []
    layer.out.register_forward_hook(lambda _, inputs, __: seen.append(len(inputs[0])))
    monkeypatch.setattr(attention, 'MAX_TOKENS', 11)  # two rows of five
    torch.testing.assert_close(layer(z, mask), whole)
    assert seen == [2, 2, 2, 1]
    layer.train()(z, mask)
    assert seen[4:] == [7]
