"""A cache of detections on disk."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.logging import print_log
from torch import nn

from ...registry import MODELS, build_part
from ...structures import Detections, Frame, VideoInfo
from ...utils.atomic import atomic_path
from ...utils.device import default_device
from ...utils.fingerprint import text_fingerprint, video_fingerprint
from ...utils.stored_arrays import DAMAGED, read_all_stored_arrays
from ..reid.base import BaseReID
from .base import BaseDetector, RawDetections

MAX_NAME = 200  # bytes of a video's name; file systems take 255 for all of a name
COLUMNS = ('boxes', 'scores', 'labels')
MAX_OPEN = 8  # videos at a time whose folders are not opened anew for each batch


@MODELS.register_module()
class CachedDetector(nn.Module, BaseDetector):
    """Keeps the detections of a detector, and of a ReID part behind it, on disk.

    A folder for each video, detector and ReID part (their fingerprints), and for the
    precision where that is lowered (``test_cfg.fp16``), holds a file for
    each batch that was detected. Files are written whole or not at all, so processes may
    share the folder, a killed run loses at most one batch, and a run with another stride
    finds the frames that it shares. Images of cached frames are not decoded. In a
    checkpoint the cache does not show: weights have the names they have without it.
    Nothing is cached of live videos (``VideoInfo.is_live``) or where ``path`` is no file
    or folder.

    Args:
        detector: Detects in frames that are not in the cache.
        root: Folder of the cache.
        reid: Embeds the detections; ``None`` to leave out. Put it here and not into
            :class:`~mmsmot.models.smot.SMOT` to cache the embeddings too.
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
        self._open: tuple[_Folder, ...] = ()

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
        if video.is_live or not Path(video.path).exists():
            return self._detect_and_embed(frames)
        folder = self._folder_of(video, frames[0].frame_id)
        folder.last_frame_id = frames[-1].frame_id
        cached = {f.frame_id: folder.recall(f.frame_id) for f in frames}
        detections = {i: d for i, d in cached.items() if d is not None}
        new_frames = [f for f in frames if f.frame_id not in detections]
        if new_frames:
            new_detections = dict(
                zip(
                    (f.frame_id for f in new_frames),
                    self._detect_and_embed(new_frames),
                    strict=True,
                )
            )
            folder.remember(new_detections)
            detections |= new_detections
        return [detections[f.frame_id] for f in frames]

    def raw(self, frames: Sequence[Frame]) -> list[RawDetections]:
        """As of the detector inside; not cached, since a frame has thousands."""
        return self.detector.raw(frames)

    def _detect_and_embed(self, frames: Sequence[Frame]) -> list[Detections]:
        detections = self.detector.detect(frames)
        if self.reid is None:
            return detections
        return self.reid.describe(frames, detections)

    def _folder_of(self, video: VideoInfo, frame_id: int) -> _Folder:
        """The folder of a video, opened where it is not, or where a new run begins.

        The fingerprint reads through weights and files, so it is taken once a run: a file
        may have changed since the last one, and so may the weights of the detector.
        """
        open_folders = self._open  # replaced as a whole: other threads read it too
        for folder in open_folders:
            if folder.video is video and frame_id > folder.last_frame_id:
                return folder
        folder = _open_folder(self.root, video, self.fingerprint_of(video))
        other_folders = [f for f in open_folders if f.video is not video]
        self._open = (folder, *other_folders)[:MAX_OPEN]
        return folder


@dataclass(eq=False)
class _Folder:
    """The cached detections of one video by one detector.

    Attributes:
        path: The folder, which may not be there yet.
        video: The video.
        spans: First and last frame of each file in it.
        content: Detections by frame of the file that was read last.
        last_frame_id: The last frame that was asked for.
    """

    path: Path
    video: VideoInfo
    spans: dict[Path, tuple[int, int]] = field(default_factory=dict)
    content: dict[int, Detections] = field(default_factory=dict)
    last_frame_id: int = 0

    def recall(self, frame_id: int) -> Detections | None:
        """The detections of a frame; ``None`` where there are none."""
        last_content = self.content  # another thread may replace it meanwhile
        if frame_id in last_content:
            return last_content[frame_id]
        for path, (first_id, last_id) in list(self.spans.items()):
            if first_id <= frame_id <= last_id:
                content = _read(path)
                if content is None:
                    self.spans.pop(path, None)
                elif frame_id in content:
                    self.content = content
                    return content[frame_id]
        return None

    def remember(self, detections: dict[int, Detections]) -> None:
        """Write the detections of some frames."""
        first_id, last_id = min(detections), max(detections)
        path = self.path / f'{first_id}-{last_id}.npz'
        _write(path, detections)
        self.spans[path] = first_id, last_id


def _open_folder(root: Path, video: VideoInfo, fingerprint: str) -> _Folder:
    key = f'{video_fingerprint(video.path)} {fingerprint}{_lowered_precision()}'
    start = os.fsdecode(os.fsencode(video.name)[:MAX_NAME])
    folder = _Folder(root / f'{start}-{text_fingerprint(key)[:20]}', video)
    # A name with a dot in front is being written, or its writer was killed.
    for path in sorted(folder.path.glob('[0-9]*-[0-9]*.npz')):
        first_id, last_id = path.stem.split('-')
        folder.spans[path] = int(first_id), int(last_id)
    return folder


def _lowered_precision() -> str:
    """What autocast computes in, for the key; nothing without it, as in most runs."""
    devices = dict.fromkeys(['cpu', torch.device(default_device()).type])
    return ''.join(
        f' autocast {device} {torch.get_autocast_dtype(device)}'
        for device in devices
        if torch.is_autocast_enabled(device)
    )


def _without_cache(module: nn.Module, state: dict, prefix: str, *_: Any) -> None:
    """Rename a state's ``detector.x`` to ``x``."""
    for key in [key for key in state if key.startswith(f'{prefix}detector.')]:
        state[prefix + key.removeprefix(f'{prefix}detector.')] = state.pop(key)


def _with_cache(state: dict, prefix: str, *_: Any) -> None:
    """Undo :func:`_without_cache`."""
    for key in [key for key in state if key.startswith(prefix)]:
        if not key.startswith(f'{prefix}reid.'):
            state[f'{prefix}detector.{key.removeprefix(prefix)}'] = state.pop(key)


def _write(path: Path, by_frame: dict[int, Detections]) -> None:
    detections = list(by_frame.values())
    arrays: dict[str, np.ndarray] = {
        'frame_ids': np.array(list(by_frame)),
        'counts': np.array([len(d) for d in detections]),
    }
    for name in COLUMNS:
        arrays[name] = np.concatenate([getattr(d, name) for d in detections])
    embeddings = [d.embeddings for d in detections if d.embeddings is not None]
    if embeddings:
        arrays['embeddings'] = np.concatenate(embeddings)
    with atomic_path(path) as temporary, open(temporary, 'wb') as stream:
        np.savez(stream, **arrays)


def _read(path: Path) -> dict[int, Detections] | None:
    """A file's detections by frame; ``None``, logged, where it is damaged."""
    try:
        arrays = read_all_stored_arrays(path)
        columns = [arrays[name] for name in COLUMNS]
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
    except DAMAGED as error:
        print_log(
            f'{path}: damaged cache file ({error}); detecting its frames again',
            logger='current',
            level=logging.WARNING,
        )
        path.unlink(missing_ok=True)
        return None
