"""One process at a time in a folder."""

from __future__ import annotations

import json
import os
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from .atomic import atomic_write

LOCK_NAME = '.mmsmot.lock'  # empty; the operating system's lock lies on it
HOLDER_NAME = '.mmsmot.holder'  # who has it, as JSON
LOCK_FILES = (LOCK_NAME, HOLDER_NAME)  # what may lie in a folder of nobody's yet
HOLDER_KEYS = {'pid', 'host', 'since'}
MAX_HOLDER_BYTES = 4096


@contextmanager
def folder_lock(folder: str | os.PathLike) -> Iterator[None]:
    """Keep others out of a folder of results while the block runs.

    The lock is the operating system's: when a process dies its lock is gone, and the
    files it left are taken over. Nothing is ever written into the lock file, and a link
    in its place is refused, so that a file of the user's under that name stays as it is.

    Args:
        folder: Made where it is missing.

    Raises:
        BlockingIOError: Another process, or another part of this one, writes there.
        FileExistsError: Something that is no lock file has its name.
        OSError: The folder cannot be made or written to.
    """
    folder = Path(folder)
    path, holder = folder / LOCK_NAME, folder / HOLDER_NAME
    lock = FileLock(path, timeout=0, thread_local=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _require_lock_file(path)
        lock.acquire()
    except Timeout:
        raise BlockingIOError(_occupied(folder)) from None
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        _sign(folder, holder)
        yield
    finally:
        holder.unlink(missing_ok=True)
        if os.name != 'nt':  # Windows removes no open file, and filelock does it there
            path.unlink(
                missing_ok=True
            )  # while it is locked: none waits on a lost file
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


def _sign(folder: Path, holder: Path) -> None:
    """Write beside the lock who has it."""
    record = {
        'pid': os.getpid(),
        'host': socket.gethostname(),
        'since': time.strftime('%Y-%m-%d %H:%M:%S'),
    }
    try:
        with atomic_write(holder) as stream:
            json.dump(record, stream)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _require_lock_file(path: Path) -> None:
    """Refuse what no run of ours made: it would be locked and then removed.

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
        kind = 'a file of somebody else'
    else:
        return
    raise FileExistsError(
        f'{path} is {kind}, but mmsmot locks a folder by a file of this name: remove or '
        'rename it, or name another folder (--out, --work-dir)'
    )


def _unwritable(folder: Path, error: OSError) -> OSError:
    if isinstance(error, FileExistsError) and error.errno is None:
        return error  # ours, which says all
    return type(error)(
        error.errno,
        f'no results can be written into {folder} ({error.strerror or error}): name '
        'another folder (--out, --work-dir), or mend that',
    )


def _read_holder(path: Path) -> dict | None:
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
    who = 'another process'
    if holder is not None:
        who = f'process {holder["pid"]} on {holder["host"]}, since {holder["since"]}'
    return (
        f'{folder} is being written by {who}. Two runs would mix their files: wait '
        'for it, or name another folder (--out, --work-dir)'
    )
