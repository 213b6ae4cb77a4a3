"""Errors of a full disk, with the folder."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DISK_IS_FULL = (errno.ENOSPC, errno.EDQUOT)
# Of writers in C++ and Rust, which pass on no number: safetensors', torch.save's.
TEXTS = ('No space left on device', 'Disk quota exceeded')
EXPLAINED = 'the disk of'  # how our own messages begin


def is_disk_full(error: BaseException) -> bool:
    """Whether an error says that there is no room any more."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in DISK_IS_FULL
    return isinstance(error, Exception) and _has_text_of_system(str(error))


def tells_full_disk(text: str) -> bool:
    """Whether the last error of a tool, as text, says that there is no room any more."""
    return _has_text_of_system(text) or (EXPLAINED in text and ' is full' in text)


@contextmanager
def explain_full_disk(path: str | os.PathLike, kept_note: str = '') -> Iterator[None]:
    """Name the folder, or the file, and the disk where one is full.

    Args:
        path: What the block writes.
        kept_note: A sentence on what of it is left.

    Raises:
        OSError: The disk is full.
    """
    try:
        yield
    except Exception as error:
        if not is_disk_full(error) or EXPLAINED in str(error):
            raise
        raise OSError(
            getattr(error, 'errno', None) or errno.ENOSPC,
            f'{EXPLAINED} {_mount(Path(path))} is full. {kept_note}Make room, or write to '
            'another disk (--out, --work-dir), and run it again',
            str(path),
        ) from error


def _has_text_of_system(message: str) -> bool:
    return any(text in message for text in TEXTS)


def _mount(path: Path) -> Path:
    """The folder at which the disk of a path hangs."""
    path = Path(os.path.abspath(path))
    while not os.path.ismount(path) and path != path.parent:
        path = path.parent
    return path
