"""A video file, decoded by FFmpeg through PyAV."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import av
import numpy as np
from mmengine.logging import print_log

from ..structures import Frame, VideoInfo
from .decoded_frame import decoded_frame_to_bgr, upright_frame_size
from .image_decoder import MAX_PIXELS_VARIABLE, max_image_pixels
from .streams.monotonic_clock import MonotonicClock
from .video_container import (
    DEFAULT_FPS,
    container_frame_rate,
    container_lacks_timestamps,
    container_video_stream,
    open_container,
)
from .video_decoder import VideoDecodingLosses, decode_video, strict_decoder_stream

MOST_FRAMES = 10**8  # a year at 3 frames a second; a header that states more is damaged
# A duration also covers the sound, which may run on a little after the last image.
DURATION_SLACK = 0.95


class VideoFile:
    """The frames of a video file, decoded one after another on each iteration.

    A frame's pixels are converted to BGR, and turned or mirrored as the file says that
    they are to be shown, on first access. Timestamps are the file's own, so a
    variable frame rate is honoured; where they go back, as in recordings joined into one
    file, they go on from the frame before, with a warning. Where the size of the image
    changes, reading ends with a warning: boxes of two sizes cannot stand in one
    trajectory.

    The file is opened for a moment to look at its first frame, and again by each
    iteration; in between nothing is held, so the object can be pickled.

    Attributes:
        video: What is known of the video; the size is that of the upright image.
        num_frames: The number of frames that the file's header states, ``None`` if it
            states none. A damaged file may hold less.
        warnings: What the last iteration met that its reader must know: frames lost or
            damaged, time stamps that go back, or a size that changed.

    Raises:
        ValueError: No video can be read from it; names the file.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        path = os.path.abspath(path)
        if os.path.getsize(path) == 0:
            raise ValueError(f'{path}: the file is empty (0 bytes), not a video')
        with open_container(path) as container:
            stream = strict_decoder_stream(container_video_stream(container, path))
            _require_decodable_size(stream, path)
            self.num_frames = _stated_frames(stream, path)
            fps = float(container_frame_rate(container, stream) or 0)
            losses = VideoDecodingLosses()
            first = next((f for _, f in decode_video(container, stream, losses)), None)
        if first is None:
            reason = f' ({losses.error.strerror})' if losses.error else ''
            raise ValueError(f'{path}: no frame of its video can be decoded{reason}')
        if not fps:
            fps = DEFAULT_FPS
            print_log(f'{path}: states no frame rate; taking {fps:g}', logger='current')
        self.video = VideoInfo(Path(path).stem, path, fps, *upright_frame_size(first))
        self.warnings: list[str] = []

    @property
    def frame_ids(self) -> np.ndarray | None:
        """(T,) int64 from 1, as the file's header states; ``None`` if it does not."""
        return None if self.num_frames is None else np.arange(1, self.num_frames + 1)

    def __iter__(self) -> Iterator[Frame]:
        losses, clock = VideoDecodingLosses(), MonotonicClock(1 / self.video.fps, 0.0)
        self.warnings = []
        with open_container(self.video.path) as container:
            stream = strict_decoder_stream(
                container_video_stream(container, self.video.path)
            )
            try:
                yield from self._frames(container, stream, losses, clock)
            finally:  # also where nobody reads on to the end
                if losses.damaged:
                    self._warn(_damaged_images(self.video.path, losses))
                if clock.num_jumps:
                    self._warn(_leaping_stamps(self.video.path, clock.num_jumps))

    def _frames(
        self,
        container: av.container.InputContainer,
        stream: av.video.stream.VideoStream,
        losses: VideoDecodingLosses,
        clock: MonotonicClock,
    ) -> Iterator[Frame]:
        size = self.video.width, self.video.height
        is_timed = not container_lacks_timestamps(container)
        origin = stream.start_time
        count, seconds = 0, 0.0
        for frame_id, av_frame in decode_video(container, stream, losses):
            if upright_frame_size(av_frame) != size:
                self._warn(_other_size(self.video, frame_id, av_frame))
                return
            count += 1
            seconds = (frame_id - 1) / self.video.fps
            if av_frame.pts is not None and is_timed:
                origin = av_frame.pts if origin is None else origin
                seconds = float((av_frame.pts - origin) * av_frame.time_base)
            seconds = clock.read(seconds)
            yield Frame(
                self.video, frame_id, seconds, partial(decoded_frame_to_bgr, av_frame)
            )
        expected = self.num_frames or _announced_frames(container, stream, seconds)
        if count + losses.discarded < expected or losses.missing:
            self._warn(_lost_frames(self.video.path, count, expected, losses))
        elif losses.packets or (losses.error and not losses.damaged):
            self._warn(_refused_packets(self.video.path, losses))

    def _warn(self, message: str) -> None:
        self.warnings.append(message)
        print_log(message, logger='current', level=logging.WARNING)


def _require_decodable_size(stream: av.video.stream.VideoStream, path: str) -> None:
    width, height = stream.codec_context.width, stream.codec_context.height
    if width * height > max_image_pixels():
        raise ValueError(
            f'{path}: states images of {width}x{height}, more than {max_image_pixels()} '
            f'pixels. If they are really that large, raise {MAX_PIXELS_VARIABLE}.'
        )


def _stated_frames(stream: av.video.stream.VideoStream, path: str) -> int | None:
    """The number of frames in the header; ``None`` where that cannot be true."""
    if stream.frames <= min(os.path.getsize(path), MOST_FRAMES):  # a byte is too little
        return stream.frames or None
    print_log(
        f'{path}: its header states {stream.frames} frames, which do not fit into the '
        'file; reading tells how many there are',
        logger='current',
        level=logging.WARNING,
    )
    return None


def _announced_frames(
    container: av.container.InputContainer,
    stream: av.video.stream.VideoStream,
    end: float,
) -> int:
    """How many frames the stated duration holds, 0 where ``end`` is about its end.

    Args:
        container: The file.
        stream: Its video.
        end: When its last frame is shown, in seconds.
    """
    rate = stream.average_rate
    if not container.duration or not rate:
        return 0
    seconds = container.duration / av.time_base * DURATION_SLACK
    # Of a variable rate the mean says nothing, but the last frame comes at the end.
    return 0 if end + 2 / rate >= seconds else int(seconds * rate)


def _lost_frames(
    path: str, count: int, expected: int, losses: VideoDecodingLosses
) -> str:
    reason = 'it is damaged or was cut short'
    if losses.error is not None:
        reason += f' ({losses.error.strerror})'
    return (
        f'{path}: {count} of about {max(expected, count + losses.missing)} frames could '
        f'be decoded ({losses.packets} packets refused); {reason}. Going on with those.'
    )


def _refused_packets(path: str, losses: VideoDecodingLosses) -> str:
    reason = losses.error.strerror if losses.error else 'marked as damaged'
    if not losses.packets:
        return f'{path}: reading broke off ({reason}). Going on with what came before.'
    return (
        f'{path}: damaged inside: {losses.packets} packets were refused ({reason}); '
        'images may be missing or wrong there. Going on with the others.'
    )


def _damaged_images(path: str, losses: VideoDecodingLosses) -> str:
    return (
        f'{path}: damaged inside: the decoder guessed a part of {losses.damaged} images '
        f'(the first is frame {losses.first_damaged}), and those that build on them show '
        'it too. Get the file again, or do not trust what was found from there on.'
    )


def _leaping_stamps(path: str, num_jumps: int) -> str:
    return (
        f'{path}: its time stamps go back {num_jumps} times, as in recordings joined into '
        'one file or where it is damaged; the time goes on from the frame before'
    )


def _other_size(video: VideoInfo, frame_id: int, av_frame: av.VideoFrame) -> str:
    width, height = upright_frame_size(av_frame)
    return (
        f'{video.path}: frame {frame_id} is {width}x{height}, those before are '
        f'{video.width}x{video.height}. Boxes of both cannot stand in one trajectory: '
        f'reading ends with frame {frame_id - 1}. For the rest, cut the file there, or '
        f'scale it (ffmpeg -i IN -vf scale={video.width}:{video.height} OUT.mp4).'
    )
