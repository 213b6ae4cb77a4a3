"""What a cached file was made of, so that another run's is not read for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmsmot.utils.fingerprint import text_fingerprint


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
