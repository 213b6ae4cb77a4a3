"""Where a model's files are and how large: nothing is downloaded."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from mmsmot.utils import hub_files as module
from mmsmot.utils.hub_files import (
    KNOWN_MODELS,
    format_bytes,
    how_to_get_hub_file,
    hub_files,
)

hub = pytest.importorskip('huggingface_hub', reason='needs huggingface_hub')

NAME = 'somebody/some-model'


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and no network."""
    monkeypatch.setattr('huggingface_hub.constants.HF_HUB_CACHE', str(tmp_path))
    monkeypatch.setattr('huggingface_hub.constants.HF_HUB_OFFLINE', True)
    return tmp_path


def download(cache: Path, files: dict[str, bytes]) -> None:
    """Files as the hub's client lays them down."""
    folder = cache / 'models--somebody--some-model'
    snapshot = folder / 'snapshots' / ('0' * 40)
    (folder / 'refs').mkdir(parents=True, exist_ok=True)
    (folder / 'blobs').mkdir(exist_ok=True)
    (folder / 'refs/main').write_text('0' * 40)
    snapshot.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (snapshot / name).write_bytes(data)


def test_a_folder_holds_what_transformers_reads(tmp_path: Path) -> None:
    for name, size in (
        *(('model.safetensors', 1000), ('config.json', 20), ('tokenizer.json', 3)),
        *(('pytorch_model.bin', 5000), ('README.md', 7000), ('optimizer.pt', 1)),
    ):
        (tmp_path / name).write_bytes(b'x' * size)
    files = hub_files(tmp_path)
    assert (files.place, files.num_bytes, files.folder) == ('folder', 1023, tmp_path)
    assert hub_files(tmp_path / 'no').place == 'missing'


def test_a_download_that_is_whole_or_not(cache: Path) -> None:
    assert hub_files(NAME).place == 'hub'
    download(cache, {'config.json': b'{}'})
    blobs = cache / 'models--somebody--some-model' / 'blobs'
    (blobs / 'abc.incomplete').write_bytes(b'x' * 70)
    files = hub_files(NAME)
    assert (files.place, files.num_bytes, files.partial_bytes) == ('hub', None, 70)
    download(cache, {'model.safetensors': b'x' * 100})
    files = hub_files(NAME)
    assert (files.place, files.num_bytes, files.source) == ('cache', 102, 'the cache')


def test_weights_in_several_files(cache: Path) -> None:
    shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors']
    index = json.dumps({'weight_map': dict(enumerate(shards))}).encode()
    parts = {'config.json': b'{}', 'model.safetensors.index.json': index}
    download(cache, {**parts, shards[0]: b'x'})
    assert hub_files(NAME).place == 'hub'
    download(cache, {shards[1]: b'x'})
    assert hub_files(NAME).place == 'cache'


def test_sizes_of_the_hub_and_of_the_table(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = 'PekingU/rtdetr_v2_r18vd'
    files = hub_files(name)  # offline
    assert (files.num_bytes, files.licence) == (80_800_000, 'Apache-2.0')
    assert '20.2 million weights' in files.source
    sizes = {
        **{'model.safetensors': 900, 'config.json': 30, 'README.md': 5},
        **{'onnx/model.onnx': 4000, 'pytorch_model.bin': 900, 'vocab.txt': 2},
    }
    siblings = [SimpleNamespace(rfilename=n, size=s) for n, s in sizes.items()]

    class Api:
        def model_info(self, model: str, files_metadata: bool, timeout: float):
            if model != name:
                raise OSError('no such model')
            return SimpleNamespace(siblings=siblings)

    monkeypatch.setattr(hub, 'HfApi', Api)
    monkeypatch.setattr('huggingface_hub.constants.HF_HUB_OFFLINE', False)
    files = hub_files(name)
    assert (files.num_bytes, files.source) == (932, 'the hub')
    assert hub_files(name, ask_hub=False).num_bytes == 80_800_000
    assert hub_files(NAME).num_bytes is None


def test_every_name_in_a_config_of_ours_has_a_size() -> None:
    root = Path(module.__file__).parents[2] / 'configs' / '_base_'
    text = ''.join(path.read_text() for path in root.glob('*/*.py'))
    names = re.findall(r"(?:model|name)='([\w-]+/[\w.-]+)'", text)
    assert sorted(names) == sorted(KNOWN_MODELS)
    assert 'hf download PekingU/rtdetr_v2_r18vd' in how_to_get_hub_file(
        'PekingU/rtdetr_v2_r18vd'
    )


@pytest.mark.parametrize(
    ('size', 'text'), [(None, 'of unknown size'), (999_000, '1.0 MB'), (2e9, '2.00 GB')]
)
def test_sizes_as_text(size: int | None, text: str) -> None:
    assert format_bytes(size) == text
