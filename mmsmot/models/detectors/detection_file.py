"""Public detections from a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...registry import MODELS
from ...structures import Detections, Frame, VideoInfo, read_detections
from ...structures.frame_numbering import log_boxes_without_frame_number
from ...utils.fingerprint import file_fingerprint
from ..file_of_video import file_of_video
from .base import BaseDetector


@MODELS.register_module()
class DetectionFile(BaseDetector):
    """Public detections: a MOTChallenge ``det.txt`` for each video.

    Values are handed on as they stand in the file, so that trackers can be compared with
    published numbers. Images are not read.

    Args:
        path: The file, with ``{name}`` and ``{path}`` standing for the video's; by
            default the ``det/det.txt`` or ``det.txt`` in the sequence folder. Frame
            numbers that count from 0 are moved, see
            :func:`~mmsmot.structures.frame_numbering.frame_number_offset`.
        score_threshold: Detections below it are left out.
    """

    needs_images = False

    def __init__(
        self, *, path: str | None = None, score_threshold: float | None = None
    ) -> None:
        self.path = path
        self.score_threshold = score_threshold
        self._open: tuple[tuple, dict[int, Detections]] | None = None

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        if not frames:
            return []
        table = self._table_of(frames[0].video)
        return [self._strong(table.get(f.frame_id, Detections.empty())) for f in frames]

    def _table_of(self, video: VideoInfo) -> dict[int, Detections]:
        path = self._file_of(video)
        stat = path.stat()
        key = video, path, stat.st_mtime_ns, stat.st_size
        opened = self._open  # another thread may open another video meanwhile
        if opened is None or opened[0] != key:
            table = read_detections(path, video=video)
            opened = self._open = key, table
            numbers = [np.full(len(d), f) for f, d in table.items()]
            if numbers:
                log_boxes_without_frame_number(np.concatenate(numbers), path, video)
        return opened[1]

    @property
    def fingerprint(self) -> str:
        return f'DetectionFile({self.path}, {self.score_threshold})'

    def fingerprint_of(self, video: VideoInfo) -> str:
        return f'{self.fingerprint} {file_fingerprint(self._file_of(video))}'

    def _strong(self, detections: Detections) -> Detections:
        if self.score_threshold is None:
            return detections
        return detections[detections.scores >= self.score_threshold]

    def _file_of(self, video: VideoInfo) -> Path:
        if self.path is not None:
            path = file_of_video(self.path, video)
        else:
            path = Path(video.files.get('det', Path(video.path) / 'det' / 'det.txt'))
        if not path.is_file():
            raise FileNotFoundError(
                f'{video.name}: no detections at {path}. DetectionFile wants a '
                'MOTChallenge sequence folder with det/det.txt, or its own path='
                "'.../{name}.txt'; for a plain video use a config with a detector."
            )
        return path
