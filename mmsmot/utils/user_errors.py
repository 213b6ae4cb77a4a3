"""Errors whose own text tells a user what to do, apart from bugs, which keep a traceback."""

from __future__ import annotations

import re
import traceback
from pathlib import Path

from .full_disk import is_disk_full

PACKAGE = Path(__file__).resolve().parents[1]
# For users where mmsmot itself raises them.
RAISED_ON_PURPOSE = (ValueError, KeyError, TypeError, FloatingPointError)
# For users wherever they come from: the input holds more than can be stored.
INPUT_TOO_LARGE = (MemoryError, OverflowError, RecursionError, UnicodeError)
# How torch and concurrent.futures pass on what was raised in another process.
REMOTE = re.compile(r'Traceback \(most recent call last\):\n', re.MULTILINE)
LAST_FRAME = re.compile(r'^\s*File "(.+?)", line \d+, in .+\n\s*(.*)', re.MULTILINE)


def is_for_users(error: Exception) -> bool:
    """Whether an error's own text says what to do, without a traceback."""
    if isinstance(error, INPUT_TOO_LARGE):
        return True
    if not str(error):
        return False
    if isinstance(error, OSError | ImportError) or is_disk_full(error):
        return True
    if is_unusable_path_error(error):
        return True
    return isinstance(error, RAISED_ON_PURPOSE) and is_raised_by_mmsmot(error)


def is_caused_by_interrupt(error: BaseException | None) -> bool:
    """Whether an error was raised because of Ctrl-C.

    A bare ``except`` makes another error of it, as around MMEngine's call of yapf.
    """
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def is_unusable_path_error(error: Exception) -> bool:
    """A NUL in it, or links that lead to each other (an OSError from Python 3.13 on)."""
    text = str(error)
    return (isinstance(error, ValueError) and 'embedded null' in text) or (
        isinstance(error, RuntimeError) and text.startswith('Symlink loop')
    )


def is_raised_by_mmsmot(error: Exception) -> bool:
    """Whether a ``raise`` of mmsmot's own code made the error, and so its text."""
    file, line = _raised_at(error)
    folders = {*Path(file).resolve().parents}
    is_ours = not folders.isdisjoint(source_folders(PACKAGE))
    return line.startswith('raise ') and is_ours


def source_folders(package: Path) -> tuple[Path, ...]:
    """Folders of mmsmot's own code: the package, and what lies beside it in a checkout.

    An installed package holds its tools and projects itself: folders of these names beside
    it are anybody's.

    Args:
        package: Folder of the package.
    """
    root = package.parent
    if not (root / 'pyproject.toml').is_file():
        return (package,)
    return package, root / 'tools', root / 'projects'


def _raised_at(error: Exception) -> tuple[str, str]:
    """File and line, of a worker's where it was raised there."""
    frames = LAST_FRAME.findall(remote_traceback(error))
    if frames:
        return frames[-1]
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return frame.filename, frame.line or ''


def remote_traceback(error: Exception) -> str:
    """The traceback of a worker process that an error brings along, or ``''``."""
    for text in (str(error), str(error.__cause__ or '')):
        if REMOTE.search(text):
            return text.rstrip('"\n ')
    return ''


def last_line_in_mmsmot(error: Exception) -> str:
    """``file:line`` of the last frame of the package in an error's traceback."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if PACKAGE in Path(frame.filename).resolve().parents
    ]
    if not frames:
        return 'the tool'
    path = Path(frames[-1].filename).resolve().relative_to(PACKAGE.parent)
    return f'{path}:{frames[-1].lineno}'
