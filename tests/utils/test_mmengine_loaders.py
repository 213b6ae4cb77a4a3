"""No way to a checkpoint runs what is inside."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from mmengine.runner import load_checkpoint as mmengine_load
from mmengine.runner.checkpoint import CheckpointLoader
from torch import nn

from mmsmot.utils import mmengine_loaders
from mmsmot.utils.mmengine_loaders import make_mmengine_safe


class Evil:
    """A pickle that would leave a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.system, (f'touch {self.path}',)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    """What the evil file would make; the file lies beside it."""
    torch.save({'state_dict': Evil(tmp_path / 'ran')}, tmp_path / 'evil.pth')
    torch.save({'state_dict': nn.Linear(2, 1).state_dict()}, tmp_path / 'good.pth')
    return tmp_path / 'ran'


@pytest.fixture
def server(
    mark: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'torch'))
    handler = partial(Quiet, directory=str(tmp_path))
    server = ThreadingHTTPServer(('127.0.0.1', 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f'http://127.0.0.1:{server.server_port}'
    server.shutdown()
    server.server_close()


def test_a_local_file(mark: Path) -> None:
    make_mmengine_safe()
    with pytest.raises(ValueError, match='was not loaded'):
        mmengine_load(nn.Linear(2, 1), str(mark.with_name('evil.pth')))
    assert not mark.exists()


def test_a_url(mark: Path, server: str) -> None:
    make_mmengine_safe()
    with pytest.raises(ValueError, match=r'it wants posix\.system'):
        CheckpointLoader.load_checkpoint(f'{server}/evil.pth')
    assert not mark.exists()
    model = nn.Linear(2, 1)
    mmengine_load(model, f'{server}/good.pth')
    good = torch.load(mark.with_name('good.pth'), weights_only=True)['state_dict']
    torch.testing.assert_close(model.weight.data, good['weight'])


@pytest.mark.parametrize(
    ('name', 'getter'),
    [
        ('torchvision://x', 'get_torchvision_models'),
        ('open-mmlab://x', 'get_external_models'),
        ('openmmlab://x', 'get_external_models'),
        ('mmcls://x', 'get_mmcls_models'),
    ],
)
def test_names_that_stand_for_urls(
    mark: Path, server: str, name: str, getter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_mmengine_safe()
    monkeypatch.setattr(
        mmengine_loaders.mmengine_checkpoint,
        getter,
        lambda: {'x': f'{server}/evil.pth'},
    )
    with pytest.raises(ValueError, match='was not loaded'):
        CheckpointLoader.load_checkpoint(name)
    assert not mark.exists()
    with pytest.raises(KeyError, match="no checkpoint 'y'"):
        CheckpointLoader.load_checkpoint(name[:-1] + 'y')


def test_every_way_that_mmengine_knows_is_led_through_ours() -> None:
    make_mmengine_safe()
    loaders = set(CheckpointLoader._schemes.values())
    assert {loader.__module__ for loader in loaders} == {mmengine_loaders.__name__}
    with pytest.raises(ValueError, match='Download the file'):
        CheckpointLoader.load_checkpoint('s3://bucket/evil.pth')


def test_what_an_mmdet_model_starts_from(mark: Path) -> None:
    pytest.importorskip('mmdet', reason='needs mmdet')
    from mmsmot.models.detectors.mmdet_detector import MMDetDetector
    from tests.models.detectors.tiny_mmdet import tiny_fcos

    config = tiny_fcos()
    evil = str(mark.with_name('evil.pth'))
    config['model']['backbone']['init_cfg'] = dict(type='Pretrained', checkpoint=evil)
    with pytest.raises(ValueError, match='was not loaded'):
        MMDetDetector(config=config)
    assert not mark.exists()


def save_weight(path: Path, value: float) -> None:
    path.parent.mkdir(exist_ok=True)
    torch.save({'state_dict': {'weight': torch.tensor(value)}}, path)


def weight_at(url: str) -> float:
    return CheckpointLoader.load_checkpoint(url)['state_dict']['weight'].item()


def test_two_urls_with_one_file_name(tmp_path: Path, server: str) -> None:
    make_mmengine_safe()
    for value, folder in enumerate('ab'):
        save_weight(tmp_path / folder / 'model.pth', value)
    urls = [
        f'{server}/a/model.pth',
        f'{server}/b/model.pth',
        f'{server}/a/model.pth?x=1',
    ]
    assert [weight_at(url) for url in urls] == [0, 1, 0]
    for folder in 'ab':
        (tmp_path / folder / 'model.pth').unlink()
    assert [weight_at(url) for url in urls] == [0, 1, 0]  # kept, each for its URL


def test_a_file_that_torch_keeps_counts_if_its_hash_is_its_own(
    tmp_path: Path, server: str
) -> None:
    make_mmengine_safe()
    kept = tmp_path / 'torch/hub/checkpoints'
    kept.mkdir(parents=True)
    save_weight(kept / 'x.pth', 3)
    digest = hashlib.sha256((kept / 'x.pth').read_bytes()).hexdigest()[:8]
    (kept / 'x.pth').rename(kept / f'net-{digest}.pth')
    assert weight_at(f'{server}/nowhere/net-{digest}.pth') == 3
    save_weight(kept / 'net-00000000.pth', 4)  # of somebody else
    save_weight(tmp_path / 'a/net-00000000.pth', 5)
    assert weight_at(f'{server}/a/net-00000000.pth') == 5


@pytest.mark.parametrize(
    'path', ['', '/', '/folder/', '/?file=model.pth', '/folder/..']
)
def test_a_url_without_a_file_name(path: str, server: str) -> None:
    make_mmengine_safe()
    with pytest.raises(ValueError, match='names no checkpoint: a URL must end in'):
        CheckpointLoader.load_checkpoint(f'{server}{path}')


def test_a_url_that_cannot_be_reached_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    url = 'http://127.0.0.1:9/m.pth'
    with pytest.raises(ConnectionError, match=f'{url} cannot be downloaded: .*path$'):
        mmengine_loaders.load_from_url_safely(url)
