"""JSON files: reading them from anywhere, writing them whole."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from .atomic import atomic_write
from .text_file import read_text_file_bytes


def read_json(path: str | os.PathLike) -> Any:
    """The content of a JSON file in UTF-8, with or without a byte-order mark.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no JSON, is nested too deeply, or an object has two values for
            a key, of which other readers take one in silence; names the file. It is no
            file, or larger than 2 GiB.
    """
    data = read_text_file_bytes(path)
    try:
        text = data.decode('utf-8-sig')
        return json.loads(text, object_pairs_hook=_object)
    except RecursionError as error:
        raise ValueError(f'{path}: not JSON: it is nested too deeply') from error
    except ValueError as error:  # also UnicodeDecodeError, and integers of 4301 digits
        raise ValueError(f'{path}: not JSON: {error}') from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        for key, value in pairs:
            # NaN is unequal to itself, but the same object.
            if content[key] is not value and content[key] != value:
                raise ValueError(f'two values for the key {key!r:.60} in one object')
    return content


def write_json(data: Any, path: str | os.PathLike) -> None:
    """Write JSON atomically; NumPy numbers and arrays become plain ones.

    What holds no dictionary stands on one line, however long an array it is.
    """
    with atomic_write(path) as stream:
        stream.writelines(_pieces(data))
        stream.write('\n')


def _pieces(value: Any, margin: str = '\n') -> Iterator[str]:
    inner = margin + '  '
    if isinstance(value, dict) and value:
        begin = '{'
        for key, item in value.items():
            name = key if isinstance(key, str) else _line(key)
            yield f'{begin}{inner}{_line(name)}: '
            yield from _pieces(item, inner)
            begin = ','
        yield margin + '}'
    elif isinstance(value, list | tuple) and any(isinstance(i, dict) for i in value):
        begin = '['
        for item in value:
            yield begin + inner
            yield from _pieces(item, inner)
            begin = ','
        yield margin + ']'
    else:
        yield _line(value)


def _line(value: Any) -> str:
    return json.dumps(value, default=_plain, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f'{type(value).__name__} cannot be written as JSON')
