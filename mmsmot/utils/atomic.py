"""Writing a file or a folder whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .full_disk import explain_full_disk


@contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[Path]:
    """A temporary name beside ``path`` that takes its place when the block succeeds.

    The folder is made if it is missing. When the block raises, the temporary file is
    removed and whatever stood at ``path`` is untouched. The suffix is kept, since some
    writers choose their format by it.

    Raises:
        OSError: It cannot be written; of a full disk, names the file and the disk.
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(
            f'{path} is a folder, and a file of this name is to be written: remove or '
            'rename it, or name another place'
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(
        prefix=f'.{path.stem}.', suffix=path.suffix, dir=path.parent
    )
    os.close(handle)
    temporary = Path(name)
    try:
        with explain_full_disk(path):
            yield temporary
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)  # mkstemp's 0600 would hide it from others
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_write(path: str | os.PathLike) -> Iterator[IO[str]]:
    """A text stream (UTF-8, ``\\n``) that becomes ``path`` when the block succeeds."""
    with (
        atomic_path(path) as temporary,
        open(temporary, 'w', encoding='utf-8', newline='\n') as stream,
    ):
        yield stream


@contextmanager
def atomic_folder(path: str | os.PathLike) -> Iterator[Path]:
    """A temporary folder beside ``path`` that takes its name when the block succeeds.

    Its name begins with a dot and ends in ``.partial``, so that what a killed process
    leaves can be told from a finished folder.

    Raises:
        OSError: There is a folder with something in it at ``path`` when the block ends.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(
        tempfile.mkdtemp(prefix=f'.{path.name}.', suffix='.partial', dir=path.parent)
    )
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o777 & ~umask)  # mkdtemp's 0700 would hide it from others
        os.replace(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
