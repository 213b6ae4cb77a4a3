"""An ONNX model and the files that belong to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmsmot.utils.onnx_file import onnx_file_hash, onnx_weight_files
from mmsmot.utils.onnx_session import open_onnx
from tests.tiny_onnx import _field, write_onnx

WEIGHTS = np.arange(12, dtype=np.float32).reshape(1, 3, 4)


def test_weights_inside_and_beside(tmp_path: Path) -> None:
    inside = write_onnx(tmp_path / 'a.onnx', WEIGHTS)
    assert onnx_weight_files(inside) == []
    beside = write_onnx(tmp_path / 'b.onnx', WEIGHTS, weights_in='b.onnx.data')
    assert onnx_weight_files(beside) == [tmp_path / 'b.onnx.data']


def test_the_hash_follows_every_file(tmp_path: Path) -> None:
    model = write_onnx(tmp_path / 'a.onnx', WEIGHTS, weights_in='a.data')
    first = onnx_file_hash(model)
    assert onnx_file_hash(model) == first
    (tmp_path / 'a.data').write_bytes((WEIGHTS + 1).tobytes())
    second = onnx_file_hash(model)
    (tmp_path / 'other').mkdir()
    elsewhere = write_onnx(tmp_path / 'other/a.onnx', WEIGHTS, weights_in='a.data')
    assert onnx_file_hash(elsewhere) == first != second


def test_weights_that_are_not_there(tmp_path: Path) -> None:
    model = write_onnx(tmp_path / 'a.onnx', WEIGHTS, weights_in='a.data')
    (tmp_path / 'a.data').unlink()
    with pytest.raises(FileNotFoundError, match=r'second file, a\.data, .*copy both'):
        open_onnx(model, 'ONNXDetector', '--weights', ['CPUExecutionProvider'], 0)


@pytest.mark.parametrize(
    'location',
    ['../a.data', '/etc/passwd', 'x/../../a.data', r'..\a.data', r'C:\a', ''],
)
def test_weights_outside_of_the_folder_are_refused(
    location: str, tmp_path: Path
) -> None:
    (tmp_path / 'a.data').write_bytes(WEIGHTS.tobytes())
    (tmp_path / 'net').mkdir()
    model = write_onnx(tmp_path / 'net/a.onnx', WEIGHTS, weights_in=location)
    with pytest.raises(ValueError, match='names a file outside its own folder'):
        open_onnx(model, 'ONNXDetector', '--weights', ['CPUExecutionProvider'], 0)


@pytest.mark.parametrize('depth', [1, 5000])
def test_weights_deep_inside_of_a_graph(depth: int, tmp_path: Path) -> None:
    entry = _field(1, b'location') + _field(2, b'deep.data')
    message = _field(5, _field(13, entry))  # a graph with one tensor
    for _ in range(depth):  # the branch of an If
        message = _field(1, _field(5, _field(6, message)))
    (tmp_path / 'a.onnx').write_bytes(_field(7, message))
    (tmp_path / 'deep.data').write_bytes(b'')
    assert onnx_weight_files(tmp_path / 'a.onnx') == [tmp_path / 'deep.data']


def test_what_is_no_model(tmp_path: Path) -> None:
    whole = Path(write_onnx(tmp_path / 'a.onnx', WEIGHTS)).read_bytes()
    for name, data in (
        ('text', b'not a model'),
        ('cut', whole[:-5]),
        ('endless', b'\xff' * 20),
        ('letters', _field(7, _field(5, _field(13, _field(1, b'\xff'))))),
    ):
        (tmp_path / f'{name}.onnx').write_bytes(data)
        with pytest.raises(ValueError, match=f'{name}.onnx is not an ONNX model'):
            onnx_weight_files(tmp_path / f'{name}.onnx')
    (tmp_path / 'empty.onnx').write_bytes(b'')
    assert onnx_weight_files(tmp_path / 'empty.onnx') == []  # onnxruntime refuses it


def test_a_cache_of_links(tmp_path: Path) -> None:
    """As the Hugging Face hub keeps it: names are links to files named by their hash."""
    blobs, snapshot = tmp_path / 'blobs', tmp_path / 'snapshots/1'
    blobs.mkdir()
    snapshot.mkdir(parents=True)
    write_onnx(blobs / 'net.onnx', WEIGHTS, weights_in='net.onnx.data')
    for name, blob in (('net.onnx', 'aaaa'), ('net.onnx.data', 'bbbb')):
        (blobs / name).rename(blobs / blob)
        (snapshot / name).symlink_to(f'../../blobs/{blob}')
    session = open_onnx(
        str(snapshot / 'net.onnx'), 'X', '--weights', ['CPUExecutionProvider'], 0
    )
    (answer,) = session.run(None, {'images': np.zeros((1, 3, 64, 64), np.float32)})
    np.testing.assert_array_equal(answer, WEIGHTS)
    before = onnx_file_hash(snapshot / 'net.onnx')
    (blobs / 'bbbb').write_bytes((WEIGHTS + 1).tobytes())
    assert onnx_file_hash(snapshot / 'net.onnx') != before
