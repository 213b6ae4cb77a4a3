"""Names of files that change when the files do."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path


def file_fingerprint(path: str | os.PathLike) -> str:
    """SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with open(Path(path).expanduser(), 'rb') as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def text_fingerprint(text: str) -> str:
    """SHA-256 of a text, in which names of files may stand that are no UTF-8."""
    return hashlib.sha256(text.encode('utf-8', 'surrogateescape')).hexdigest()


def video_fingerprint(path: str | os.PathLike) -> str:
    """SHA-256 of where a video lies and of its files' names, sizes and times.

    A video of gigabytes is not read for it; a folder is, one level of names deep.
    """
    path = Path(path).resolve()
    entries = [str(path), *_stamps(path)]
    if path.is_dir():
        for folder in sorted(p for p in path.iterdir() if p.is_dir()):
            entries += _stamps(folder)
    return text_fingerprint('\n'.join(entries))


def _stamps(path: Path) -> list[str]:
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    stats = ((file.name, file.stat()) for file in files if file.is_file())
    return [f'{name} {stat.st_size} {stat.st_mtime_ns}' for name, stat in stats]


def code_fingerprint(modules: Iterable[str]) -> str:
    """SHA-256 of the sources that imported modules were made of.

    With each module go those imported from its folder and below, since a tracker may
    well be several files; what is installed there (``site-packages``) does not.
    """
    files = {
        module: getattr(sys.modules.get(module), '__file__', None) for module in modules
    }
    homes = {Path(file).resolve().parent for file in files.values() if file}
    sources = set()
    for module in list(sys.modules.values()):
        file = getattr(module, '__file__', None)
        if not file or not file.endswith('.py'):
            continue
        path = Path(file).resolve()
        for folder in homes & {*path.parents}:
            if 'site-packages' not in path.relative_to(folder).parts:
                sources.add(path)
    stamps = [
        f'{path} {file_fingerprint(path)}' for path in sorted(sources) if path.is_file()
    ]
    return text_fingerprint('\n'.join(stamps))


def package_fingerprint(folder: str | os.PathLike) -> str:
    """SHA-256 of all files in a folder and below, but what Python or an editor caches."""
    names = sorted(
        p.relative_to(folder) for p in Path(folder).rglob('*') if p.is_file()
    )
    stamps = [
        f'{name} {file_fingerprint(Path(folder, name))}'
        for name in names
        if '__pycache__' not in name.parts and not name.name.startswith('.')
    ]
    return text_fingerprint('\n'.join(stamps))
