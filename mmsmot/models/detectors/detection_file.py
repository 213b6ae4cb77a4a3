"""Detections that somebody else made, from a file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from ...registry import MODELS
from ...structures import Detections, Frame, VideoInfo, read_detections
from ...utils.fingerprint import file_hash
from .base import BaseDetector


@MODELS.register_module()
class DetectionFile(BaseDetector):
    """Public detections: a MOTChallenge ``det.txt`` for each video.

    Values are handed on as they stand in the file, so that trackers can be compared with
    published numbers. Pictures are not looked at.

    Args:
        path: The file, with ``{name}`` and ``{path}`` standing for the video's; by
            default the ``det/det.txt`` or ``det.txt`` in the sequence folder.
        score_threshold: Detections below it are left out.
    """

    needs_images = False

    def __init__(
        self, path: str | None = None, score_threshold: float | None = None
    ) -> None:
        self.path = path
        self.score_threshold = score_threshold
        self._read = lru_cache(maxsize=1)(read_detections)

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        if not frames:
            return []
        table = self._read(self._file_of(frames[0].video))
        return [self._strong(table.get(f.frame_id, Detections.empty())) for f in frames]

    @property
    def fingerprint(self) -> str:
        return f'DetectionFile({self.path}, {self.score_threshold})'

    def fingerprint_of(self, video: VideoInfo) -> str:
        return f'{self.fingerprint} {file_hash(self._file_of(video))}'

    def _strong(self, detections: Detections) -> Detections:
        if self.score_threshold is None:
            return detections
        return detections[detections.scores >= self.score_threshold]

    def _file_of(self, video: VideoInfo) -> Path:
        if self.path is not None:
            path = Path(self.path.format(name=video.name, path=video.path))
        else:
            path = Path(video.files.get('det', Path(video.path) / 'det' / 'det.txt'))
        if not path.is_file():
            raise FileNotFoundError(
                f'{video.name}: no detections at {path}. DetectionFile wants a '
                'MOTChallenge sequence folder with det/det.txt, or its own path='
                "'.../{name}.txt'; for a plain video use a config with a detector."
            )
        return path
