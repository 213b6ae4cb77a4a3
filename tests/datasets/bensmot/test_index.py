"""Tests of the index of sequences: what it keeps, and when it reads again."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from mmsmot.datasets.bensmot import index as bensmot_index
from mmsmot.datasets.bensmot.index import (
    default_index_path,
    index_sequence_folders,
    read_sequence_index,
)


@pytest.fixture
def root(tmp_path: Path, write_bensmot) -> Path:
    for name in ('a', 'b', 'c'):
        write_bensmot(
            tmp_path / f'data/train/act/{name}',
            gt='1,1,5,5,9,9\n1,2,5,5,-9,9\n',
            expressions={'p.json': '{"label": {"0": [1]}, "sentence": "p"}'},
            spans='{"fps": 5, "trajectories": []}',
        )
    write_bensmot(tmp_path / 'data/train/act/d', gt=None)
    return tmp_path / 'data'


@pytest.fixture
def reads(monkeypatch) -> list[str]:
    """Names of the sequences that are read, not remembered."""
    names: list[str] = []
    original = bensmot_index.read_sequence

    def read(folder):
        names.append(folder.name)
        return original(folder)

    monkeypatch.setattr(bensmot_index, 'read_sequence', read)
    return names


def index(root: Path, cache: Path | None):
    return read_sequence_index(index_sequence_folders(root, 'train'), cache)


def stored_arrays(root: Path, cache: Path) -> dict[str, np.ndarray]:
    """The arrays of the index that a first reading keeps."""
    index(root, cache)
    with np.load(cache) as file:
        return dict(file)


def test_remembered_records_are_equal(root, reads, tmp_path) -> None:
    fresh = index(root, tmp_path / 'cache.npz')
    assert reads == ['a', 'b', 'c', 'd']
    records = index(root, tmp_path / 'cache.npz')
    assert reads == ['a', 'b', 'c', 'd']
    assert list(records) == list(fresh)
    for name, record in fresh.items():
        ours = records[name].to_dict()
        assert ours == record.to_dict()
        assert json.loads(json.dumps(ours)) is not None
        if record.rows is None:
            assert records[name].rows is None
        else:
            np.testing.assert_array_equal(records[name].rows, record.rows)
            assert record.rows.shape == (1, 9)
        assert records[name].semantics == record.semantics


def changed(path: Path, text: str) -> None:
    """Write other bytes with another time, however coarse the file system's clock."""
    stamp = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text)
    os.utime(path, ns=(stamp + 10**9, stamp + 10**9))


@pytest.mark.parametrize(
    'name',
    [
        'gt/gt.txt',
        'video_caption.txt',
        'instance_captions.txt',
        'interactions.graphml',
        'semantic_trajectories.json',
        'expressions/p.json',
        'expressions/q.json',
        'seqinfo.ini',
    ],
)
def test_a_changed_file_is_read_again(name, root, reads, tmp_path) -> None:
    cache = tmp_path / 'cache.npz'
    index(root, cache)
    reads.clear()
    changed(root / 'train/act/b' / name, '[Sequence]\nframeRate=3\n')
    index(root, cache)
    assert reads == ['b']
    index(root, cache)
    assert reads == ['b']


@pytest.mark.parametrize('change', ['remove', 'rename', 'first'])
def test_changed_images(change, root, reads, tmp_path) -> None:
    cache = tmp_path / 'cache.npz'
    index(root, cache)
    reads.clear()
    images = root / 'train/act/c/imgs'
    if change == 'remove':
        (images / '004.jpg').unlink()
    elif change == 'rename':
        (images / '004.jpg').rename(images / '009.jpg')
    else:
        changed(images / '001.jpg', 'not an image')
    after = index(root, cache)['act/c']
    assert reads == ['c']
    frames = {'remove': [1, 2, 3, 5, 6], 'rename': [1, 2, 3, 5, 6, 9]}
    assert after.frame_ids == frames.get(change, [1, 2, 3, 4, 5, 6])
    assert after.width == (None if change == 'first' else 64)


def test_a_sequence_comes_and_goes(root, reads, write_bensmot, tmp_path) -> None:
    cache = tmp_path / 'cache.npz'
    index(root, cache)
    reads.clear()
    write_bensmot(root / 'train/act/b2')
    (root / 'train/act/a').rename(tmp_path / 'gone')
    assert list(index(root, cache)) == ['act/b', 'act/b2', 'act/c', 'act/d']
    assert reads == ['b2']


@pytest.mark.parametrize('content', [b'', b'PK\x03\x04 damaged', b'text'])
def test_a_damaged_index_is_made_again(content, root, reads, tmp_path, logged) -> None:
    cache = tmp_path / 'cache.npz'
    cache.write_bytes(content)
    index(root, cache)
    assert reads == ['a', 'b', 'c', 'd']
    assert any('damaged index' in r.getMessage() for r in logged)
    index(root, cache)
    assert len(reads) == 4


def spoil(content: dict, key: str) -> None:
    record = content['sequences']['act/a']
    if key == 'sequences':
        content['sequences'] = [1]
    elif key == 'captions':
        record['semantics']['captions'] = ['a']
    elif key == 'frame_ids':
        record['frame_ids'] = ['1']
    elif key == 'images':
        record['images'] = ['../../secret.jpg'] * len(record['frame_ids'])
    elif key == 'caption':
        record['semantics']['captions'] = {'1': 5}
    elif key == 'no caption':
        record['semantics']['captions'] = {'1': None}
    elif key == 'video_caption':
        record['semantics']['video_caption'] = ['a']
    elif key == 'log':
        record['log'] = [['nothing', 1, ['a']]]
    elif key == 'relations':
        record['semantics']['relations'] = [
            dict(subject_id='1', object_id=2, verbs='a', where='b')
        ]
    else:
        field, value = key.split('=')
        record[field] = json.loads(value)


@pytest.mark.parametrize(
    'key',
    [
        *('sequences', 'captions', 'caption', 'no caption', 'video_caption', 'log'),
        *('frame_ids', 'images', 'relations', 'fps="x"', 'fps=-1', 'spans=5'),
        *('spans=[[1]]', 'expressions=[5]', 'width=-5', 'height=1.5'),
        'images_from_zero=2',
    ],
)
def test_an_index_of_other_contents_is_made_again(
    key, root, reads, tmp_path, logged
) -> None:
    cache = tmp_path / 'cache.npz'
    arrays = stored_arrays(root, cache)
    content = json.loads(arrays['text'].tobytes())
    spoil(content, key)
    arrays['text'] = np.frombuffer(json.dumps(content).encode(), np.uint8)
    np.savez(cache, **arrays)
    index(root, cache)
    assert reads == ['a', 'b', 'c', 'd'] * 2
    assert any('damaged index' in r.getMessage() for r in logged)


@pytest.mark.parametrize('kind', ['nested', 'claims 10 TB', 'bomb', 'boxes'])
def test_an_index_that_would_fill_the_memory(
    kind, root, reads, tmp_path, logged
) -> None:
    cache = tmp_path / 'cache.npz'
    arrays = stored_arrays(root, cache)
    if kind == 'nested':
        arrays['text'] = np.frombuffer(b'[' * 100_000, np.uint8)
    elif kind == 'boxes':
        arrays['rows'] = np.empty((5, 9))
    elif kind == 'bomb':
        arrays['text'] = np.zeros(10**8, np.uint8)
    (np.savez_compressed if kind == 'bomb' else np.savez)(cache, **arrays)
    if kind == 'claims 10 TB':
        shape = f'({len(arrays["text"])},), }}'.encode()
        data = cache.read_bytes()
        claim = b'(9999999999999,), }'
        assert shape in data
        start = data.index(shape)
        data = data[:start] + claim + data[start + len(claim) :]
        cache.write_bytes(data)
    index(root, cache)
    assert reads == ['a', 'b', 'c', 'd'] * 2
    assert any('damaged index' in r.getMessage() for r in logged)


def test_another_format_is_made_again(root, reads, tmp_path, monkeypatch) -> None:
    cache = tmp_path / 'cache.npz'
    index(root, cache)
    monkeypatch.setattr(bensmot_index, 'FORMAT', bensmot_index.FORMAT + 1)
    index(root, cache)
    assert len(reads) == 8


def test_where_it_cannot_be_written(root, reads, tmp_path, logged) -> None:
    (tmp_path / 'file').write_text('')
    index(root, tmp_path / 'file/cache.npz')
    assert any('could not be kept' in r.getMessage() for r in logged)
    assert len(reads) == 4


def test_nothing_is_written_without_a_cache(root) -> None:
    files_before = sorted(root.rglob('*'))
    index(root, None)
    assert sorted(root.rglob('*')) == files_before


def test_default_place(root, tmp_path, monkeypatch) -> None:
    assert default_index_path(root, 'train') == root / '.mmsmot/train.npz'
    monkeypatch.setattr(os, 'access', lambda path, mode: False)
    monkeypatch.setenv('HOME', str(tmp_path))
    paths = {default_index_path(root, split) for split in ('train', 'test')}
    paths.add(default_index_path(tmp_path, 'train'))
    assert len(paths) == 3
    assert {path.parent for path in paths} == {tmp_path / '.cache/mmsmot'}


def test_the_default_place_is_no_sequence(root) -> None:
    (root / 'train/.mmsmot').mkdir()
    (root / 'train/act/.b.tmp').mkdir()
    assert [*index_sequence_folders(root, 'train')] == [
        'act/a',
        'act/b',
        'act/c',
        'act/d',
    ]
