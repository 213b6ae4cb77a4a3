"""A full disk is told with the file and its disk, and nothing is left half-written."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from mmsmot.utils.atomic import atomic_path, atomic_write
from mmsmot.utils.full_disk import explain_full_disk, is_disk_full

FULL = OSError(errno.ENOSPC, 'No space left on device')
RUST = RuntimeError('I/O error: No space left on device (os error 28)')


@pytest.mark.parametrize('error', [FULL, RUST, OSError(errno.EDQUOT, 'quota')])
def test_the_file_and_its_disk_are_named(tmp_path: Path, error: Exception) -> None:
    assert is_disk_full(error)
    path = tmp_path / 'a.txt'
    path.write_text('old')
    with (
        pytest.raises(OSError, match=r'the disk of /.* is full.*a\.txt') as caught,
        atomic_write(path) as stream,
    ):
        stream.write('half')
        raise error
    assert caught.value.errno in (errno.ENOSPC, errno.EDQUOT)
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [('a.txt', 'old')]


def test_what_is_left_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(OSError, match='is full. Two are kept. Make room'),
        explain_full_disk(tmp_path, 'Two are kept. '),
    ):
        raise FULL


def test_other_errors_stay_as_they_are(tmp_path: Path) -> None:
    for error in (OSError(errno.EIO, 'x'), ValueError('x'), OSError('x')):
        assert not is_disk_full(error)
        with pytest.raises(type(error)) as caught, explain_full_disk(tmp_path):
            raise error
        assert caught.value is error


def test_a_folder_in_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / 'a.txt').mkdir()
    with (
        pytest.raises(IsADirectoryError, match=r'a\.txt is a folder.*remove or rename'),
        atomic_path(tmp_path / 'a.txt'),
    ):
        pass
    assert [p.name for p in tmp_path.iterdir()] == ['a.txt']


def test_an_error_that_names_its_file_is_explained_once(tmp_path: Path) -> None:
    """As of PyAV, whose errors have the file's name and no folder or remedy."""
    full = OSError(errno.ENOSPC, 'No space left on device', 'video.mp4')
    with (
        pytest.raises(OSError, match='is full. None is kept.*Make room') as caught,
        explain_full_disk(tmp_path, 'All are kept. '),
        explain_full_disk(tmp_path, 'None is kept. '),
    ):
        raise full
    assert 'All are kept' not in str(caught.value)
