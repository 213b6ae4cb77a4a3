"""Names of files that change when the files do."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def file_hash(path: str | os.PathLike) -> str:
    """SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with open(Path(path).expanduser(), 'rb') as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def video_fingerprint(path: str | os.PathLike) -> str:
    """SHA-256 of where a video lies and of its files' names, sizes and times.

    A video of gigabytes is not read for it; a folder is, one level of names deep.
    """
    path = Path(path).resolve()
    entries = [str(path), *_stamps(path)]
    if path.is_dir():
        for folder in sorted(p for p in path.iterdir() if p.is_dir()):
            entries += _stamps(folder)
    return hashlib.sha256('\n'.join(entries).encode()).hexdigest()


def _stamps(path: Path) -> list[str]:
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    stats = ((file.name, file.stat()) for file in files if file.is_file())
    return [f'{name} {stat.st_size} {stat.st_mtime_ns}' for name, stat in stats]
