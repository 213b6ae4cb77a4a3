"""Checkpoints are read, never run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from mmengine.logging import MessageHub
from mmengine.runner import load_checkpoint as mmengine_load
from torch import nn

from mmsmot.utils.checkpoint import load_checkpoint, load_weights, make_mmengine_safe


class Evil:
    """A pickle that would leave a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.system, (f'touch {self.path}',)


class Gadget:
    def __reduce__(self):
        return getattr, ('text', 'format')


def save(tmp_path: Path, content: object) -> Path:
    path = tmp_path / 'checkpoint.pth'
    torch.save(content, path)
    return path


def test_a_malicious_pickle_does_not_run(tmp_path: Path) -> None:
    mark = tmp_path / 'ran'
    path = save(tmp_path, {'state_dict': Evil(mark)})
    make_mmengine_safe()
    with pytest.raises(ValueError, match=r'it wants posix\.system'):
        load_checkpoint(path)
    with pytest.raises(ValueError, match='was not loaded'):
        mmengine_load(nn.Linear(2, 2), str(path))
    assert not mark.exists()


def test_getattr_is_not_a_way_in(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='was not loaded'):
        load_checkpoint(save(tmp_path, {'x': Gadget()}))


def test_a_training_checkpoint_of_mmengine_loads(tmp_path: Path) -> None:
    hub = MessageHub.get_instance('checkpoint-test')
    for loss in (1.5, 2.5):
        hub.update_scalar('train/loss', loss)
    model = nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(model.parameters())
    path = save(
        tmp_path,
        {
            'meta': {'epoch': 1, 'iter': 2, 'config': 'a = 1'},
            'state_dict': model.state_dict(),
            'message_hub': hub.state_dict(),
            'optimizer': optimizer.state_dict(),
        },
    )
    loaded = load_checkpoint(path)
    assert loaded['message_hub']['log_scalars']['train/loss'].mean(2) == 2.0
    torch.testing.assert_close(loaded['state_dict']['weight'], model.weight.data)


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    path = save(tmp_path, nn.Linear(3, 2).state_dict())
    model = nn.Linear(3, 4)
    before = model.weight.detach().clone()
    with pytest.raises(ValueError, match=r'another config .* 2 of another shape'):
        load_weights(model, path)
    with pytest.raises(ValueError, match='2 weights missing'):
        load_weights(nn.Sequential(model), path)
    torch.testing.assert_close(model.weight.data, before)
    same = nn.Linear(3, 2)
    load_weights(same, path)


def test_damaged_and_missing_files(tmp_path: Path) -> None:
    path = save(tmp_path, nn.Linear(3, 2).state_dict())
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ValueError, match='damaged or no checkpoint|was not loaded'):
        load_checkpoint(path)
    with pytest.raises(FileNotFoundError, match='no checkpoint at'):
        load_checkpoint(tmp_path / 'nope.pth')


def test_safetensors(tmp_path: Path) -> None:
    safetensors = pytest.importorskip('safetensors.torch', reason='no safetensors')
    model = nn.Linear(3, 2)
    safetensors.save_file(model.state_dict(), tmp_path / 'w.safetensors')
    other = nn.Linear(3, 2)
    load_weights(other, tmp_path / 'w.safetensors')
    torch.testing.assert_close(other.weight, model.weight)
