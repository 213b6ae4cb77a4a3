"""The videos that are asked for, and a folder for the results of each."""

from __future__ import annotations

import os
import reprlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..datasets.image_sequence import is_image_name
from ..datasets.streams.address import is_stream_address, redacted_address
from ..datasets.video_reader import is_readable_folder

VIDEO_SUFFIXES = ('.avi', '.m4v', '.mkv', '.mov', '.mp4', '.mpeg', '.mpg', '.webm')
DEPTH = 3  # of a sequence below a dataset: split, activity, sequence

VideoSource = str | os.PathLike | int


def expand_inputs(
    videos: VideoSource | Sequence[str | os.PathLike], out_dir: Path
) -> tuple[dict[str, Path], bool]:
    """Each video's folder of results, and whether several are meant.

    A folder is one video where it is a sequence; else it stands for the video files in
    it; else it is one video where images lie in it; else it stands for what there is
    below it, three folders deep (a split of MOT17, SynSMOT's ``test``), which keeps its
    place there: ``out_dir/<activity>/<sequence>``. What has a dot before its name is
    passed over. Of a list, each video's results go into a folder of its name.

    Raises:
        TypeError: What was given is no path.
        ValueError: There is no video in a folder, two videos would write into one, or a
            live stream stands among others.
    """
    if isinstance(videos, int):
        return {f'camera:{videos}': out_dir}, False
    if isinstance(videos, str | os.PathLike):
        name = os.fspath(videos)
        video_paths = _videos_of(name)
        if video_paths == [name]:
            return {name: out_dir}, False
        if not video_paths:
            raise ValueError(
                f'{name}: no video in it, nor {DEPTH} folders deep. Looked for sequences '
                '(img1/, imgs/, seqinfo.ini, det/det.txt), for images, and for '
                f'{", ".join(VIDEO_SUFFIXES)}'
            )
        return _homes([(path, Path(name)) for path in video_paths], out_dir), True
    if not isinstance(videos, Sequence) or not all(
        isinstance(video, str | os.PathLike) for video in videos
    ):
        raise TypeError(
            'videos must be the path of a video, a list of paths, or one live stream, got '
            f'{reprlib.repr(videos)}'
        )
    names = [os.fspath(video) for video in videos]
    if streams := [redacted_address(name) for name in names if is_stream_address(name)]:
        raise ValueError(
            f'{streams[0]} is a live stream: give it alone, and to each stream a '
            'process of its own'
        )
    located_paths = [  # what is none fails alone, when it is opened
        (path, _full(name).parent)
        for name in names
        for path in _videos_of(name) or [name]
    ]
    return _homes(located_paths, out_dir), True


def _homes(videos: list[tuple[str, Path]], out_dir: Path) -> dict[str, Path]:
    """Folders of results, at the place that a video has below the folder beside it."""
    out_dirs: dict[str, Path] = {}
    used_dirs = set()  # of thousands, in a split
    for name, above in videos:
        path = _full(name)
        place = path.relative_to(_full(above))
        video_dir = out_dir / (place if path.is_dir() else place.with_suffix(''))
        if video_dir in used_dirs:
            raise ValueError(
                f'{video_dir.name!r} is the name of several of these videos, whose results '
                f'would go into one folder of {out_dir}: give them one after the other'
            )
        used_dirs.add(video_dir)
        out_dirs[name] = video_dir
    return out_dirs


def _full(path: str | os.PathLike) -> Path:
    return Path(os.path.abspath(path))  # '.' has no name


def _videos_of(name: str) -> list[str]:
    """The videos that a name stands for, maybe itself; none where a folder has none."""
    if is_stream_address(name) or not os.path.isdir(name):
        return [name]
    video_paths = list(_inside(Path(name), DEPTH))
    return (
        [name] if video_paths == [Path(name)] else [str(path) for path in video_paths]
    )


def _inside(folder: Path, depth: int) -> Iterator[Path]:
    """The videos in a folder, sorted; none is looked for inside another."""
    if is_readable_folder(folder):
        yield folder
        return
    try:
        paths = sorted(p for p in folder.iterdir() if not p.name.startswith('.'))
    except PermissionError:
        yield folder  # whoever opens it says so, and the others go on
        return
    files = [p for p in paths if p.suffix.lower() in VIDEO_SUFFIXES and p.is_file()]
    if files:
        yield from files
    elif any(is_image_name(path.name) for path in paths):
        yield folder
    elif depth:
        for path in paths:
            if path.is_dir():
                yield from _inside(path, depth - 1)
