"""Checkpoints are read, never run."""

from __future__ import annotations

import errno
import os
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from mmengine.logging import HistoryBuffer, MessageHub
from safetensors import SafetensorError
from torch import nn

from mmsmot.utils.checkpoint import (
    load_checkpoint,
    load_weights,
    require_checkpoint_weights,
    save_weights,
)


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
    with pytest.raises(ValueError, match=r'it wants posix\.system'):
        load_checkpoint(path)
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


@pytest.mark.parametrize('home', [b'numpy.core.', b'numpy._core.'])
def test_numpy_of_either_name_wrote_it(home: bytes, tmp_path: Path) -> None:
    """NumPy 1 wrote ``numpy.core`` into files, NumPy 2 writes ``numpy._core``."""
    history = HistoryBuffer([1.5, 2.5], [1, 1])
    written = save(tmp_path, {'loss': history, 'best': np.float64(0.5)})
    path = tmp_path / 'renamed.pth'
    count = 0
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(path, 'w') as target:
        for name in source.namelist():
            content = source.read(name)
            if name.endswith('data.pkl'):
                content, count = re.subn(rb'numpy\._?core\.', home, content)
            target.writestr(name, content)
    assert count >= 2
    loaded = load_checkpoint(path)
    assert loaded['loss'].mean(2) == 2.0
    assert loaded['best'] == 0.5


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


def test_a_part_of_the_weights(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    weights = model.state_dict()
    first = {name: weights[name] for name in ('0.weight', '0.bias')}
    with pytest.raises(ValueError, match='2 weights missing'):
        require_checkpoint_weights(model, first, 'part.pth')
    require_checkpoint_weights(model, first, 'part.pth', partial=True)
    require_checkpoint_weights(
        model, first | {'2.bias': weights['1.bias']}, 'p', partial=True
    )
    with pytest.raises(ValueError, match='1 of another shape'):
        wrong = first | {'0.bias': torch.zeros(5)}
        require_checkpoint_weights(model, wrong, 'part.pth', partial=True)
    with pytest.raises(ValueError, match='4 weights missing'):
        require_checkpoint_weights(
            model, {'2.bias': weights['1.bias']}, 'p', partial=True
        )


def test_a_part_out_of_a_whole(tmp_path: Path) -> None:
    """The part's own checkpoint does too, another part's does not."""
    whole = nn.ModuleDict({'detector': nn.Linear(2, 3), 'words': nn.Linear(2, 2)})
    for state in (whole.state_dict(), whole['detector'].state_dict()):
        part = nn.Linear(2, 3)
        load_weights(part, save(tmp_path, state), within='detector.')
        assert torch.equal(part.weight, whole['detector'].weight)
    with pytest.raises(ValueError, match='belongs to another config'):
        load_weights(nn.Linear(5, 3), save(tmp_path, state), within='detector.')
    with pytest.raises(ValueError, match='no weights'):
        load_weights(nn.Linear(2, 3), save(tmp_path, {1: 2}), within='detector.')


def test_damaged_and_missing_files(tmp_path: Path) -> None:
    path = save(tmp_path, nn.Linear(3, 2).state_dict())
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ValueError, match='damaged or no checkpoint|was not loaded'):
        load_checkpoint(path)
    with pytest.raises(FileNotFoundError, match='no checkpoint at'):
        load_checkpoint(tmp_path / 'nope.pth')


@pytest.mark.parametrize('name', ['w.pth', 'w.safetensors'])
@pytest.mark.parametrize(
    'content',
    [b'epoch 12, mAP 41.2\n', b'', b'\x80\x02}q\x00(X\x05', b'\x80\x02K', b'\xff' * 64],
)
def test_garbage_is_a_value_error(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f'{name} (is damaged|was not loaded)'):
        load_checkpoint(path)


@pytest.mark.parametrize('state', [{'weight': 3, 'bias': 1.5}, [1, 2]])
def test_what_is_no_weights_is_refused(tmp_path: Path, state: object) -> None:
    path = save(tmp_path, {'state_dict': state})
    with pytest.raises(ValueError, match=r'no weights|not weights by name'):
        load_weights(nn.Linear(3, 2), path)


def test_safetensors(tmp_path: Path) -> None:
    safetensors = pytest.importorskip('safetensors.torch', reason='no safetensors')
    model = nn.Linear(3, 2)
    safetensors.save_file(model.state_dict(), tmp_path / 'w.safetensors')
    other = nn.Linear(3, 2)
    load_weights(other, tmp_path / 'w.safetensors')
    torch.testing.assert_close(other.weight, model.weight)


def test_shared_weights_are_written_once_and_come_back(tmp_path: Path) -> None:
    def model() -> nn.Module:
        made = nn.ModuleDict(dict(a=nn.Linear(300, 300), b=nn.Linear(300, 2)))
        made['c'] = made['a']
        return made

    torch.manual_seed(0)
    source, target = model(), model()
    save_weights(source, tmp_path / 'w.safetensors')
    assert (tmp_path / 'w.safetensors').stat().st_size < 1.1 * 4 * 300 * 303
    load_weights(target, tmp_path / 'w.safetensors')
    for name, value in source.state_dict().items():
        assert torch.equal(value, target.state_dict()[name])
    assert target['c'] is target['a']
    save_weights(source, tmp_path / 'h.safetensors', half=True)
    load_weights(target, tmp_path / 'h.safetensors')
    assert target['a'].weight.dtype == torch.float32
    torch.testing.assert_close(
        target['a'].weight, source['a'].weight, atol=1e-3, rtol=1e-3
    )


@pytest.mark.parametrize('broken', [['weight', 'bias'], ['bias']])
def test_weights_that_are_nan_are_an_error(broken: list[str], tmp_path: Path) -> None:
    model = nn.Linear(3, 2)
    with torch.no_grad():
        for name in broken:
            getattr(model, name)[0] = torch.nan
    path = save(tmp_path, {'state_dict': model.state_dict()})
    save_weights(model, tmp_path / 'half.safetensors', half=True)
    for file in (path, tmp_path / 'half.safetensors'):
        with pytest.raises(
            ValueError, match=rf'{file.name} holds .*NaN.* {len(broken)} of 2'
        ):
            load_weights(nn.Linear(3, 2), file)


@pytest.mark.parametrize('value', [torch.inf, -torch.inf])
def test_weights_that_are_all_infinite_are_an_error(
    value: float, tmp_path: Path
) -> None:
    state = {'weight': torch.full((3, 2), value), 'bias': torch.zeros(3)}
    path = save(tmp_path, {'state_dict': state})
    with pytest.raises(ValueError, match=r"only infinite\) in 1 of 2 .*'weight'"):
        load_checkpoint(path)


def test_infinite_masks_and_whole_numbers_are_weights(tmp_path: Path) -> None:
    state = {
        'mask': torch.full((2, 2), -torch.inf).triu(1),
        'least_loss': torch.tensor(torch.inf),
        'count': torch.tensor(3),
        'wide': torch.zeros(1).expand(10**12),  # looked at, it would fill the memory
    }
    assert set(load_checkpoint(save(tmp_path, state))) == set(state)


def packed(path: Path, compression: int, padding: int = 0) -> Path:
    """The same checkpoint, packed anew, one member blown up by zeros."""
    target = path.with_name('packed.pth')
    with (
        zipfile.ZipFile(path) as source,
        zipfile.ZipFile(target, 'w', compression) as archive,
    ):
        for member in source.infolist():
            data = source.read(member)
            if member.filename.endswith('data/0'):
                data += bytes(padding)
            archive.writestr(member.filename, data)
    return target


def test_a_checkpoint_that_unpacks_to_many_times_its_size(tmp_path: Path) -> None:
    weight = torch.rand(5000)
    path = save(tmp_path, {'state_dict': {'weight': weight}})
    tidy = packed(path, zipfile.ZIP_DEFLATED)
    torch.testing.assert_close(load_checkpoint(tidy)['state_dict']['weight'], weight)
    bomb = packed(path, zipfile.ZIP_DEFLATED, padding=1 << 25)
    with pytest.raises(
        ValueError, match=r'packed\.pth was not loaded.* unpack to 33,5'
    ):
        load_checkpoint(bomb)


def test_what_is_refused_is_named(tmp_path: Path) -> None:
    holder = np.array([{}, None], dtype=object)
    with pytest.raises(ValueError, match=r'it holds a numpy\S*\.?[oO]bject') as refused:
        load_checkpoint(save(tmp_path, {'state_dict': {}, 'x': holder}))
    assert 'PyTorch' not in str(refused.value)


def test_a_full_disk_is_told_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save_file(*_: object, **__: object) -> None:
        raise SafetensorError(
            'Error while serializing: I/O error: No space left on device (os error 28)'
        )

    monkeypatch.setattr(safetensors.torch, 'save_file', save_file)
    with pytest.raises(OSError, match='is full. Make room') as full:
        save_weights(nn.Linear(3, 2), tmp_path / 'out.safetensors')
    assert full.value.errno == errno.ENOSPC
    assert full.value.filename == str(tmp_path / 'out.safetensors')
    assert list(tmp_path.iterdir()) == []


def test_a_url_is_no_file() -> None:
    with pytest.raises(ValueError, match='https://host/m.pth: a URL, where the path'):
        load_checkpoint('https://host/m.pth')
