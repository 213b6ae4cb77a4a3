"""One connection to a camera or network stream, until it is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import av
import cv2
import numpy as np

from ..decoded_frame import decoded_frame_to_bgr, upright_frame_size
from ..video_container import (
    DEFAULT_FPS,
    TEXT_ART_FORMATS,
    container_frame_rate,
    container_lacks_timestamps,
    container_video_stream,
)
from .address import camera_device, is_url_address, redacted_address

# A rate beyond these is a guess that went wrong, such as the ticks of the clock.
SLOWEST, FASTEST = 0.1, 300


@dataclass(frozen=True)
class ReceivedImage:
    """One image as it came.

    Attributes:
        stamp: Seconds of the stream's own clock, which begins anywhere; ``None`` where
            it has none.
        size: Width and height in pixels, upright.
        load: Gives the image, (H, W, 3) uint8 BGR.
    """

    stamp: float | None
    size: tuple[int, int]
    load: Callable[[], np.ndarray]


class NetworkConnection:
    """A network stream, opened and read by FFmpeg through PyAV.

    Args:
        address: Its URL.
        timeout: Seconds without an answer after which it counts as lost.

    Attributes:
        fps: Frames a second that it states, 30 where it states nothing sensible.
        duration: Seconds that it states to last, if it is a recording; ``None`` if it
            is live.
        damaged: Packets that could not be decoded.
        guessed: Images of which the decoder guessed a part.

    Raises:
        ConnectionError: It cannot be opened, or holds no video.
    """

    def __init__(self, address: str, timeout: float) -> None:
        # RTP over UDP, RTSP's default, loses packets wherever a router is busy.
        options = {'rtsp_transport': 'tcp'} if address.startswith('rtsp') else {}
        self._timeout = timeout
        try:
            self._container = av.open(
                address,
                options=options,
                timeout=(2 * timeout, timeout),  # a camera takes longer to begin
                metadata_errors='replace',
            )
        except av.FFmpegError as error:
            # Not chained: FFmpeg's message repeats the URL with its password.
            raise ConnectionError(self._reason(error)) from None
        try:
            self._stream = self._video_stream(address)
        except ValueError as error:
            self.close()
            raise ConnectionError(str(error)) from None
        self.fps = _plausible_fps(container_frame_rate(self._container, self._stream))
        duration = self._container.duration
        self.duration = duration / av.time_base if duration else None
        self._timed = not container_lacks_timestamps(self._container)
        self.damaged = self.guessed = 0

    def images(self) -> Iterator[ReceivedImage]:
        """What comes, until the stream ends.

        Raises:
            ConnectionError: Nothing comes any more. What the decoder still held was
                given before.
        """
        lost = None
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except av.FFmpegError as error:
                packet, lost = None, error
            if packet is None:
                yield from self._decoded(None)
                break
            yield from self._decoded(packet)
        if lost is not None:
            raise ConnectionError(self._reason(lost))

    def close(self) -> None:
        self._container.close()

    def _decoded(self, packet: av.Packet | None) -> Iterator[ReceivedImage]:
        """The images of a packet, ``None`` for those that the decoder still holds."""
        try:
            av_frames = self._stream.codec_context.decode(packet)
        except av.FFmpegError as error:
            self.damaged += not isinstance(error, EOFError)
            return
        for av_frame in av_frames:
            self.guessed += av_frame.is_corrupt
            stamp = None
            if self._timed and av_frame.pts is not None:
                stamp = float(av_frame.pts * self._stream.time_base)
            yield ReceivedImage(
                stamp,
                upright_frame_size(av_frame),
                partial(decoded_frame_to_bgr, av_frame),
            )

    def _video_stream(self, address: str) -> av.video.stream.VideoStream:
        if self._container.format.name in TEXT_ART_FORMATS:
            raise ValueError('it sends text or a binary file, not a video')
        stream = container_video_stream(self._container, redacted_address(address))
        # Threads over frames would hold back as many of them as there are cores.
        stream.thread_type = 'SLICE'
        return stream

    def _reason(self, error: av.FFmpegError) -> str:
        if isinstance(error, av.error.ExitError):
            return f'no answer within {self._timeout:g} s'
        return error.strerror or type(error).__name__


class CameraConnection:
    """A camera at this machine, read by OpenCV.

    Args:
        address: ``camera:0``, ``0`` or ``/dev/video0``.

    Attributes:
        fps: Frames a second that it states, 30 where it states nothing sensible.
        duration: ``None``: it never ends by itself.
        damaged: 0: it gives whole images only.
        guessed: 0.

    Raises:
        ConnectionError: It cannot be opened.
    """

    duration = None
    damaged = guessed = 0

    def __init__(self, address: str) -> None:
        self._capture = cv2.VideoCapture(camera_device(address))
        if not self._capture.isOpened():
            self._capture.release()
            raise ConnectionError('OpenCV finds no camera there')
        self.fps = _plausible_fps(self._capture.get(cv2.CAP_PROP_FPS))

    def images(self) -> Iterator[ReceivedImage]:
        """What comes.

        Raises:
            ConnectionError: Nothing comes any more.
        """
        while True:
            came, image = self._capture.read()
            if not came:
                raise ConnectionError('the camera gives no more images')
            yield ReceivedImage(
                None, (image.shape[1], image.shape[0]), lambda i=image: i
            )

    def close(self) -> None:
        self._capture.release()


def open_connection(
    address: str, timeout: float
) -> NetworkConnection | CameraConnection:
    """Open a stream once.

    Raises:
        ConnectionError: It cannot be opened.
    """
    if is_url_address(address):
        return NetworkConnection(address, timeout)
    return CameraConnection(address)


def _plausible_fps(stated: Fraction | float | None) -> float:
    if stated is None or not SLOWEST <= stated <= FASTEST:
        return DEFAULT_FPS
    return float(stated)
