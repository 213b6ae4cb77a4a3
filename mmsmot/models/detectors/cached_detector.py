"""A detector that never looks at the same frame twice."""

from __future__ import annotations

import hashlib
import logging
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.logging import print_log
from torch import nn

from ...registry import MODELS, built
from ...structures import Detections, Frame, VideoInfo
from ...utils.atomic import atomic_path
from ...utils.fingerprint import video_fingerprint
from ..reid.base import BaseReID
from .base import BaseDetector

KEYS = ('frame_ids', 'counts', 'boxes', 'scores', 'labels')


@MODELS.register_module()
class CachedDetector(nn.Module, BaseDetector):
    """Remembers on disk what a detector, and a ReID part behind it, saw.

    A folder for each video, detector and ReID part (their fingerprints) holds a file for
    each batch that was detected. Files are written whole or not at all, so processes may
    share the folder, a killed run loses at most one batch, and a run with another stride
    finds the frames that it shares. Pictures of frames found are not decoded. In a
    checkpoint the cache does not show: weights have the names they have without it.

    Args:
        detector: The detector asked about frames not seen before.
        root: Folder of the cache.
        reid: Describes the detections; ``None`` to leave out. Put it here and not into
            :class:`~mmsmot.models.smot.SMOT` to remember the embeddings too.
    """

    def __init__(
        self,
        detector: dict | BaseDetector,
        root: str,
        reid: dict | BaseReID | None = None,
    ) -> None:
        super().__init__()
        self.detector = built(detector)
        self.reid = built(reid)
        self.root = Path(root).expanduser()
        self._register_state_dict_hook(_without_cache)
        self._register_load_state_dict_pre_hook(_with_cache)
        self._open: tuple[str, Path, list[tuple[int, int, Path]]] | None = None
        self._shard: tuple[Path, dict[int, Detections]] | None = None

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
        folder, shards = self._folder_of(frames[0].video)
        found = {f.frame_id: self._recall(f.frame_id, shards) for f in frames}
        new = [f for f in frames if found[f.frame_id] is None]
        if new:
            fresh = dict(zip((f.frame_id for f in new), self._look(new), strict=True))
            path = folder / f'{min(fresh)}-{max(fresh)}.npz'
            _write(path, fresh)
            shards.append((min(fresh), max(fresh), path))
            found.update(fresh)
        return [found[f.frame_id] for f in frames]

    def _look(self, frames: list[Frame]) -> list[Detections]:
        found = self.detector.detect(frames)
        return found if self.reid is None else self.reid.describe(frames, found)

    def _folder_of(self, video: VideoInfo) -> tuple[Path, list[tuple[int, int, Path]]]:
        """The video's folder, and the first and last frame of each file in it."""
        if self._open is None or self._open[0] != video.path:
            key = f'{video_fingerprint(video.path)} {self.fingerprint_of(video)}'
            name = hashlib.sha256(key.encode()).hexdigest()[:20]
            folder = self.root / f'{video.name}-{name}'
            shards = []
            # A name with a dot in front is being written, or its writer was killed.
            for path in sorted(folder.glob('[0-9]*-[0-9]*.npz')):
                first, last = path.stem.split('-')
                shards.append((int(first), int(last), path))
            self._open, self._shard = (video.path, folder, shards), None
        return self._open[1:]

    def _recall(
        self, frame_id: int, shards: list[tuple[int, int, Path]]
    ) -> Detections | None:
        if self._shard is not None and frame_id in self._shard[1]:
            return self._shard[1][frame_id]
        for shard in [s for s in shards if s[0] <= frame_id <= s[1]]:
            content = _read(shard[2])
            if content is None:
                shards.remove(shard)
            elif frame_id in content:
                self._shard = (shard[2], content)
                return content[frame_id]
        return None


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
