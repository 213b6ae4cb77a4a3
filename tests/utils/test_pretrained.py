"""Loading models of transformers: by folder, safely, with errors that help."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from pathlib import Path

import pytest

pytest.importorskip('transformers', reason='needs transformers')

from mmsmot.utils.pretrained import load_pretrained, pretrained_fingerprint
from tests.tiny_transformers import save_detector, save_llava

DETECTOR = ('AutoModelForObjectDetection', 'AutoImageProcessor')


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_detector(tmp_path_factory.mktemp('detector'))


class Malicious:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_pickle_is_refused_and_not_run(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / 'copy'))
    (copy / 'model.safetensors').unlink()
    with open(copy / 'pytorch_model.bin', 'wb') as stream:
        pickle.dump(Malicious(tmp_path / 'ran'), stream)
    with pytest.raises(ValueError, match='pytorch_model.bin, a pickle'):
        load_pretrained(*DETECTOR, copy)
    assert not (tmp_path / 'ran').exists()


def test_beside_safetensors_a_pickle_is_not_read(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / 'copy'))
    with open(copy / 'pytorch_model.bin', 'wb') as stream:
        pickle.dump(Malicious(tmp_path / 'ran'), stream)
    load_pretrained(*DETECTOR, copy)
    assert not (tmp_path / 'ran').exists()


def test_code_in_the_folder_is_not_run(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / 'copy'))
    config = json.loads((copy / 'config.json').read_text())
    config['model_type'] = 'strange'
    config['auto_map'] = {
        'AutoConfig': 'code.Config',
        'AutoModelForObjectDetection': 'code.Model',
    }
    (copy / 'config.json').write_text(json.dumps(config))
    (copy / 'code.py').write_text(f'import os\nos.mkdir({str(tmp_path / "ran")!r})\n')
    with pytest.raises(ValueError, match='copy cannot be loaded as AutoModel'):
        load_pretrained(*DETECTOR, copy)
    assert not (tmp_path / 'ran').exists()


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        (None, 'no model: AutoModelForObjectDetection needs the path of a folder'),
        ('/no/such/folder', 'no model /no/such/folder: there is no such folder'),
        ('./models/rtdetr', 'no model ./models/rtdetr: there is no such folder'),
        ('nobody/has-this', 'no model nobody/has-this: give the path of a folder'),
    ],
)
def test_what_is_not_there(name, message: str, monkeypatch) -> None:
    hub = pytest.importorskip('huggingface_hub.constants')
    monkeypatch.setattr(hub, 'HF_HUB_OFFLINE', True)
    with pytest.raises(FileNotFoundError, match=message):
        load_pretrained(*DETECTOR, name)


def test_a_folder_that_holds_no_model(folder: Path, tmp_path: Path) -> None:
    (tmp_path / 'empty').mkdir()
    with pytest.raises(FileNotFoundError, match='the folder has no config.json'):
        load_pretrained(*DETECTOR, tmp_path / 'empty')
    copy = Path(shutil.copytree(folder, tmp_path / 'copy'))
    (copy / 'model.safetensors').unlink()
    with pytest.raises(FileNotFoundError, match='is not complete'):
        load_pretrained(*DETECTOR, copy)


def test_a_model_of_another_kind(tmp_path: Path) -> None:
    save_llava(tmp_path)
    with pytest.raises(ValueError, match='cannot be loaded as AutoModelForObject'):
        load_pretrained(*DETECTOR, tmp_path)


def test_the_fingerprint_is_of_the_content(folder: Path, tmp_path: Path) -> None:
    def fingerprint(path: Path) -> str:
        return pretrained_fingerprint(*load_pretrained(*DETECTOR, path))

    first = fingerprint(folder)
    moved = Path(shutil.copytree(folder, tmp_path / 'moved'))
    assert fingerprint(moved) == first
    file = next(moved.glob('*processor_config.json'))
    file.write_text(file.read_text().replace('64', '96'))
    assert fingerprint(moved) != first
    assert fingerprint(save_detector(tmp_path / 'other', seed=1)) != first
