"""The files of a result, and which of those in a folder are results of ours."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmengine.logging import print_log

from ..evaluation.result_names import RESULT, has_infer_result_name
from ..structures.legacy_result import LEGACY_RESULT
from ..structures.sample_json import FORMAT
from ..utils.atomic import atomic_write
from ..utils.full_disk import explain_full_disk
from ..utils.json_file import read_json
from .result import is_live_result

RECORDING = 'recording.mp4'  # of a live stream
LIVE_FILES = ('tracks.txt', RECORDING)  # what cannot be made again
REPORT_VIDEO = 'report_video.mp4'  # where the page is too small for its video
# The last is written last; it names the others.
FILES = (*LIVE_FILES, 'video.mp4', 'report.html', REPORT_VIDEO, RESULT)
# Names what a run may have written that has no result yet: it goes on, was killed, or
# ended in an error after which a part is kept.
UNFINISHED = '.mmsmot.unfinished'
TEMPORARY = 8 * '?'  # what atomic_path puts into a name


def result_file_names(result: dict[str, Any]) -> list[str]:
    """The files that a result names beside itself."""
    files = result.get('files')
    return [name for name in FILES if isinstance(files, list) and name in files]


def read_infer_result(path: Path) -> dict[str, Any] | None:
    """The JSON of a result of ours; ``None`` where there is none, or no whole one."""
    result = _read_json(path)
    return result if has_infer_result_name(result) else None


def clear_result_folder(out_dir: Path, overwrite: bool) -> None:
    """Remove an old result and its files, so that none stands beside the new ones.

    So are the files that a killed run was writing. Files of these names that no run of
    ours wrote are not touched.

    Raises:
        FileExistsError: Such a file is there; or it is a live stream's result, and
            ``overwrite`` is not set.
        IsADirectoryError: A folder has the name of a file of the result.
    """
    result = read_infer_result(out_dir / RESULT) or {}
    ours = {*result_file_names(result), *_unfinished(out_dir)}
    if result or _is_damaged_result(out_dir / RESULT):
        ours.add(RESULT)
    _require_no_others(out_dir, ours)
    if not overwrite and (is_live_result(result) or (out_dir / RECORDING).exists()):
        raise FileExistsError(
            f'{out_dir} holds what was seen of a live stream, which cannot be made '
            'again: name another folder (--out), or --overwrite'
        )
    # The one that names the others goes last.
    for name in sorted(ours, key=lambda name: name == RESULT):
        (out_dir / name).unlink(missing_ok=True)
    for path in map(Path, FILES):
        for temporary in out_dir.glob(f'.{path.stem}.{TEMPORARY}{path.suffix}'):
            temporary.unlink(missing_ok=True)


@contextmanager
def rollback_result_files(
    out_dir: Path, keep_names: Sequence[str] = ()
) -> Iterator[None]:
    """Remove what the block wrote of a result when it does not end well.

    Args:
        out_dir: Folder of the result, which :func:`clear_result_folder` has left without any.
        keep_names: Files to keep; each is whole or not there.

    Raises:
        OSError: The disk is full; says so, and where.
    """
    try:
        with explain_full_disk(out_dir, 'No result was written. '):
            with atomic_write(out_dir / UNFINISHED) as stream:
                json.dump([*FILES], stream)
            yield
        (out_dir / UNFINISHED).unlink(missing_ok=True)
    except BaseException:
        for name in FILES:
            if name not in keep_names:
                (out_dir / name).unlink(missing_ok=True)
        if not any((out_dir / name).exists() for name in keep_names):
            (out_dir / UNFINISHED).unlink(missing_ok=True)
        raise


def _require_no_others(out_dir: Path, ours: set[str]) -> None:
    for name in FILES:
        path = out_dir / name
        if path.is_dir():
            raise IsADirectoryError(
                f'{path} is a folder, but a file of a result has this name: name another '
                'folder (--out), or rename it'
            )
        if name not in ours and os.path.lexists(path):
            raise FileExistsError(
                f'{path} was written by no run of mmsmot that is known here, and would '
                'be lost: name another folder (--out), or move it away'
            )


def _is_damaged_result(path: Path) -> bool:
    """Whether a file begins as our results do and cannot be read."""
    if not path.is_file() or _read_json(path) is not None:
        return False
    with open(path, 'rb') as stream:
        head = stream.read(256)
    is_ours = any(name.encode() in head for name in (LEGACY_RESULT, FORMAT))
    if is_ours:
        print_log(f'{path}: a damaged result; done again', logger='current')
    return is_ours


def _unfinished(out_dir: Path) -> list[str]:
    names = _read_json(out_dir / UNFINISHED)
    return [name for name in FILES if isinstance(names, list) and name in names]


def _read_json(path: Path) -> Any:
    """What a JSON file holds; ``None`` where there is no file or no JSON in it."""
    if not path.is_file():
        return None
    try:
        return read_json(path)
    except ValueError:
        return None
