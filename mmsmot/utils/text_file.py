"""Text files from anywhere, read without waiting and without filling the memory."""

from __future__ import annotations

import os
import stat

# Annotations of a million boxes take .2 GB as COCO JSON, the largest text that is read here.
MAX_TEXT_BYTES = 2 << 30


def read_text_file_bytes(
    path: str | os.PathLike, max_bytes: int = MAX_TEXT_BYTES
) -> bytes:
    """The bytes of a file.

    A pipe would be waited for without end, and a device as ``/dev/zero`` read without end.

    Args:
        path: A regular file, or a link to one.
        max_bytes: The most bytes that are read, 2 GiB by default.

    Raises:
        FileNotFoundError: There is no such file.
        OSError: It cannot be read.
        ValueError: It is a pipe, socket or device, or larger than ``max_bytes``; names
            the file.
    """
    mode = os.stat(path).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # open() refuses a folder itself
        raise ValueError(
            f'{os.fspath(path)}: expected a file, found a pipe, socket or device; remove '
            'it, or put a file there'
        )
    with open(path, 'rb') as stream:
        data = stream.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise ValueError(
            f'{os.fspath(path)}: has more than the {max_bytes:,} bytes that are read of '
            'such a file'
        )
    return data


def read_text(path: str | os.PathLike) -> str:
    """The text of a file in UTF-8, with or without a byte-order mark; lines end in LF.

    Raises:
        UnicodeDecodeError: It is no UTF-8.
        OSError, ValueError: See :func:`read_text_file_bytes`.
    """
    text = read_text_file_bytes(path).decode('utf-8-sig')
    return text.replace('\r\n', '\n').replace('\r', '\n')
