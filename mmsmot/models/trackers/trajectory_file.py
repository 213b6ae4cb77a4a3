"""Tracks that somebody else made, from a file."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from ...registry import TRACKERS
from ...structures import (
    ORIGINAL,
    Detections,
    Frame,
    Tracks,
    Trajectories,
    VideoInfo,
    read_trajectories,
)
from ...utils.fingerprint import file_hash
from .base import BaseTracker


@TRACKERS.register_module()
class TrajectoryFile(BaseTracker):
    """Stands in the tracker slot and reports what is written in a MOTChallenge file.

    The output of any tracker, or a truth, is then described, judged and drawn like our
    own. Ids, scores and frame numbers are the file's; detections are not looked at
    (``model.detector`` may be ``None``) and ``det_index`` is -1.

    Args:
        path: The file, with ``{name}`` and ``{path}`` standing for the video's:
            ``'motr/{name}.txt'``, ``'{path}/gt/gt.txt'``.
    """

    space = ORIGINAL

    def __init__(self, *, path: str) -> None:
        self.path = path
        self._read = lru_cache(maxsize=1)(_read_by_frame)

    def reset(self) -> None:
        self._read.cache_clear()  # the file may have been written anew

    def update(self, detections: Detections, frame: Frame | None = None) -> Tracks:
        if frame is None:
            raise ValueError(
                'TrajectoryFile must know which frame it is: call '
                'update(detections, frame) with a mmsmot.structures.Frame'
            )
        rows = self._read(self._file_of(frame.video)).get(frame.frame_id)
        if rows is None:
            return Tracks.empty()
        nowhere = np.full(len(rows), -1)
        return Tracks(rows.ids, rows.boxes, rows.scores, rows.labels, nowhere)

    def fingerprint_of(self, video: VideoInfo) -> str:
        return file_hash(self._file_of(video))

    def _file_of(self, video: VideoInfo) -> Path:
        path = Path(self.path.format(name=video.name, path=video.path))
        if not path.is_file():
            raise FileNotFoundError(
                f'{video.name}: no trajectories at {path}. TrajectoryFile wants a '
                "MOTChallenge file for each video; path='folder/{name}.txt' names it by "
                "the video's name"
            )
        return path


def _read_by_frame(path: Path) -> dict[int, Trajectories]:
    return read_trajectories(path).by_frame()
