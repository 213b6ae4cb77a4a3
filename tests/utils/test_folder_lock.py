"""One process at a time in a folder."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mmsmot.utils.folder_lock import LOCK_NAME, folder_lock

HOLD = """
import sys
from mmsmot.utils.folder_lock import folder_lock
with folder_lock(sys.argv[1]):
    print('held', flush=True)
    sys.stdin.read()
"""


def test_who_holds_it_is_named(tmp_path) -> None:
    args = [sys.executable, '-c', HOLD, str(tmp_path)]
    pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with subprocess.Popen(args, **pipes) as holder:
        assert holder.stdout.readline() == b'held\n'
        who = f'written by process {holder.pid} on {socket.gethostname()}, since 20'
        with pytest.raises(BlockingIOError, match=who), folder_lock(tmp_path):
            pass
        holder.kill()  # it cannot tidy up
        holder.wait()
        assert (tmp_path / LOCK_NAME).is_file()
        with folder_lock(tmp_path):  # taken over
            mine = json.loads((tmp_path / LOCK_NAME).read_text())
            assert mine['pid'] == os.getpid()
    assert not list(tmp_path.iterdir())


def test_within_one_process(tmp_path) -> None:
    with folder_lock(tmp_path / 'new' / 'folder'):
        with (
            pytest.raises(BlockingIOError, match='name another folder'),
            folder_lock(tmp_path / 'new' / 'folder'),
        ):
            pass
        with folder_lock(tmp_path):
            pass
    with folder_lock(tmp_path / 'new' / 'folder'):
        pass


def test_a_folder_that_cannot_be_written(tmp_path) -> None:
    (tmp_path / 'file').touch()
    for folder in ('/proc/mmsmot', tmp_path / 'file' / 'inside'):
        with (
            pytest.raises(OSError, match=r'no results can be written into .*\(--out\)'),
            folder_lock(folder),
        ):
            pass


def test_a_disk_that_is_full_already(tmp_path, monkeypatch) -> None:
    def write(*_: object) -> int:
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(os, 'write', write)
    with (
        pytest.raises(OSError, match=r'into .* \(No space left on device\)') as caught,
        folder_lock(tmp_path),
    ):
        pass
    assert caught.value.errno == errno.ENOSPC
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('number', [1, 2])
def test_a_file_that_its_owner_removes_meanwhile(tmp_path, monkeypatch, number) -> None:
    stat, asked = Path.stat, []

    def remove_and_stat(path: Path, **options: bool) -> os.stat_result:
        if path.name == LOCK_NAME:
            asked.append(path)
            if len(asked) == number:
                path.unlink()
        return stat(path, **options)

    monkeypatch.setattr(Path, 'stat', remove_and_stat)
    with folder_lock(tmp_path):
        monkeypatch.undo()
        assert (tmp_path / LOCK_NAME).is_file()
    assert asked


def test_windows_removes_a_file_only_when_it_is_closed(tmp_path, monkeypatch) -> None:
    closed, close, unlink = [], os.close, Path.unlink

    def closing(handle: int) -> None:
        closed.append(handle)
        close(handle)

    def unlinking(path: Path, **options: bool) -> None:
        assert closed
        unlink(path, **options)

    monkeypatch.setattr('mmsmot.utils.folder_lock.fcntl', None)
    with folder_lock(tmp_path):
        monkeypatch.setattr(os, 'close', closing)
        monkeypatch.setattr(Path, 'unlink', unlinking)
    monkeypatch.undo()
    assert closed
    assert not list(tmp_path.iterdir())
