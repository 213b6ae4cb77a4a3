"""A detector's detections in whole videos, kept on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from mmsmot.datasets import VideoReader
from mmsmot.models.detectors import BaseDetector
from mmsmot.models.detectors.base import RawDetections
from mmsmot.structures import Detections, Frame, VideoInfo
from mmsmot.utils.atomic import atomic_path
from mmsmot.utils.fingerprint import text_fingerprint, video_fingerprint
from mmsmot.utils.stored_arrays import DAMAGED, read_all_stored_arrays

BATCH_SIZE = 8  # frames that the detector sees at once


class StoredDetections(BaseDetector):
    """Detections and raw detections of videos, each computed once.

    So that many trackers and thresholds are compared on the same pass of a detector. A
    file holds a video; it is named by the video's files and the detector's fingerprint,
    and written whole or not at all. Numbers are kept as float32, as the networks gave
    them.

    ::

        detector -> raw, detect -> FOLDER/NAME-HASH.npz -> raw(frames), detect(frames)

    Args:
        detector: Runs where a video has no file yet, in eval mode; twice where it has no
            feature maps, for raw and for suppressed detections.
        folder: Of the files.
    """

    def __init__(self, detector: BaseDetector, folder: str | Path) -> None:
        self.detector = detector
        self.folder = Path(folder)
        self._fingerprint: str | None = None
        self._path: Path | None = None
        self._video: VideoInfo | None = None
        self._arrays: dict[str, np.ndarray] = {}

    @property
    def fingerprint(self) -> str:
        if self._fingerprint is None:
            self._fingerprint = self.detector.fingerprint
        return self._fingerprint

    def prepare(self, reader: VideoReader) -> None:
        """Make a video's detections ready; the detector runs where they are missing."""
        path = self._path_of(reader.video)
        if self._path == path:
            return
        self._path = self._video = None
        try:
            self._arrays = read_all_stored_arrays(path)
        except DAMAGED:  # not there yet, or not whole
            self._arrays = self._compute(reader)
            with atomic_path(path) as temporary:
                np.savez(temporary, **self._arrays)
        self._path, self._video = path, reader.video

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        detections = []
        for row in self._rows(frames):
            columns = (self._arrays[name] for name in ('boxes', 'scores', 'labels'))
            start, end = self._arrays['ends'][row : row + 2]
            boxes, scores, labels = (column[start:end] for column in columns)
            detections.append(
                Detections(boxes.astype(np.float64), scores.astype(np.float64), labels)
            )
        return detections

    def raw(self, frames: Sequence[Frame]) -> list[RawDetections]:
        rows, arrays = self._rows(frames), self._arrays
        if not rows:
            return []
        anchors = arrays['anchors'].astype(np.float64)
        return [
            RawDetections(
                arrays['raw_boxes'][row].astype(np.float64),
                arrays['raw_scores'][row].astype(np.float64),
                anchors,
            )
            for row in rows
        ]

    def _rows(self, frames: Sequence[Frame]) -> list[int]:
        """Where the frames are in the file.

        Raises:
            ValueError: They are of another video, or the file has none of such a number.
        """
        if not frames:
            return []
        for frame in frames:
            if self._video is None or frame.video.path != self._video.path:
                ready = 'none' if self._video is None else self._video.path
                raise ValueError(
                    f'StoredDetections: a frame of {frame.video.path}, and the video that '
                    f'is ready is {ready}; call prepare(reader) with its reader first'
                )
        ids, numbers = self._arrays['frame_ids'], [f.frame_id for f in frames]
        missing = sorted({*numbers} - {*ids.tolist()})
        if missing:
            raise ValueError(
                f'StoredDetections: {self._path} has no frame {missing[0]} of '
                f'{self._video.path}; delete the file, and it is made again'
            )
        return np.searchsorted(ids, numbers).tolist()

    def _path_of(self, video: VideoInfo) -> Path:
        key = text_fingerprint(f'{video_fingerprint(video.path)} {self.fingerprint}')
        return self.folder / f'{video.name.replace("/", "-")}-{key[:20]}.npz'

    def _compute(self, reader: VideoReader) -> dict[str, np.ndarray]:
        frame_ids, raw, detections = [], [], []
        for frames in reader.batches(BATCH_SIZE):
            frame_ids += [frame.frame_id for frame in frames]
            with torch.no_grad():
                frames_raw, frames_detections = self._detect(frames)
            raw += frames_raw
            detections += frames_detections
        counts = [len(d) for d in detections]
        return dict(
            frame_ids=np.array(frame_ids),
            anchors=raw[0].anchors.astype(np.float32),
            raw_boxes=np.stack([r.boxes for r in raw]).astype(np.float32),
            raw_scores=np.stack([r.scores for r in raw]).astype(np.float32),
            boxes=np.concatenate([d.boxes for d in detections]).astype(np.float32),
            scores=np.concatenate([d.scores for d in detections]).astype(np.float32),
            labels=np.concatenate([d.labels for d in detections]),
            ends=np.concatenate([[0], np.cumsum(counts)]),
        )

    def _detect(
        self, frames: Sequence[Frame]
    ) -> tuple[list[RawDetections], list[Detections]]:
        """Raw and suppressed detections, of one pass where the detector allows it."""
        if not hasattr(self.detector, 'extract'):
            return self.detector.raw(frames), self.detector.detect(frames)
        features = self.detector.extract(frames)
        return self.detector.raw_in(features), self.detector.detect_in(features)
