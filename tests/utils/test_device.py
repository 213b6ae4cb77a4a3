"""Apple's GPU is left alone unless somebody asks for it."""

from __future__ import annotations

import pytest
from mmengine.runner import runner as mmengine_runner
from torch import nn

from mmsmot.apis import SMOTInferencer, inferencer
from mmsmot.engine import SMOTRunner
from mmsmot.utils import device


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is logged on a Mac."""
    lines = []
    monkeypatch.setattr(device, 'get_device', lambda: 'mps')
    monkeypatch.setattr(mmengine_runner, 'get_device', lambda: 'mps')
    monkeypatch.setattr(device, 'print_log', lambda text, **_: lines.append(text))
    return lines


def test_a_gpu_is_taken_and_apples_is_not(
    told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert device.default_device() == 'cpu'
    assert 'mps' in told[0]
    monkeypatch.setattr(device, 'get_device', lambda: 'cuda')
    assert device.default_device() == 'cuda'
    assert len(told) == 1


def test_inference_runs_where_float64_is(
    told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = 'two_stage/sort_public-detections'
    monkeypatch.setattr(inferencer, 'usable_device', lambda name: name)  # of a Mac
    assert SMOTInferencer(config).device == 'cpu'
    assert len(told) == 1
    assert SMOTInferencer(config, device='mps').device == 'mps'


def test_training_runs_where_float64_is(told: list[str]) -> None:
    class Moved(nn.Module):
        at = None

        def to(self, device: str) -> nn.Module:
            self.at = device
            return self

    runner = SMOTRunner.__new__(SMOTRunner)
    runner._distributed = False
    runner.logger = device.logging.getLogger('test')
    assert runner.wrap_model(None, Moved()).at == 'cpu'


@pytest.mark.parametrize('name', ['cuda:99', 'gpu', 'meta', 1.5])
def test_a_device_that_is_not_there_is_named(name: object) -> None:
    with pytest.raises(ValueError, match=rf'device {name!r} cannot be used.*has cpu'):
        SMOTInferencer('two_stage/sort_public-detections', device=name)
    assert device.usable_device('cpu') == 'cpu'
