"""Texts for the messages of errors."""

from __future__ import annotations

import os


def message_without_path(error: Exception, path: str | os.PathLike) -> str:
    """The message of an error without the ``path: `` in front of it.

    >>> message_without_path(ValueError('a/gt.txt: no rows'), 'a/gt.txt')
    'no rows'
    """
    return str(error).removeprefix(f'{path}: ')


def first_line(error: BaseException) -> str:
    """The first line of an error's message; of libraries the rest is often a trace.

    >>> first_line(RuntimeError('bad shape\\nat node 7'))
    'bad shape'
    """
    return str(error).strip().split('\n')[0]


def shorten_error_text(text: str, max_characters: int) -> str:
    """A text as it is, or its beginning with three dots.

    >>> shorten_error_text('[1, 2, 3]', 5)
    '[1, 2...'
    """
    return text if len(text) <= max_characters else f'{text[:max_characters]}...'


def first_error_names(names: list[str], limit: int = 50) -> str:
    """The first names, and how many more there are."""
    suffix = f' and {len(names) - limit} more' if len(names) > limit else ''
    return ', '.join(names[:limit]) + suffix
