"""A text is read from a file alone, and only so far as memory is meant for it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mmsmot.utils.json_file import read_json
from mmsmot.utils.text_file import read_text, read_text_file_bytes


@pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='no pipes with a name')
@pytest.mark.parametrize('read', [read_text, read_json, read_text_file_bytes])
def test_a_pipe_is_refused_not_waited_for(tmp_path: Path, read) -> None:
    os.mkfifo(tmp_path / 'a.txt')
    with pytest.raises(ValueError, match=r'a.txt: expected a file, found a pipe'):
        read(tmp_path / 'a.txt')


@pytest.mark.skipif(not os.path.exists('/dev/zero'), reason='no /dev/zero')
def test_a_device_without_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / 'a.json').symlink_to('/dev/zero')
    with pytest.raises(ValueError, match='a.json: expected a file'):
        read_json(tmp_path / 'a.json')


def test_the_bound(tmp_path: Path) -> None:
    path = tmp_path / 'a.txt'
    path.write_bytes(b'12345')
    assert read_text_file_bytes(path, 5) == b'12345'
    with pytest.raises(ValueError, match='a.txt: has more than the 4 bytes'):
        read_text_file_bytes(path, 4)


def test_marks_and_line_ends(tmp_path: Path) -> None:
    path = tmp_path / 'a.txt'
    path.write_bytes(b'\xef\xbb\xbfa\r\nb\rc\n')
    assert read_text(path) == 'a\nb\nc\n'


def test_folders_and_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        read_text(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_text(tmp_path / 'no.txt')
