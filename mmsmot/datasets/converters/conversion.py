"""Converting many sequences: what is finished is kept, what is begun is not."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterable, Sized
from dataclasses import dataclass
from pathlib import Path

from rich.progress import track

from ...utils.folder_lock import folder_lock
from ..ground_truth import GroundTruth
from ..image_sequence import ImageSequence

Write = Callable[[ImageSequence, GroundTruth, Path, str], None]
# A sequence, then tempfile's part of a name; see utils.atomic.atomic_folder.
_PARTIAL = re.compile(r'\.(.+)\.[a-z0-9_]{8}\.partial', re.DOTALL)


@dataclass(frozen=True)
class Conversion:
    """What a conversion did.

    Attributes:
        num_written: Number of sequences written.
        num_existing: Number of sequences that were there already.
    """

    num_written: int
    num_existing: int

    def __str__(self) -> str:
        return (
            f'{self.num_written} sequences written, {self.num_existing} already there'
        )


def convert_sequences(
    videos: Iterable[dict],
    out: str | os.PathLike,
    name_of: Callable[[str], str],
    write: Write,
    placement: str = 'symlink',
    progress: bool = False,
) -> Conversion:
    """Write sequences into folders, each whole or not at all.

    A folder that is there already is kept as it is, so that the same call finishes what
    an interrupted one began; what a killed one left half-written is removed. Only one
    call at a time fills ``out``.

    Args:
        videos: ``dict(video=ImageSequence, gt=GroundTruth)`` each.
        out: The folder of the sequence folders.
        name_of: From a video's name to its folder in ``out``.
        write: Writes video and truth to a folder, with the placement of images.
        placement: What becomes of the images.
        progress: Show a progress bar.

    Raises:
        BlockingIOError: Another call fills ``out``.
        ValueError: Two videos get the same folder, or something is wrong with one.
        FileNotFoundError: An image is missing.
    """
    out = Path(out)
    with folder_lock(out):
        return _convert(videos, out, name_of, write, placement, progress)


def _convert(
    videos: Iterable[dict],
    out: Path,
    name_of: Callable[[str], str],
    write: Write,
    placement: str,
    progress: bool,
) -> Conversion:
    names: dict[str, str] = {}
    leftovers: dict[Path, dict[str, list[Path]]] = {}  # by parent, by sequence
    num_written = 0
    total = len(videos) if isinstance(videos, Sized) else None
    for info in track(videos, 'Converting', total=total, disable=not progress):
        video = info['video']
        name = name_of(video.video.name)
        if name in names:
            raise ValueError(
                f'{names[name]!r} and {video.video.name!r} would both be {out / name}'
            )
        names[name] = video.video.name
        folder = out / name
        if folder.parent not in leftovers:
            leftovers[folder.parent] = _leftovers(folder.parent)
        for path in leftovers[folder.parent].pop(folder.name, []):
            shutil.rmtree(path)
        if not folder.exists():
            write(video, info['gt'], folder, placement)
            num_written += 1
    return Conversion(num_written, len(names) - num_written)


def _leftovers(parent: Path) -> dict[str, list[Path]]:
    """Folders that a killed call left half-written, by the name of their sequence."""
    leftovers: dict[str, list[Path]] = {}
    if parent.is_dir():
        for path in parent.iterdir():
            match = _PARTIAL.fullmatch(path.name)
            if match and path.is_dir() and not path.is_symlink():
                leftovers.setdefault(match[1], []).append(path)
    return leftovers
