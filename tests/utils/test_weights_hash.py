"""The name of a model's weights follows them, and is worked out once."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import nn

from mmsmot.utils import weights_hash as module
from mmsmot.utils.weights_hash import forget_weights_hashes, weights_hash


def network() -> nn.Module:
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(40, 70))
    return layers.to(memory_format=torch.channels_last)


@pytest.fixture
def worked_out(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """An entry for each time that weights were read through."""
    times, whole = [], module._hash

    def counted(weights: dict) -> str:
        times.append(1)
        return whole(weights)

    monkeypatch.setattr(module, '_hash', counted)
    return times


def test_weights_are_read_once(worked_out: list[int]) -> None:
    model = network()
    first = weights_hash(model)
    shared = copy.copy(model)  # as of a model with a cache around its detector
    assert {weights_hash(model), weights_hash(shared)} == {first}
    assert len(worked_out) == 1
    assert weights_hash(network()) == first  # the same numbers in other tensors
    assert len(worked_out) == 2


def step(model: nn.Module) -> None:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model[2](torch.ones(40)).sum().backward()
    optimizer.step()


def one_number(model: nn.Module) -> None:
    with torch.no_grad():
        model[2].weight[3, 5] += 1e-3


def swap(model: nn.Module) -> None:
    model[2].weight.data.mul_(1.001)  # torch does not count this as a write


def load(model: nn.Module) -> None:
    state = model.state_dict()
    model.load_state_dict({k: v + 1 for k, v in state.items()})


def replace(model: nn.Module) -> None:
    with torch.no_grad():
        model[2].weight = nn.Parameter(model[2].weight + 0)
        model[2].weight[3, 5] += 1e-3


@pytest.mark.parametrize('change', [step, one_number, swap, load, replace])
def test_other_weights_are_another_name(change: Callable[[nn.Module], None]) -> None:
    model = network()
    before = weights_hash(model)
    change(model)
    after = weights_hash(model)
    assert before != after
    forget_weights_hashes()
    assert weights_hash(model) == after  # the cached hash is the one of the weights


def test_words_beside_the_weights_count() -> None:
    class Words(nn.Module):
        text = b'hug'

        def get_extra_state(self) -> torch.Tensor:
            return torch.frombuffer(bytearray(self.text), dtype=torch.uint8)

        def set_extra_state(self, state: torch.Tensor) -> None:
            pass

    model = nn.Sequential(nn.Linear(2, 1), Words())
    before = weights_hash(model)
    assert weights_hash(model) == before
    model[1].text = b'tug'
    assert weights_hash(model) != before


def test_a_hash_is_forgotten_where_a_write_cannot_be_noticed() -> None:
    model = nn.Linear(40, 40)
    before = weights_hash(model)
    model.weight.data[0, 1] += 1  # none of the numbers that are compared
    forget_weights_hashes()
    assert weights_hash(model) != before
