"""One process at a time in a folder."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mmsmot.utils.folder_lock import HOLDER_NAME, LOCK_NAME, folder_lock

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
            mine = json.loads((tmp_path / HOLDER_NAME).read_text())
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
            pytest.raises(
                OSError, match=r'no results can be written into .*\(--out, --work-dir\)'
            ),
            folder_lock(folder),
        ):
            pass


def test_a_disk_that_is_full_already(tmp_path, monkeypatch) -> None:
    def write(*_: object) -> None:
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr('mmsmot.utils.folder_lock.json.dump', write)
    with (
        pytest.raises(OSError, match=r'into .* \(the disk of .* is full') as caught,
        folder_lock(tmp_path),
    ):
        pass
    assert caught.value.errno == errno.ENOSPC
    assert not list(tmp_path.iterdir())


def put_users_file(path: Path, mine: Path, kind: str) -> None:
    """Write a file ``mine``, and put something of a kind, made from it, at a path."""
    mine.write_text('mine')
    path.parent.mkdir()
    if kind == 'link':
        path.symlink_to(mine)
    elif kind == 'dangling link':
        path.symlink_to(mine.parent / 'nothing')
    elif kind == 'hard link':
        os.link(mine, path)
    elif kind == 'folder':
        path.mkdir()
    else:
        path.write_text('mine')


@pytest.mark.parametrize(
    'kind', ['link', 'hard link', 'dangling link', 'user file', 'folder']
)
def test_a_users_file_under_the_locks_name(tmp_path, kind: str) -> None:
    mine, lock = tmp_path / 'mine.txt', tmp_path / 'out' / LOCK_NAME
    put_users_file(lock, mine, kind)
    before = os.lstat(lock)
    with (
        pytest.raises(
            FileExistsError, match=r'lock is .*(link|file).*remove or rename'
        ),
        folder_lock(lock.parent),
    ):
        pass
    assert mine.read_text() == 'mine'
    assert os.lstat(lock) == before
    assert not (tmp_path / 'nothing').exists()


@pytest.mark.parametrize('kind', ['link', 'user file', 'folder'])
def test_a_users_file_under_the_holders_name(tmp_path, kind: str) -> None:
    """It stays as it is, and the lock is free again."""
    mine, holder = tmp_path / 'mine.txt', tmp_path / 'out' / HOLDER_NAME
    put_users_file(holder, mine, kind)
    before = os.lstat(holder)
    for _ in range(2):
        with (
            pytest.raises(FileExistsError, match=r'holder is .*remove or rename'),
            folder_lock(holder.parent),
        ):
            pass
    assert os.lstat(holder) == before
    assert mine.read_text() == 'mine'
    assert os.listdir(holder.parent) == [HOLDER_NAME]


def test_a_holder_that_was_replaced_is_not_removed(tmp_path) -> None:
    with folder_lock(tmp_path):
        (tmp_path / HOLDER_NAME).write_text('mine')
    assert (tmp_path / HOLDER_NAME).read_text() == 'mine'
    assert os.listdir(tmp_path) == [HOLDER_NAME]


def test_a_file_system_without_locks(tmp_path, monkeypatch) -> None:
    def acquire(*_: object) -> None:
        raise NotImplementedError('FileSystem does not appear to support flock')

    monkeypatch.setattr('mmsmot.utils.folder_lock.FileLock.acquire', acquire)
    with (
        pytest.raises(OSError, match='on a file system without locks: name a folder'),
        folder_lock(tmp_path),
    ):
        pass


def test_a_lock_on_a_removed_file_is_not_taken(tmp_path, monkeypatch) -> None:
    """The other run ends after this one has opened the file and before it locks it."""
    fcntl = pytest.importorskip('fcntl')
    flock, path = fcntl.flock, tmp_path / LOCK_NAME

    def remove_first(descriptor: int, operation: int) -> None:
        if operation & fcntl.LOCK_EX:
            path.unlink(missing_ok=True)
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, 'flock', remove_first)
    with pytest.raises(BlockingIOError), folder_lock(tmp_path):
        pass


def test_what_a_killed_run_of_an_older_version_left_is_taken_over(tmp_path) -> None:
    old = {'pid': 5, 'host': 'there', 'since': '2026-01-01 00:00:00'}
    (tmp_path / LOCK_NAME).write_text(json.dumps(old))
    with folder_lock(tmp_path):
        pass
    assert not list(tmp_path.iterdir())


def test_one_of_many_at_a_time(tmp_path) -> None:
    """Each adds 1 to a number that it has read before; none is lost."""
    number, threads = tmp_path / 'number', 8
    number.write_text('0')

    def add() -> None:
        while True:
            try:
                with folder_lock(tmp_path / 'out'):
                    value = int(number.read_text())
                    time.sleep(0.002)
                    number.write_text(str(value + 1))
                    return
            except BlockingIOError:
                time.sleep(0.001)

    workers = [threading.Thread(target=add) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert number.read_text() == str(threads)
