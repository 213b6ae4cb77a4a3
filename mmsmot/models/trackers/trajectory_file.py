"""Tracks of another program, from a file."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from ...registry import TRACKERS
from ...structures import (
    ORIGINAL,
    Detections,
    Frame,
    Tracks,
    VideoInfo,
    read_trajectories,
)
from ...structures.frame_numbering import (
    FIRST_FRAMES,
    log_boxes_without_frame_number,
    require_numbered_frames,
)
from ...utils.fingerprint import file_fingerprint
from ...utils.number_ranges import require_choice
from ..file_of_video import file_of_video
from .base import BaseTracker


@TRACKERS.register_module()
class TrajectoryFile(BaseTracker):
    """Stands in the tracker slot and reports what is written in a MOTChallenge file.

    The output of any tracker, or a truth, is then described, judged and drawn like our
    own. Ids, scores and frame numbers are the file's; detections are not looked at
    (``model.detector`` may be ``None``) and ``det_index`` is -1. Frame numbers that count
    from 0 are moved, see :func:`~mmsmot.structures.frame_numbering.frame_number_offset`; a box on
    a frame that the video does not have is an error (in its own truth it is logged).

    Args:
        path: The file, with ``{name}`` and ``{path}`` standing for the video's:
            ``'motr/{name}.txt'``, ``'{path}/gt/gt.txt'``.
        first_frame: The number of the first frame in the file, 0 or 1; ``None`` to infer
            it. Our own ``tracks.txt`` counts from 1.
    """

    space = ORIGINAL

    def __init__(self, *, path: str, first_frame: int | None = None) -> None:
        if not isinstance(path, str | os.PathLike):
            raise ValueError(f'TrajectoryFile: path must be text, got {path!r}')
        require_choice('TrajectoryFile', FIRST_FRAMES, first_frame=first_frame)
        self.path = os.fspath(path)
        self.first_frame = first_frame
        file_of_video(self.path, VideoInfo('', ''))  # refuses other braces at once
        self.reset()

    def reset(self) -> None:
        self._video: VideoInfo | None = None
        self._tracks: dict[int, Tracks] = {}  # the file may have been written anew
        self._last_frames: dict[int, int] = {}  # of each id
        self._frame_id = 0

    def update(self, detections: Detections, frame: Frame | None = None) -> Tracks:
        if frame is None:
            raise ValueError(
                'TrajectoryFile must know which frame it is: call '
                'update(detections, frame) with a mmsmot.structures.Frame'
            )
        if self._video != frame.video:
            path = self._file_of(frame.video)
            self._tracks = _read_by_frame(path, frame.video, self.first_frame)
            self._video = frame.video
            self._last_frames = {
                track_id: frame_id
                for frame_id in sorted(self._tracks)
                for track_id in self._tracks[frame_id].ids.tolist()
            }
        self._frame_id = frame.frame_id
        return self._tracks.get(frame.frame_id, Tracks.empty())

    def live_ids(self) -> np.ndarray:
        last_frames = self._last_frames.items()
        return np.array(
            [i for i, last_frame in last_frames if last_frame > self._frame_id],
            np.int64,
        )

    def fingerprint_of(self, video: VideoInfo) -> str:
        return file_fingerprint(self._file_of(video))

    def _file_of(self, video: VideoInfo) -> Path:
        path = file_of_video(self.path, video)
        if not path.is_file():
            raise FileNotFoundError(
                f'{video.name}: no trajectories at {path}. TrajectoryFile wants a '
                "MOTChallenge file for each video; path='folder/{name}.txt' names it by "
                "the video's name"
            )
        return path


def _read_by_frame(
    path: Path, video: VideoInfo, first_frame: int | None
) -> dict[int, Tracks]:
    table = read_trajectories(path, video=video, first_frame=first_frame)
    if str(path) == video.files.get('gt'):
        log_boxes_without_frame_number(
            table.frame_ids, path, video
        )  # as whoever reads the truth does
    elif video.frame_ids is not None:
        try:
            require_numbered_frames(table, video.frame_ids)
        except ValueError as error:
            raise ValueError(f'{path}: {error}') from error
    return {
        frame_id: Tracks(
            rows.ids, rows.boxes, rows.scores, rows.labels, np.full(len(rows), -1)
        )
        for frame_id, rows in table.by_frame().items()
    }
