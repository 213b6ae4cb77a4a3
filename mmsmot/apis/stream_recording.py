"""A live stream, written to a file while it is tracked, so that it can be read again."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import TracebackType

import numpy as np

from ..datasets import VideoFile, VideoReader
from ..structures import Frame, VideoInfo
from ..visualization import VideoWriter


class StreamRecording:
    """Reads a live stream and records its frames as H.264.

    Read its :meth:`batches` once, inside a ``with`` block; when the block ends the file
    is there, and iterating reads the frames from it, with the numbers and times they had.
    The file's k-th image is the k-th frame that was read, shown at its time. Nobody can
    ask the stream again, so the file is kept after an error too, unless that came from
    the disk.

    Args:
        stream: What is read.
        path: The file, ``*.mp4``.
    """

    def __init__(self, stream: VideoReader, path: Path) -> None:
        self.stream = stream
        self.path = path
        self._frame_ids: list[int] = []
        self._times: list[float] = []
        self._writer = VideoWriter(path, stream.video.fps / stream.stride)

    @property
    def video(self) -> VideoInfo:
        """What is known of the stream."""
        return self.stream.video

    @property
    def num_frames(self) -> int | None:
        """``None`` as long as nothing was read."""
        return len(self._frame_ids) or None

    def __enter__(self) -> StreamRecording:
        self._writer.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._frame_ids and not isinstance(error, OSError):
            kind = error = traceback = None
        self._writer.__exit__(kind, error, traceback)

    def batches(self, size: int) -> Iterator[list[Frame]]:
        """The stream's :meth:`~mmsmot.datasets.VideoReader.batches`, recorded."""
        for frames in self.stream.batches(size):
            for frame in frames:
                self._writer.write(frame.image, frame.timestamp)
                self._frame_ids.append(frame.frame_id)
                self._times.append(frame.timestamp)
            del frame  # not two batches while the next one comes
            yield frames
            del frames

    def __iter__(self) -> Iterator[Frame]:
        # Odd sizes were widened by a row or column, which boxes know nothing of.
        width, height = self.video.width, self.video.height
        read = zip(VideoFile(self.path), self._frame_ids, self._times, strict=True)
        for recorded, frame_id, seconds in read:
            load = partial(_cut, recorded, width, height)
            yield Frame(self.video, frame_id, seconds, load)
            del recorded, load


def _cut(frame: Frame, width: int | None, height: int | None) -> np.ndarray:
    return np.ascontiguousarray(frame.image[:height, :width])
