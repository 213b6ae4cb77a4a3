"""Messages of errors, for a reader who knows the file already."""

from __future__ import annotations

import os


def without_path(error: Exception, path: str | os.PathLike) -> str:
    """The message of an error without the ``path: `` in front of it.

    >>> without_path(ValueError('a/gt.txt: no rows'), 'a/gt.txt')
    'no rows'
    """
    return str(error).removeprefix(f'{path}: ')
