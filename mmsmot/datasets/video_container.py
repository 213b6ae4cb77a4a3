"""A container of video, opened by FFmpeg through PyAV."""

from __future__ import annotations

import os
from fractions import Fraction

import av
from av.stream import Disposition

DEFAULT_FPS = 30.0  # where a file or stream states no rate
# FFmpeg "plays" any text file as a terminal; nobody means that.
TEXT_ART_FORMATS = {'adf', 'bin', 'idf', 'tty', 'xbin'}
# Formats without a clock: FFmpeg makes up 25 frames a second, however fast they came;
# the true rate stands in the codec's own header, if at all.
UNTIMED_FORMATS = {
    'cavsvideo',
    'h261',
    'h263',
    'h264',
    'hevc',
    'm4v',
    'mjpeg',
    'mpegvideo',
    'mpjpeg',
    'obu',
    'vc1',
    'vvc',
}


def open_container(path: str) -> av.container.InputContainer:
    """Open a file.

    Raises:
        MemoryError: A part of it states a size that there is no memory for.
        OSError: It may not be read.
        ValueError: It is no video, or a list of other files; names it.
    """
    # A name like a%03d.jpg is one file, not a pattern of many.
    options = {'pattern_type': 'none'}
    try:
        container = av.open(path, options=options, metadata_errors='replace')
    except av.error.PermissionError as error:
        if not os.access(path, os.R_OK):
            raise
        raise ValueError(_list_of_files(path)) from error
    except (av.InvalidDataError, EOFError) as error:
        raise ValueError(
            f'{path}: not a video file that FFmpeg can read. If it is one, it was cut '
            'short before its index was written (mp4 keeps it at the end): get it again.'
        ) from error
    except av.FFmpegError as error:
        if isinstance(error, OSError | MemoryError):
            raise
        raise ValueError(f'{path}: FFmpeg cannot read it ({error.strerror})') from error
    kind = container.format.name
    if kind in TEXT_ART_FORMATS or kind == 'concat':
        container.close()
        if kind == 'concat':
            raise ValueError(_list_of_files(path))
        raise ValueError(f'{path}: a text or binary file, not a video')
    return container


def _list_of_files(path: str) -> str:
    return f'{path}: a list of other files, not a video. Give those files themselves.'


def container_lacks_timestamps(container: av.container.InputContainer) -> bool:
    """Whether its format has no clock, so that its time stamps are made up."""
    return not UNTIMED_FORMATS.isdisjoint(container.format.name.split(','))


def container_frame_rate(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> Fraction | None:
    """Frames a second that a file or stream states; ``None`` if it does not."""
    rates = stream.average_rate, stream.guessed_rate
    if container_lacks_timestamps(container):
        rates = stream.guessed_rate, stream.average_rate
    return rates[0] or rates[1]


def container_video_stream(
    container: av.container.InputContainer, path: str
) -> av.video.stream.VideoStream:
    """The first video that is no still image.

    Raises:
        ValueError: There is none, or FFmpeg knows no decoder of it; names ``path``.
    """
    streams = [
        stream
        for stream in container.streams
        if not stream.disposition & Disposition.attached_pic  # an album's cover
    ]
    for stream in streams:
        if stream.type == 'video':
            if stream.codec_context is None:
                raise ValueError(
                    f'{path}: FFmpeg knows no decoder of its video; it is damaged, or of '
                    'a codec that this PyAV was built without'
                )
            stream.thread_type = 'AUTO'
            return stream
    kinds = ', '.join(sorted({s.type for s in streams})) or 'no stream at all'
    raise ValueError(f'{path}: has no video in it, only: {kinds}')
