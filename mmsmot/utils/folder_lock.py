"""One process at a time in a folder."""

from __future__ import annotations

import errno
import json
import os
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from .atomic import atomic_write

LOCK_NAME = '.mmsmot.lock'  # empty; the operating system's lock lies on it
HOLDER_NAME = '.mmsmot.holder'  # the process that holds it, as JSON
LOCK_FILES = (LOCK_NAME, HOLDER_NAME)  # may lie in a folder that holds no results yet
HOLDER_KEYS = {'pid', 'host', 'since'}
MAX_HOLDER_BYTES = 4096


@contextmanager
def folder_lock(folder: str | os.PathLike) -> Iterator[None]:
    """Keep others out of a folder of results while the block runs.

    The lock is the operating system's: when a process dies its lock is gone, and the
    files it left are taken over. Nothing is ever written into the lock file, and what no
    run of ours made under the names of lock and holder is refused.

    Args:
        folder: Made where it is missing.

    Raises:
        BlockingIOError: Another process, or another part of this one, writes there.
        FileExistsError: A user's own file or folder has the name of the lock or holder.
        OSError: The folder cannot be made or written to.
    """
    folder = Path(folder)
    lock_path, holder_path = folder / LOCK_NAME, folder / HOLDER_NAME
    lock = FileLock(lock_path, timeout=0, thread_local=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _require_own_file(lock_path)
        lock.acquire()
    except Timeout:
        raise BlockingIOError(_occupied(folder)) from None
    except (OSError, NotImplementedError) as error:
        raise _unwritable(folder, error) from error
    try:
        with _holder_file(folder, holder_path):
            yield
    finally:
        try:
            # While it is locked: filelock takes no lock on a file without a name. On
            # Windows, which removes no open file, filelock does it.
            if os.name != 'nt':
                lock_path.unlink(missing_ok=True)
        finally:
            lock.release()


@contextmanager
def folder_locks(*folders: str | os.PathLike, rank: int = 0) -> Iterator[None]:
    """Keep other runs out of several folders; one process of a run, number 0, does it.

    Raises:
        See :func:`folder_lock`.
    """
    with ExitStack() as stack:
        if rank == 0:
            for folder in dict.fromkeys(map(os.path.abspath, folders)):
                stack.enter_context(folder_lock(folder))
        yield


@contextmanager
def _holder_file(folder: Path, holder_path: Path) -> Iterator[None]:
    """Name the process beside the lock while the block runs."""
    record = {
        'pid': os.getpid(),
        'host': socket.gethostname(),
        'since': time.strftime('%Y-%m-%d %H:%M:%S'),
    }
    try:
        _require_own_file(holder_path)
        with atomic_write(holder_path) as stream:
            json.dump(record, stream)
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        yield
    finally:
        if _read_holder(holder_path) == record:  # else somebody replaced it
            holder_path.unlink(missing_ok=True)


def _require_own_file(path: Path) -> None:
    """Refuse what no run of ours made: it would be locked, replaced or removed.

    Earlier versions wrote the holder into the lock file; what a killed run of those left
    is taken over.
    """
    try:
        info = path.lstat()
    except FileNotFoundError:
        return
    if stat.S_ISLNK(info.st_mode):
        kind = 'a link'
    elif not stat.S_ISREG(info.st_mode):
        kind = 'no file'
    elif info.st_nlink > 1:
        kind = 'a hard link to another file'
    elif info.st_size and _read_holder(path) is None:
        kind = 'a file that mmsmot did not write'
    else:
        return
    raise FileExistsError(
        f'{path} is {kind}, but mmsmot locks a folder by a file of this name: remove or '
        'rename it, or name another folder (--out, --work-dir)'
    )


def _unwritable(folder: Path, error: OSError | NotImplementedError) -> OSError:
    if isinstance(error, NotImplementedError):
        return OSError(
            errno.ENOTSUP,
            f'{folder} lies on a file system without locks: name a folder on another '
            'one (--out, --work-dir)',
        )
    if isinstance(error, FileExistsError) and error.errno is None:
        return error  # of _require_own_file
    return type(error)(
        error.errno,
        f'no results can be written into {folder} ({error.strerror or error}): name '
        'another folder (--out, --work-dir), or mend that',
    )


def _read_holder(path: Path) -> dict[str, Any] | None:
    try:
        with open(path, 'rb') as stream:
            holder = json.loads(stream.read(MAX_HOLDER_BYTES))
    except (
        OSError,
        ValueError,
        RecursionError,
    ):  # being written or removed, or no JSON
        return None
    return holder if isinstance(holder, dict) and holder.keys() >= HOLDER_KEYS else None


def _occupied(folder: Path) -> str:
    holder = _read_holder(folder / HOLDER_NAME)
    process = 'another process'
    if holder is not None:
        process = (
            f'process {holder["pid"]} on {holder["host"]}, since {holder["since"]}'
        )
    return (
        f'{folder} is being written by {process}. Two runs would mix their files: wait '
        'for it, or name another folder (--out, --work-dir)'
    )
