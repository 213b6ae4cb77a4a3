"""A file is written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmsmot.utils.atomic import atomic_folder, atomic_path, atomic_write


def test_takes_its_place_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / 'new' / 'a.txt'
    with atomic_write(path) as stream:
        stream.write('one\n')
        assert not path.exists()
    assert path.read_bytes() == b'one\n'
    assert path.stat().st_mode & 0o444 == 0o444


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / 'a.txt'
    path.write_text('old')
    with pytest.raises(RuntimeError), atomic_write(path) as stream:
        stream.write('half')
        raise RuntimeError
    assert path.read_text() == 'old'
    assert [p.name for p in tmp_path.iterdir()] == ['a.txt']


def test_suffix_is_kept(tmp_path: Path) -> None:
    with atomic_path(tmp_path / 'video.mp4') as temporary:
        assert temporary.suffix == '.mp4'


def test_a_folder_takes_its_place_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / 'new' / 'a'
    with atomic_folder(path) as temporary:
        (temporary / 'one.txt').write_text('one')
        assert not path.exists()
        assert temporary.name.startswith('.a.')
        assert temporary.suffix == '.partial'
    assert [p.name for p in path.parent.iterdir()] == ['a']
    assert (path / 'one.txt').read_text() == 'one'
    assert path.stat().st_mode & 0o555 == 0o555


def test_an_error_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), atomic_folder(tmp_path / 'a') as temporary:
        (temporary / 'one.txt').write_text('one')
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_in_it_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / 'a').mkdir()
    (tmp_path / 'a' / 'mine.txt').write_text('mine')
    with pytest.raises(OSError), atomic_folder(tmp_path / 'a'):
        pass
    assert [p.name for p in tmp_path.iterdir()] == ['a']
    assert (tmp_path / 'a' / 'mine.txt').read_text() == 'mine'
