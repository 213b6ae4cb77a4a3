"""Loading models of transformers: by folder, safely, with errors that help."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from pathlib import Path

import pytest

pytest.importorskip('transformers', reason='needs transformers')

from safetensors.torch import load_file, save_file

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
        (
            'nobody/has-this',
            'nobody/has-this: it is neither.*HF_HUB_OFFLINE.*hf download',
        ),
        ('ustc-community/dfine-small-coco', r'\(41.5 MB\).*--weights FOLDER'),
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


def damage(folder: Path, kind: str) -> None:
    """What users' folders look like."""
    weights = folder / 'model.safetensors'
    if kind == 'half a download':
        weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])
    elif kind == 'a pointer of Git LFS':
        weights.write_text('version https://git-lfs.github.com/spec/v1\nsize 12\n')
    elif kind == 'the backbone alone':
        tensors = load_file(weights)
        backbone = {k: v for k, v in tensors.items() if 'backbone' in k}
        save_file(backbone, weights, metadata={'format': 'pt'})
    elif kind == 'the config of another size':
        config = json.loads((folder / 'config.json').read_text())
        names = {str(i): f'class {i}' for i in range(5)}
        text = json.dumps({**config, 'id2label': names, 'label2id': {}})
        (folder / 'config.json').write_text(text)
    elif kind == 'one of two files':
        weights.unlink()
        shards = {'a': 'model-00001-of-00002.safetensors'}
        text = json.dumps({'metadata': {}, 'weight_map': shards})
        (folder / 'model.safetensors.index.json').write_text(text)


@pytest.mark.parametrize(
    ('kind', 'message'),
    [
        ('half a download', r'model.safetensors \([\d,]+ bytes\), are half a download'),
        ('a pointer of Git LFS', 'are half a download or no weights'),
        ('the backbone alone', r'lacks \d+ of the \d+ tensors of a RTDetrForObject'),
        (
            'the config of another size',
            'weights have other shapes than its config.json',
        ),
        ('one of two files', 'not complete: .*model-00001-of-00002.safetensors'),
    ],
)
def test_files_that_are_not_all_of_one_model(
    kind: str, message: str, folder: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / 'copy'))
    damage(copy, kind)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
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
