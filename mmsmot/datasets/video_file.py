"""A video file, decoded by FFmpeg through PyAV."""

from __future__ import annotations

import heapq
import logging
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import av
import cv2
import numpy as np
from av.stream import Disposition
from mmengine.logging import print_log

from ..structures import Frame, VideoInfo

# FFmpeg "plays" any text file as a terminal; nobody means that.
TEXT_ART_FORMATS = {'adf', 'bin', 'idf', 'tty', 'xbin'}
QUARTER_TURNS = {
    1: cv2.ROTATE_90_COUNTERCLOCKWISE,
    2: cv2.ROTATE_180,
    3: cv2.ROTATE_90_CLOCKWISE,
}
# A duration also covers the sound, which may run on a little after the last picture.
DURATION_SLACK = 0.95


class VideoFile:
    """The frames of a video file, decoded one after another on each iteration.

    A frame's pixels are converted to BGR, and turned upright where the file says that
    the camera was rotated, when they are looked at. Timestamps are the file's own, so a
    variable frame rate is honoured. Where the size of the picture changes, reading ends
    with a warning: boxes of two sizes cannot stand in one trajectory.

    The file is opened for a moment to look at its first frame, and again by each
    iteration; in between nothing is held, so the object can be pickled.

    Attributes:
        video: What is known of the video; the size is that of the upright picture.
        num_frames: The number of frames that the file's header states, ``None`` if it
            states none. A damaged file may hold less.
        warnings: What the last iteration met that its reader must know: frames lost, or
            a size that changed.

    Raises:
        ValueError: No video can be read from it; names the file.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        path = os.path.abspath(path)
        if os.path.getsize(path) == 0:
            raise ValueError(f'{path}: the file is empty (0 bytes), not a video')
        with _open(path) as container:
            stream = video_stream_of(container, path)
            self.num_frames = stream.frames or None
            fps = stream.average_rate or stream.guessed_rate
            first = next((f for _, f in _decode(container, stream, _Losses())), None)
        if first is None:
            raise ValueError(f'{path}: no frame of its video can be decoded')
        if not fps:
            fps = 30
            print_log(f'{path}: states no frame rate; taking 30', logger='current')
        self.video = VideoInfo(Path(path).stem, path, float(fps), *upright_size(first))
        self.warnings: list[str] = []

    @property
    def frame_ids(self) -> np.ndarray | None:
        """(T,) int64 from 1, as the file's header states; ``None`` if it does not."""
        return None if self.num_frames is None else np.arange(1, self.num_frames + 1)

    def __iter__(self) -> Iterator[Frame]:
        losses = _Losses()
        count = 0
        self.warnings = []
        size = self.video.width, self.video.height
        with _open(self.video.path) as container:
            stream = video_stream_of(container, self.video.path)
            origin = stream.start_time
            for frame_id, picture in _decode(container, stream, losses):
                if upright_size(picture) != size:
                    self._warn(_other_size(self.video, frame_id, picture))
                    return
                count += 1
                seconds = (frame_id - 1) / self.video.fps
                if picture.pts is not None:
                    origin = picture.pts if origin is None else origin
                    seconds = float((picture.pts - origin) * picture.time_base)
                yield Frame(self.video, frame_id, seconds, partial(to_bgr, picture))
            expected = _expected_frames(container, stream)
        if count + losses.discarded < expected or losses.packets:
            self._warn(_lost_frames(self.video.path, count, expected, losses))

    def _warn(self, message: str) -> None:
        self.warnings.append(message)
        print_log(message, logger='current', level=logging.WARNING)


class _Losses:
    """What went wrong while a file was decoded.

    Attributes:
        packets: Packets that the decoder refused.
        discarded: Packets the file itself marks as not to be shown.
        error: The last error, if there was one.
    """

    def __init__(self) -> None:
        self.packets = 0
        self.discarded = 0
        self.error: av.FFmpegError | None = None


def _open(path: str) -> av.container.InputContainer:
    try:
        container = av.open(path, metadata_errors='replace')
    except av.InvalidDataError as error:
        raise ValueError(
            f'{path}: not a video file that FFmpeg can read. If it is one, it was cut '
            'short before its index was written (mp4 keeps it at the end): get it again.'
        ) from error
    if container.format.name in TEXT_ART_FORMATS:
        container.close()
        raise ValueError(f'{path}: a text or binary file, not a video')
    return container


def video_stream_of(
    container: av.container.InputContainer, path: str
) -> av.video.stream.VideoStream:
    """The first video that is no still picture.

    Raises:
        ValueError: There is none; names ``path``.
    """
    streams = [
        stream
        for stream in container.streams
        if not stream.disposition & Disposition.attached_pic  # an album's cover
    ]
    for stream in streams:
        if stream.type == 'video':
            stream.thread_type = 'AUTO'
            return stream
    kinds = ', '.join(sorted({s.type for s in streams})) or 'no stream at all'
    raise ValueError(f'{path}: has no video in it, only: {kinds}')


def _decode(
    container: av.container.InputContainer,
    stream: av.video.stream.VideoStream,
    losses: _Losses,
) -> Iterator[tuple[int, av.VideoFrame]]:
    """Frame numbers from 1 and frames, in the order they are shown.

    A packet that cannot be decoded is skipped and counted. The frames behind it keep
    their numbers: a decoder is given all packets with an earlier time stamp before it
    shows a frame, so those that never came back were lost before it. (FFmpeg's frame
    threads may lose a few more frames with one that is damaged at the very end.)
    """
    sent: list[int] = []
    shown = missing = 0
    for packet in _packets(container, stream, losses):
        if packet.pts is not None and not packet.is_discard:
            heapq.heappush(sent, packet.pts)
        for picture in _pictures(packet, losses):
            while picture.pts is not None and sent and sent[0] < picture.pts:
                heapq.heappop(sent)
                missing += 1
            if sent and sent[0] == picture.pts:
                heapq.heappop(sent)
            shown += 1
            # Without a loss, a packet that shows nothing is the format's own way.
            yield shown + (missing if losses.packets else 0), picture


def _packets(
    container: av.container.InputContainer,
    stream: av.video.stream.VideoStream,
    losses: _Losses,
) -> Iterator[av.Packet]:
    try:
        for packet in container.demux(stream):
            if packet.is_discard:
                losses.discarded += 1
            yield packet
    except av.FFmpegError as error:
        losses.error = error


def _pictures(packet: av.Packet, losses: _Losses) -> list[av.VideoFrame]:
    # A packet that the file's end cut off would take the frames that are still in the
    # decoder's threads with it.
    if not packet.is_corrupt:
        try:
            return packet.decode()
        except av.FFmpegError as error:
            losses.error = error
    losses.packets += 1
    return []


def _expected_frames(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> int:
    """How many frames the file announces, 0 if it does not."""
    if stream.frames:
        return stream.frames
    if not container.duration or not stream.average_rate:
        return 0
    seconds = container.duration / av.time_base
    return int(seconds * stream.average_rate * DURATION_SLACK)


def _lost_frames(path: str, count: int, expected: int, losses: _Losses) -> str:
    reason = 'it is damaged or was cut short'
    if losses.error is not None:
        reason += f' ({losses.error.strerror})'
    return (
        f'{path}: {count} of about {max(expected, count + losses.packets)} frames could '
        f'be decoded ({losses.packets} packets refused); {reason}. Going on with those.'
    )


def _other_size(video: VideoInfo, frame_id: int, picture: av.VideoFrame) -> str:
    width, height = upright_size(picture)
    return (
        f'{video.path}: frame {frame_id} is {width}x{height}, those before are '
        f'{video.width}x{video.height}. Boxes of both cannot stand in one trajectory: '
        f'reading ends with frame {frame_id - 1}. For the rest, cut the file there, or '
        f'scale it (ffmpeg -i IN -vf scale={video.width}:{video.height} OUT.mp4).'
    )


def upright_size(picture: av.VideoFrame) -> tuple[int, int]:
    """Width and height of a picture once it is turned upright."""
    if _quarter_turns(picture) % 2:
        return picture.height, picture.width
    return picture.width, picture.height


def _quarter_turns(picture: av.VideoFrame) -> int:
    """Counter-clockwise quarter turns that put the picture upright."""
    return round(picture.rotation / 90) % 4


def to_bgr(picture: av.VideoFrame) -> np.ndarray:
    """The picture as (H, W, 3) uint8 BGR, turned upright."""
    # One thread: for a single frame, starting more costs more than they save.
    image = picture.to_ndarray(format='bgr24', threads=1)
    turns = _quarter_turns(picture)
    return cv2.rotate(image, QUARTER_TURNS[turns]) if turns else image
