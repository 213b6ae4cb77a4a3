"""A detector that never looks at the same frame twice."""

from __future__ import annotations

import logging
import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.logging import print_log
from torch import nn

from ...datasets.streams.address import is_stream
from ...registry import MODELS, build_part
from ...structures import Detections, Frame, VideoInfo
from ...utils.atomic import atomic_path
from ...utils.fingerprint import text_hash, video_fingerprint
from ..reid.base import BaseReID
from .base import BaseDetector

MAX_NAME = 200  # bytes of a video's name; file systems take 255 for all of a name
KEYS = ('frame_ids', 'counts', 'boxes', 'scores', 'labels')


@MODELS.register_module()
class CachedDetector(nn.Module, BaseDetector):
    """Remembers on disk what a detector, and a ReID part behind it, saw.

    A folder for each video, detector and ReID part (their fingerprints) holds a file for
    each batch that was detected. Files are written whole or not at all, so processes may
    share the folder, a killed run loses at most one batch, and a run with another stride
    finds the frames that it shares. Pictures of frames found are not decoded. In a
    checkpoint the cache does not show: weights have the names they have without it.
    Of live streams, and of what is no file or folder, nothing is remembered.

    Args:
        detector: The detector asked about frames not seen before.
        root: Folder of the cache.
        reid: Describes the detections; ``None`` to leave out. Put it here and not into
            :class:`~mmsmot.models.smot.SMOT` to remember the embeddings too.
    """

    def __init__(
        self,
        *,
        detector: dict | BaseDetector,
        root: str,
        reid: dict | BaseReID | None = None,
    ) -> None:
        super().__init__()
        self.detector = build_part(detector)
        self.reid = build_part(reid)
        self.root = Path(root).expanduser()
        self._register_state_dict_hook(_without_cache)
        self._register_load_state_dict_pre_hook(_with_cache)
        self._open: _Folder | None = None

    @property
    def needs_images(self) -> bool:
        return self.detector.needs_images

    @property
    def fingerprint(self) -> str:
        return f'{self.detector.fingerprint} {self._reid_fingerprint}'

    def fingerprint_of(self, video: VideoInfo) -> str:
        return f'{self.detector.fingerprint_of(video)} {self._reid_fingerprint}'

    @property
    def _reid_fingerprint(self) -> str:
        return self.reid.fingerprint if self.reid is not None else 'no reid'

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        if not frames:
            return []
        video = frames[0].video
        if is_stream(video.path) or not Path(video.path).exists():
            return self._look(frames)
        folder = self._folder_of(video)
        found = {f.frame_id: folder.recall(f.frame_id) for f in frames}
        new = [f for f in frames if found[f.frame_id] is None]
        if new:
            fresh = dict(zip((f.frame_id for f in new), self._look(new), strict=True))
            folder.remember(fresh)
            found.update(fresh)
        return [found[f.frame_id] for f in frames]

    def _look(self, frames: Sequence[Frame]) -> list[Detections]:
        found = self.detector.detect(frames)
        return found if self.reid is None else self.reid.describe(frames, found)

    def _folder_of(self, video: VideoInfo) -> _Folder:
        fingerprint = self.fingerprint_of(video)
        folder = self._open  # another thread may open another video meanwhile
        # A file that has changed is opened anew, and so are others' weights in this part.
        if (
            folder is None
            or folder.video is not video
            or folder.fingerprint != fingerprint
        ):
            folder = self._open = _open_folder(self.root, video, fingerprint)
        return folder


@dataclass(eq=False)
class _Folder:
    """What is remembered of a video by one detector.

    Attributes:
        path: The folder, which may not be there yet.
        video: Of which video.
        fingerprint: Of the detector and the ReID part.
        spans: First and last frame of each file in it.
        last: What was in the file that was read last.
    """

    path: Path
    video: VideoInfo
    fingerprint: str
    spans: dict[Path, tuple[int, int]] = field(default_factory=dict)
    last: dict[int, Detections] = field(default_factory=dict)

    def recall(self, frame_id: int) -> Detections | None:
        """The detections of a frame; ``None`` where there are none."""
        content = self.last
        if frame_id in content:
            return content[frame_id]
        for path, (first, last) in list(self.spans.items()):
            if first <= frame_id <= last:
                content = _read(path)
                if content is None:
                    self.spans.pop(path, None)
                elif frame_id in content:
                    self.last = content
                    return content[frame_id]
        return None

    def remember(self, found: dict[int, Detections]) -> None:
        """Write the detections of some frames."""
        path = self.path / f'{min(found)}-{max(found)}.npz'
        _write(path, found)
        self.spans[path] = min(found), max(found)


def _open_folder(root: Path, video: VideoInfo, fingerprint: str) -> _Folder:
    key = f'{video_fingerprint(video.path)} {fingerprint}'
    start = os.fsdecode(os.fsencode(video.name)[:MAX_NAME])
    folder = _Folder(root / f'{start}-{text_hash(key)[:20]}', video, fingerprint)
    # A name with a dot in front is being written, or its writer was killed.
    for path in sorted(folder.path.glob('[0-9]*-[0-9]*.npz')):
        first, last = path.stem.split('-')
        folder.spans[path] = int(first), int(last)
    return folder


def _without_cache(module: nn.Module, state: dict, prefix: str, *_: Any) -> None:
    """Rename a state's ``detector.x`` to ``x``."""
    for key in [key for key in state if key.startswith(f'{prefix}detector.')]:
        state[prefix + key.removeprefix(f'{prefix}detector.')] = state.pop(key)


def _with_cache(state: dict, prefix: str, *_: Any) -> None:
    """Undo :func:`_without_cache`."""
    for key in [key for key in state if key.startswith(prefix)]:
        if not key.startswith(f'{prefix}reid.'):
            state[f'{prefix}detector.{key.removeprefix(prefix)}'] = state.pop(key)


def _write(path: Path, found: dict[int, Detections]) -> None:
    detections = list(found.values())
    arrays = {
        'frame_ids': np.array(list(found)),
        'counts': np.array([len(d) for d in detections]),
        'boxes': np.concatenate([d.boxes for d in detections]),
        'scores': np.concatenate([d.scores for d in detections]),
        'labels': np.concatenate([d.labels for d in detections]),
    }
    embeddings = [d.embeddings for d in detections if d.embeddings is not None]
    if embeddings:
        arrays['embeddings'] = np.concatenate(embeddings)
    with atomic_path(path) as temporary, open(temporary, 'wb') as stream:
        np.savez(stream, **arrays)


def _read(path: Path) -> dict[int, Detections] | None:
    """A file's detections by frame; ``None``, logged, where it is damaged."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {key: stored[key] for key in stored.files}
        columns = [arrays[key] for key in KEYS[2:]]
        columns.append(arrays.get('embeddings'))
        ends = np.cumsum(arrays['counts']).tolist()
        starts = [0, *ends[:-1]]
        return {
            int(frame_id): Detections(
                *(None if c is None else c[start:end] for c in columns)
            )
            for frame_id, start, end in zip(
                arrays['frame_ids'], starts, ends, strict=True
            )
        }
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        print_log(
            f'{path}: damaged cache file ({error}); detecting its frames again',
            logger='current',
            level=logging.WARNING,
        )
        path.unlink(missing_ok=True)
        return None
