"""One process at a time in a folder."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has none; nothing is locked there
    fcntl = None

LOCK_NAME = '.mmsmot.lock'


@contextmanager
def folder_lock(folder: str | os.PathLike) -> Iterator[None]:
    """Keep others out of a folder of results while the block runs.

    The lock is the operating system's, on a file that says who holds it: when a process
    dies its lock is gone, and the file it left is taken over.

    Args:
        folder: Made where it is missing.

    Raises:
        BlockingIOError: Another process, or another part of this one, writes there.
        OSError: The folder cannot be made or written to.
    """
    folder = Path(folder)
    path = folder / LOCK_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = _locked(path)
        _sign(handle, path)
    except BlockingIOError:
        raise
    except OSError as error:
        raise type(error)(
            error.errno,
            f'no results can be written into {folder} ({error.strerror}): name another '
            'folder (--out), or mend that',
        ) from error
    try:
        yield
    finally:
        _let_go(handle, path)


def _locked(path: Path) -> int:
    """An open file that this block has for itself."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        if fcntl is None:
            return handle
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(handle)
            raise BlockingIOError(error.errno, _occupied(path)) from None
        except OSError:
            os.close(handle)
            raise
        # The one before may have removed the file between our open and lock.
        if _is_there(handle, path):
            return handle
        os.close(handle)


def _is_there(handle: int, path: Path) -> bool:
    """Whether an open file is the one that lies at a path."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _sign(handle: int, path: Path) -> None:
    """Write into the file who holds it."""
    holder = {
        'pid': os.getpid(),
        'host': socket.gethostname(),
        'since': time.strftime('%Y-%m-%d %H:%M:%S'),
    }
    try:
        os.ftruncate(handle, 0)
        os.write(handle, json.dumps(holder).encode())
    except OSError:
        _let_go(handle, path)
        raise


def _let_go(handle: int, path: Path) -> None:
    if fcntl is None:  # Windows removes no open file
        os.close(handle)
        path.unlink(missing_ok=True)
        return
    path.unlink(missing_ok=True)  # while it is ours: nobody locks a file that is gone
    os.close(handle)


def _occupied(path: Path) -> str:
    try:
        holder = json.loads(path.read_text(encoding='utf-8'))
        who = f'process {holder["pid"]} on {holder["host"]}, since {holder["since"]}'
    except (OSError, ValueError, KeyError, TypeError):  # just being written or removed
        who = 'another process'
    return (
        f'{path.parent} is being written by {who}. Two runs would mix their files: wait '
        'for it, or name another folder (--out)'
    )
