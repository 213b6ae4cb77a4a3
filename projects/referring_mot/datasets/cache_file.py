"""Cached arrays, with what they were made of, so that another run's are not read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mmsmot.utils.atomic import atomic_path
from mmsmot.utils.fingerprint import text_fingerprint


def write_cache_file(
    path: Path, arrays: Mapping[str, np.ndarray], **notes: Any
) -> None:
    """Write arrays as ``.npz``, whole or not at all, with notes as JSON in bytes."""
    texts = {name: json.dumps(note).encode() for name, note in notes.items()}
    with atomic_path(path) as temporary, open(temporary, 'wb') as file:
        np.savez(
            file, **arrays, **{k: np.frombuffer(v, np.uint8) for k, v in texts.items()}
        )


def read_cache_note(path: Path, name: str) -> Any:
    """A note of :func:`write_cache_file`; ``None`` where the file has none."""
    with np.load(path, allow_pickle=False) as stored:
        if name not in stored.files:
            return None
        return json.loads(stored[name].tobytes())


def json_fingerprint(content: Any) -> str:
    """SHA-256 of what JSON can hold; the order of keys does not count."""
    return text_fingerprint(json.dumps(content, sort_keys=True, default=str))


def require_fingerprint(
    path: Path, stored: Mapping[str, Any] | None, expected: Mapping[str, Any]
) -> None:
    """Refuse a cached file that another run wrote.

    Args:
        path: The file.
        stored: What it says it was made of; ``None`` where it says nothing.
        expected: Name of each thing that decides its content, and its fingerprint now.

    Raises:
        ValueError: They differ; names the file and what differs.
    """
    if stored == dict(expected):
        return
    names = [n for n, value in expected.items() if (stored or {}).get(n) != value]
    reason = (
        f'was made with other {" and ".join(names)}'
        if stored
        else 'does not say what it was made of'
    )
    raise ValueError(
        f'{path}: {reason}; give --out another folder, or remove {path.parent}'
    )
