"""The files of a video's results in a folder."""

from __future__ import annotations

from pathlib import Path, PurePosixPath


def result_file(folder: Path, name: str, suffix: str) -> Path:
    """Where a video's results go: ``folder / (name + suffix)``.

    Names come from folders and from keys of JSON files; those with slashes make folders
    inside ``folder``.

    Raises:
        ValueError: The name leads out of ``folder``.
    """
    parts = PurePosixPath(name.replace('\\', '/')).parts
    if not parts or '..' in parts or Path(name).is_absolute():
        raise ValueError(
            f'video {name!r}: its results would be written outside of {folder}. '
            'Rename the video: a name is no path that is absolute or holds "..".'
        )
    return folder / f'{name}{suffix}'
