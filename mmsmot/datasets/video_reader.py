"""Reading a video frame by frame, whatever it is stored as."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from ..structures import Frame, VideoInfo
from ..utils.number_ranges import COUNT, NumberRange, require_numbers
from .image_sequence import ImageSequence, is_image_sequence_folder, open_image_sequence
from .streams.address import is_stream_address
from .streams.video_stream import VideoStream
from .video_file import VideoFile

BENSMOT_FPS = 2.0  # its images are about half a second apart; no file says so


class VideoReader:
    """A run of a video's frames, streamed.

    Iterating starts from the front each time, opens the file itself, and holds one
    frame; an image that is not accessed is not converted. Frames keep their original
    numbers. On purpose no ``collections.abc.Sequence``: MMEngine's collate functions
    and data preprocessors walk through sequences, and would decode the whole video.

    Args:
        source: Where the frames come from.
        start: The first original frame number to read, ``None`` for the first there is.
        end: The last one, inclusive, ``None`` for the last there is.
        stride: Read every ``stride``-th of the frames there are, from ``start`` on.

    Raises:
        ValueError: No frame is left, as far as that is known before reading.
    """

    def __init__(
        self,
        source: VideoFile | ImageSequence | VideoStream,
        start: int | None = None,
        end: int | None = None,
        stride: int = 1,
    ) -> None:
        require_numbers('VideoReader', COUNT, stride=stride)
        require_numbers(
            'VideoReader', NumberRange(integer=True).or_none, start=start, end=end
        )
        self.source = source
        self.start = start
        self.end = end
        self.stride = stride
        if self.num_frames == 0 or (None not in (start, end) and start > end):
            frame_ids = source.frame_ids
            has = (
                ''
                if frame_ids is None
                else f'; it has {frame_ids[0]} to {frame_ids[-1]}'
            )
            raise ValueError(
                f'{self.video.path}: no frame between start={start} and end={end}{has} '
                '(original frame numbers, both inclusive)'
            )

    @property
    def video(self) -> VideoInfo:
        """What is known of the video."""
        return self.source.video

    @property
    def is_live(self) -> bool:
        """Whether the frames come only once, from a camera or the network."""
        return isinstance(self.source, VideoStream)

    @property
    def warnings(self) -> list[str]:
        """What the last reading met that whoever uses its frames must know."""
        return list(getattr(self.source, 'warnings', ()))  # images lose none

    @property
    def frame_ids(self) -> np.ndarray | None:
        """(T,) int64, the original frame numbers that will be read; ``None`` where only
        reading tells. A video file's are its header's promise."""
        frame_ids = self.source.frame_ids
        if frame_ids is None:
            return None
        if not len(frame_ids):
            raise ValueError(f'{self.video.path}: no frame in it')
        first_frame = frame_ids[0] if self.start is None else self.start
        last_frame = frame_ids[-1] if self.end is None else self.end
        in_range = (frame_ids >= first_frame) & (frame_ids <= last_frame)
        return frame_ids[in_range][:: self.stride]

    @property
    def num_frames(self) -> int | None:
        """The number of frames that will be read, ``None`` where only reading tells."""
        frame_ids = self.frame_ids
        return None if frame_ids is None else len(frame_ids)

    def __len__(self) -> int:
        if self.num_frames is None:
            raise TypeError(
                f'{self.video.path} does not say how many frames it has; '
                'num_frames is None for such a video'
            )
        return self.num_frames

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Frame]:
        # No video is longer than the largest step that islice takes.
        return islice(self._run(), 0, None, min(self.stride, sys.maxsize))

    def _run(self) -> Iterator[Frame]:
        for frame in self.source:
            if self.end is not None and frame.frame_id > self.end:
                return
            if self.start is None or frame.frame_id >= self.start:
                yield frame
            if frame.frame_id == self.end:
                return  # a live stream might let wait for the one behind it
            del frame  # not two decoded images while the next one is made

    def batches(self, size: int) -> Iterator[list[Frame]]:
        """Lists of ``size`` frames, the last one maybe shorter; holds one at a time."""
        require_numbers('VideoReader.batches', COUNT, size=size)
        frames = iter(self)
        while True:
            batch = list(islice(frames, size))
            if not batch:
                return
            yield batch
            del batch  # or it would live on while the next one is decoded


def open_video(
    path: str | os.PathLike,
    start: int | None = None,
    end: int | None = None,
    stride: int = 1,
    seconds: float | None = None,
    patience: float = 30.0,
) -> VideoReader:
    """Open a video file, a folder of images, a sequence folder, or a live stream.

    Args:
        path: The file or folder, or the address of a stream. See :class:`VideoFile` and
            :func:`open_image_sequence` for what is read and which numbers frames get. A
            folder with ``imgs/`` is a sequence of BenSMOT or SynSMOT. Of
            a stream (``rtsp://...``, ``camera:0``) see :class:`VideoStream`.
        start: First original frame number to read (inclusive).
        end: Last original frame number to read (inclusive).
        stride: Read every ``stride``-th frame from ``start`` on.
        seconds: Seconds after which a stream is ended; ``None`` for no such end.
        patience: Seconds to wait for a stream that dropped out.

    Raises:
        ConnectionError: A stream cannot be opened.
        FileNotFoundError: There is nothing at ``path``.
        ValueError: No video can be read from it, or no frame is left; or ``seconds`` of
            something that is no stream.
    """
    if is_stream_address(path):
        stream = VideoStream(path, patience, seconds)
        return VideoReader(stream, start, end, stride)
    if seconds is not None:
        raise ValueError(
            f'{path}: seconds={seconds:g} is for cameras and network streams; of a file '
            'or folder take end, a frame number (seconds times frames per second)'
        )
    if not Path(path).exists():
        raise FileNotFoundError(
            f'{path}: no such video file or folder of images (in {os.getcwd()})'
        )
    return VideoReader(_open_source(Path(path)), start, end, stride)


def is_readable_folder(folder: Path) -> bool:
    """Whether a folder has something of a sequence in it, MOTChallenge's or BenSMOT's."""
    return (folder / 'imgs').is_dir() or is_image_sequence_folder(folder)


def _open_source(path: Path) -> ImageSequence | VideoFile:
    if not path.is_dir():
        return VideoFile(path)
    if (path / 'imgs').is_dir() and not (path / 'img1').is_dir():
        from .bensmot.ground_truth import bensmot_video
        from .bensmot.sequence import read_sequence

        folder = Path(os.path.abspath(path))
        name = f'{folder.parent.name}/{folder.name}'
        return bensmot_video(name, folder, read_sequence(folder), BENSMOT_FPS)
    return open_image_sequence(path)
