"""The video of a report: the original where browsers play it, else a copy they do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from ..datasets import VideoReader
from ..datasets.decoded_frame import MIRRORED, frame_orientation
from ..datasets.video_container import container_video_stream, open_container
from ..datasets.video_file import VideoFile
from ..structures import Frame
from .report_data import report_frame_times
from .video_writer import VideoWriter

# What Chromium, Firefox and Safari all play.
PLAYABLE_CODECS = {('mp4', 'h264'), ('webm', 'vp8'), ('webm', 'vp9'), ('webm', 'av1')}
PIXEL_FORMATS = {'yuv420p', 'yuvj420p'}
SUFFIXES = {'mp4': ('.mp4', '.m4v'), 'webm': ('.webm',)}
SLOWEST = 0.5  # frames a second of a copy; players dislike slower ones


def is_playable(path: str | os.PathLike) -> bool:
    """Whether every browser plays a video file as it is: H.264 (4:2:0) in mp4, or webm.

    All browsers turn an image as the file says, but not all mirror it; and where its
    pixels are not square they stretch it, but not the boxes on it.
    """
    suffix = Path(path).suffix.lower()
    with open_container(os.fspath(path)) as container:
        try:
            stream = container_video_stream(container, os.fspath(path))
            first = next(container.decode(stream))
        except (ValueError, StopIteration, av.FFmpegError):  # there is none
            return False
        codec = stream.codec_context
        names = set(container.format.name.split(','))
        is_plain = (
            codec.pix_fmt in PIXEL_FORMATS
            and frame_orientation(first) not in MIRRORED
            and stream.sample_aspect_ratio in (None, 0, 1)
        )
        return is_plain and any(
            name in names and codec.name.removeprefix('lib') == playable_codec
            for name, playable_codec in PLAYABLE_CODECS
            if suffix in SUFFIXES[name]
        )


def playable_video(
    reader: VideoReader,
    frame_ids: np.ndarray,
    copy: str | os.PathLike,
    times: np.ndarray | None = None,
) -> tuple[Path, np.ndarray]:
    """A file that browsers play, and when it shows each frame.

    A video file that browsers play is taken as it is, with its own time stamps, so a
    variable frame rate is honoured. Anything else (images, other codecs) is written as
    H.264 of just these frames at a constant rate that keeps the original's speed.

    Args:
        reader: The video, at least with these frames.
        frame_ids: (T,) original frame numbers, ascending.
        copy: Where to write the copy, ``*.mp4``.
        times: (T,) seconds of these frames in the original, where they are known;
            ``None`` to read them.

    Returns:
        The file, and (T,) seconds.

    Raises:
        ValueError: The video lacks some of the frames.
    """
    frame_ids = np.asarray(frame_ids, np.int64)
    path = reader.video.path
    if isinstance(reader.source, VideoFile) and is_playable(path):
        if times is None:
            times = np.array([f.timestamp for f in _frames_of(reader, frame_ids)])
        return Path(path), times
    step = float(np.median(np.diff(frame_ids))) if len(frame_ids) > 1 else 1.0
    writer = VideoWriter(copy, max(reader.video.fps / step, SLOWEST))
    with writer:
        for frame in _frames_of(reader, frame_ids):
            writer.write(frame.image)
    return Path(copy), report_frame_times(
        np.arange(len(frame_ids)), float(writer.fps), 0
    )


def _frames_of(reader: VideoReader, frame_ids: np.ndarray) -> Iterator[Frame]:
    """The frames with these numbers, in their order."""
    missing = set(frame_ids.tolist())
    for frame in reader:
        if frame.frame_id in missing:
            missing.remove(frame.frame_id)
            yield frame
        if not missing:
            return
    raise ValueError(
        f'{reader.video.path}: has no frame {min(missing)} ({len(missing)} of '
        f'{len(frame_ids)} frames are missing); is it the video that was tracked?'
    )
