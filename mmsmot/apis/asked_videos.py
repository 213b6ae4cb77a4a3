"""The videos that are asked for, and a folder for the results of each."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..datasets import holds_frames
from ..datasets.stream_address import is_stream, shown_address

VIDEO_SUFFIXES = ('.avi', '.m4v', '.mkv', '.mov', '.mp4', '.mpeg', '.mpg', '.webm')
DEPTH = 3  # of a sequence below a dataset: split, activity, sequence

Asked = str | os.PathLike | int


def asked_videos(
    videos: Asked | Sequence[str | os.PathLike], out_dir: Path
) -> dict[str, Path] | None:
    """Each video's folder of results, where several are meant; ``None`` for one.

    Several are a list, a folder with video files in it, and one with sequences or folders
    of images below it (a split of MOT17, SynSMOT's ``test``). Those below a folder keep
    their place there: ``out_dir/<activity>/<sequence>``.

    Raises:
        ValueError: Two of them would write into one folder, or one is a live stream.
    """
    if not isinstance(videos, Asked):
        return _homes([str(video) for video in videos], out_dir)
    if isinstance(videos, int) or not Path(videos).is_dir():
        return None
    folder = Path(videos)
    if files := sorted(filter(_is_video_file, folder.iterdir())):
        return _homes([str(file) for file in files], out_dir)
    if holds_frames(folder):
        return None
    below = {str(path): out_dir / path.relative_to(folder) for path in _below(folder)}
    return below or None


def _homes(names: list[str], out_dir: Path) -> dict[str, Path]:
    """A list's folders, each named after its video."""
    if streams := [shown_address(name) for name in names if is_stream(name)]:
        raise ValueError(
            f'{streams[0]} is a live stream: give it alone, and to each stream a '
            'process of its own'
        )
    paths = [Path(os.path.abspath(name)) for name in names]  # '.' has no name
    homes = [path.name if path.is_dir() else path.stem for path in paths]
    twice = {home for home in homes if homes.count(home) > 1}
    if twice:
        raise ValueError(
            f'{sorted(twice)[0]!r} is the name of several of these videos, whose results '
            f'would go into one folder of {out_dir}: give them one after the other'
        )
    return {name: out_dir / home for name, home in zip(names, homes, strict=True)}


def _below(folder: Path, depth: int = DEPTH) -> Iterator[Path]:
    """The folders of frames below one, none inside another, sorted."""
    inside = (path for path in folder.iterdir() if path.is_dir())
    for path in sorted(path for path in inside if not path.name.startswith('.')):
        if holds_frames(path):
            yield path
        elif depth > 1:
            yield from _below(path, depth - 1)


def _is_video_file(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in VIDEO_SUFFIXES
