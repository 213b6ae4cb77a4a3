"""JSON files from anywhere."""

from __future__ import annotations

import json
import os
from typing import Any

from .text_file import read_file_bytes


def read_json(path: str | os.PathLike) -> Any:
    """The content of a JSON file in UTF-8, with or without a byte-order mark.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no JSON, is nested too deeply, or an object has two values for
            a key, of which other readers take one in silence; names the file. It is no
            file, or larger than 2 GiB.
    """
    data = read_file_bytes(path)
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
