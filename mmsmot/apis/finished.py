"""Telling whether a result that lies there is the one that would come out."""

from __future__ import annotations

import errno
import json
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmengine.logging import print_log
from mmengine.registry import Registry

from .. import registry
from ..datasets import VideoReader
from ..models.smot import SMOT
from ..utils.fingerprint import (
    code_fingerprint,
    file_hash,
    package_fingerprint,
    video_fingerprint,
)
from ..utils.full_disk import is_disk_full
from ..utils.onnx_file import onnx_hash
from ..utils.weights_hash import weights_hash

FORMAT = 'mmsmot result 1'
RECORDING = 'recording.mp4'  # of a live stream
LIVE_FILES = ('tracks.txt', RECORDING)  # what cannot be made again
REPORT_VIDEO = 'report_video.mp4'  # where the page is too small for its video
PACKAGE = Path(registry.__file__).parent
FILES = (*LIVE_FILES, 'video.mp4', 'report.html', REPORT_VIDEO, 'result.json')
TEMPORARY = 8 * '?'  # what atomic_path puts into a name
MAKERS = (
    'apis',
    'datasets',
    'evaluation',
    'models',
    'structures',
    'utils',
    'visualization',
)


def result_key(
    model: SMOT, video: VideoReader, config_text: str, draw: bool
) -> dict[str, Any]:
    """Everything that a result depends on, as JSON."""
    return {
        'video': None if video.is_live else video_fingerprint(video.video.path),
        'start': video.start,
        'end': video.end,
        'stride': video.stride,
        'config': config_text,
        'draw': draw,
        'inputs': _inputs(model, video),
        'code': [
            *(package_fingerprint(PACKAGE / maker) for maker in MAKERS),
            code_fingerprint(_modules(model)),
        ],
    }


def _inputs(model: SMOT, video: VideoReader) -> list[str]:
    """Hashes of the weights and files that the pipeline's parts read."""
    found = [f'model {weights_hash(model)}']
    if model.detector is not None:
        found.append(f'detector {model.detector.fingerprint_of(video.video)}')
    if model.reid is not None:
        found.append(f'reid {model.reid.fingerprint}')
    named = getattr(model.tracker, 'fingerprint_of', None)
    if named is not None:
        found.append(f'tracker {named(video.video)}')
    words = getattr(model.semantics, 'fingerprint', None)
    if words is not None:
        found.append(f'semantics {words}')
    for part in (model.tracker, *model.post_processing):
        for name, value in sorted(getattr(part, '__dict__', {}).items()):
            if isinstance(value, str | os.PathLike) and os.path.isfile(value):
                hashed = onnx_hash if str(value).endswith('.onnx') else file_hash
                found.append(f'{type(part).__name__}.{name} {hashed(value)}')
    return found


def _modules(model: SMOT) -> set[str]:
    """Modules of users' own parts: all that are registered, and those in the model."""
    parts = [model.detector, model.reid, model.tracker, *model.post_processing]
    for one in vars(registry).values():
        if isinstance(one, Registry):
            parts += one.module_dict.values()
    modules = {getattr(part, '__module__', '') for part in parts if part is not None}
    own = registry.__name__.split('.')[0]
    return {name for name in modules if name and name.split('.')[0] != own}


def find_finished(out_dir: Path, key: dict[str, Any]) -> dict[str, Any] | None:
    """The result in a folder if it has this key and all of its files.

    A live stream's is never the one that would come out.
    """
    result = _read(out_dir / 'result.json')
    if result is None or key['video'] is None:
        return None
    if result.get('format') == FORMAT and result.get('key') == key:
        missing = [n for n in _files(result) if not (out_dir / n).is_file()]
        if not missing:
            return result
        reason = f'lacks {", ".join(missing)}; done again'
    else:
        old = result.get('key') if isinstance(result.get('key'), dict) else {}
        other = [name for name in key if old.get(name) != key[name]]
        reason = f'holds another result ({", ".join(other)} differ); replaced'
    print_log(f'{out_dir} {reason}', logger='current', level=logging.WARNING)
    return None


def clear(out_dir: Path, overwrite: bool) -> None:
    """Remove an old result and its files, so that none stands beside the new ones.

    So are the files that a killed run was writing: the folder is ours alone.

    Raises:
        FileExistsError: It is a live stream's, and ``overwrite`` is not set.
    """
    result = _read(out_dir / 'result.json')
    video = (result or {}).get('video')
    is_live = isinstance(video, dict) and video.get('live')
    if not overwrite and (is_live or (out_dir / RECORDING).exists()):
        raise FileExistsError(
            f'{out_dir} holds what was seen of a live stream, which cannot be made '
            'again: name another folder (--out), or --overwrite'
        )
    (out_dir / 'result.json').unlink(missing_ok=True)
    for name in _files(result or {}):
        (out_dir / name).unlink(missing_ok=True)
    for path in map(Path, FILES):
        for left in out_dir.glob(f'.{path.stem}.{TEMPORARY}{path.suffix}'):
            left.unlink(missing_ok=True)


@contextmanager
def all_or_nothing(out_dir: Path, kept: Sequence[str] = ()) -> Iterator[None]:
    """Remove what the block wrote of a result when it does not end well.

    Args:
        out_dir: Folder of the result.
        kept: Names of files to keep; each is whole or not there.

    Raises:
        OSError: The disk is full; says so, and where.
    """
    before = {name: _inode(out_dir / name) for name in FILES}
    try:
        yield
    except BaseException as error:
        for name in FILES:
            if name not in kept and _inode(out_dir / name) != before[name]:
                (out_dir / name).unlink(missing_ok=True)
        if is_disk_full(error):
            raise OSError(
                getattr(error, 'errno', None) or errno.ENOSPC,
                f'the disk is full ({out_dir}): no result was written. Make room, or '
                'name a folder on another disk (--out), and run it again',
            ) from error
        raise


def _inode(path: Path) -> int | None:
    """Files are written beside and renamed, so a new one is another inode."""
    return path.stat().st_ino if path.exists() else None


def _files(result: dict[str, Any]) -> list[str]:
    files = result.get('files')
    return [name for name in FILES if isinstance(files, list) and name in files]


def _read(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    try:
        result = json.loads(path.read_text(encoding='utf-8'))
    except ValueError:  # no JSON, or no text at all
        result = None
    if not isinstance(result, dict):
        print_log(f'{path}: no result of ours; done again', logger='current')
        return None
    return result
