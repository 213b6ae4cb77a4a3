"""A live video: a camera at this machine, or a stream from the network."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator
from itertools import chain

from mmengine.logging import print_log

from ...structures import Frame, VideoInfo
from ...utils.number_ranges import NON_NEGATIVE, POSITIVE, NumberRange, require_numbers
from ..video_file import DURATION_SLACK
from .address import is_url_address, redacted_address, stream_name
from .connection import (
    CameraConnection,
    NetworkConnection,
    ReceivedImage,
    open_connection,
)
from .stream_clock import LARGEST_LEAP, StreamClock

TIMEOUT = 5.0  # seconds of silence after which a stream counts as lost
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 4.0  # between attempts to come back
LASTING = 5.0  # seconds a connection has to hold for patience to begin anew
TIMEOUTS = NumberRange(0, 10**6, above_low=True)  # FFmpeg counts microseconds
NAP = 0.1  # a pause is slept in such pieces, so that stop() is heard
CHECKS = {
    True: 'Is it on, and reachable from this machine? Are port, path, user name and '
    'password right? (ffplay or VLC on the same URL tells the same.)',
    False: 'Is it plugged in, used by no other program, and may you read it (group '
    '"video")? On Linux, ls /dev/video* lists what there is.',
}


class VideoStream:
    """The frames of a camera or network stream, as they come; they come only once.

    A stream that drops out is opened again and again for ``patience`` seconds, which
    connections that are lost at once have together: a file without a stated duration
    can be had again and again for ever. Frame numbers and timestamps go by the clock: 2
    seconds without an image at 25 frames a second are 50 numbers that no frame has. The
    stream ends, and its reader with it, when it does not come back, when its images come
    back in another size, after ``seconds``, or upon :meth:`stop`; a URL that states a
    duration is a recording and ends with it.

    Nothing is held but the image at hand. Whoever reads more slowly than the stream
    comes makes the sender wait, or lose frames; their numbers are left out then.

    Args:
        address: A URL (``rtsp://``, ``rtmp://``, ``http://``, ``udp://``, ``tcp://``
            and so on), ``camera:0``, a camera's number, or ``/dev/video0``.
        patience: Seconds to wait for a stream that dropped out; an attempt that is under
            way then is still waited for. 0 to give up at once, ``inf`` never to.
        seconds: Seconds after which the stream ends; ``None`` for no such end.
        timeout: Seconds without an answer after which a stream counts as lost.

    Attributes:
        video: What is known of it; ``path`` is the address without its password, the
            size that of the first image.
        num_frames: ``None``: unknown.
        frame_ids: ``None``.

    Raises:
        ConnectionError: It cannot be opened; names the address and what to check.
        ValueError: A time is not above 0 (``patience``: below 0).
    """

    num_frames = None
    frame_ids = None

    def __init__(
        self,
        address: str,
        patience: float = 30.0,
        seconds: float | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        name = redacted_address(address)
        require_numbers(name, POSITIVE.or_none, seconds=seconds)
        require_numbers(name, TIMEOUTS, timeout=timeout)
        if patience != math.inf:  # for ever
            require_numbers(name, NON_NEGATIVE, patience=patience)
        self.patience = patience
        self.seconds = seconds
        self._address = address
        self._timeout = timeout
        self._stop: str | None = None
        self._gaps = self._gap_seconds = self._damaged = self._guessed = 0
        self._end = ''
        self._opened = self._until = 0.0
        self._pause = FIRST_PAUSE
        self._images: Iterator[ReceivedImage] | None = None
        self._is_connected = False
        try:
            self._open()
        except ConnectionError as error:
            raise ConnectionError(
                f'{redacted_address(address)}: no video comes from there ({error}). '
                f'{CHECKS[is_url_address(address)]}'
            ) from None
        # A recording's stamps may leap as they like; it has no other clock.
        leap = LARGEST_LEAP if self._connection.duration is None else float('inf')
        self._clock = StreamClock(leap)
        self.video = VideoInfo(
            stream_name(address),
            redacted_address(address),
            self._connection.fps,
            *self._size,
            is_live=True,
        )

    @property
    def warnings(self) -> list[str]:
        """What whoever reads the results must know: gaps, losses, an early end."""
        messages = []
        if self._gaps:
            messages.append(
                f'{self.video.path}: dropped out {self._gaps} times, '
                f'{self._gap_seconds:.1f} s in all; frames of that time are missing'
            )
        if self._damaged:
            messages.append(
                f'{self.video.path}: {self._damaged} damaged packets were left out'
            )
        if self._guessed:
            messages.append(
                f'{self.video.path}: {self._guessed} images came damaged; the decoder '
                'guessed a part of them'
            )
        return messages + ([self._end] if self._end else [])

    @property
    def is_over(self) -> bool:
        """Whether no more frames will come."""
        return self._images is None

    def stop(self, reason: str) -> None:
        """End the stream with its next image, or within ``timeout`` seconds.

        May be called from a signal handler or another thread.
        """
        self._stop = reason

    def __iter__(self) -> Iterator[Frame]:
        if self.is_over:
            raise RuntimeError(
                f'{self.video.path}: a live stream can be read only once; open it again'
            )
        frame_id = 0
        try:
            while (received_image := self._next()) is not None:
                seconds = self._clock.read(received_image.stamp, time.monotonic())
                if self.seconds is not None and seconds >= self.seconds:
                    return
                frame_id = max(frame_id + 1, 1 + round(seconds * self.video.fps))
                yield Frame(self.video, frame_id, seconds, received_image.load)
                del received_image  # not two decoded images while the next one comes
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the camera or connection."""
        self._disconnect()
        self._images = None

    def _next(self) -> ReceivedImage | None:
        """The next image, through gaps; ``None`` where the stream ends."""
        while not self._has_to_end():
            try:
                received_image = next(self._images, None)
                reason = 'the other side closed it'
            except ConnectionError as error:
                received_image, reason = None, str(error)
            if received_image is None:
                if not self._come_back(reason):
                    return None
            elif received_image.size != (self.video.width, self.video.height):
                self._end_because(_other_size(self.video, received_image.size))
                return None
            else:
                return received_image
        return None

    def _has_to_end(self) -> bool:
        if self._stop is not None:
            self._end_because(f'{self.video.path}: ended early: {self._stop}')
            return True
        # While images come, theirs is the time that counts.
        if self.seconds is None or self._is_connected:
            return False
        return self._clock.machine_time(time.monotonic()) >= self.seconds

    def _come_back(self, reason: str) -> bool:
        """Open the stream again, patiently; whether that worked."""
        self._disconnect()
        if self._connection.duration is not None:
            self._end_of_recording(self._connection.duration, reason)
            return False
        lost_at = self._clock.arrived
        self._log(
            f'{self.video.path}: dropped out at {self._clock.seconds:.1f} s ({reason}); '
            f'trying for {self.patience:g} s to get it back'
        )
        if not self._gaps or lost_at - self._opened >= LASTING:
            self._until, self._pause = time.monotonic() + self.patience, FIRST_PAUSE
        else:
            self._wait()
        while not self._has_to_end() and time.monotonic() < self._until:
            try:
                self._open()
            except ConnectionError as error:
                reason = str(error)
                self._wait()
            else:
                self._note_gap(time.monotonic() - lost_at)
                return True
        if not self._has_to_end():
            self._end_because(
                f'{self.video.path}: did not come back within {self.patience:g} s '
                f'({reason}); it ends at {self._clock.seconds:.1f} s'
            )
        return False

    def _end_of_recording(self, duration: float, reason: str) -> None:
        if self._clock.seconds < duration * DURATION_SLACK:
            self._end_because(
                f'{self.video.path}: broke off at {self._clock.seconds:.1f} of '
                f'{duration:.1f} s ({reason})'
            )

    def _note_gap(self, gap: float) -> None:
        self._clock.forget_stamps()
        self._gaps += 1
        self._gap_seconds += gap
        print_log(f'{self.video.path}: back after {gap:.1f} s', logger='current')

    def _open(self) -> None:
        """Connect and wait for the first image, which tells the size."""
        self._connection: NetworkConnection | CameraConnection
        self._connection = open_connection(self._address, self._timeout)
        images = self._connection.images()
        try:
            first = next(images, None)
        except ConnectionError:
            self._connection.close()
            raise
        if first is None:
            self._connection.close()
            raise ConnectionError('it ended before its first image')
        self._size = first.size
        self._is_connected = True
        self._opened = time.monotonic()
        self._images = chain([first], images)

    def _disconnect(self) -> None:
        if self._is_connected:
            self._is_connected = False
            self._damaged += self._connection.damaged
            self._guessed += self._connection.guessed
            self._connection.close()

    def _wait(self) -> None:
        """Pause before the next attempt, each time longer."""
        until = min(time.monotonic() + self._pause, self._until)
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
        while self._stop is None and (remaining := until - time.monotonic()) > 0:
            time.sleep(min(remaining, NAP))

    def _end_because(self, message: str) -> None:
        if not self._end:
            self._end = message
            self._log(f'{message}. What was seen so far is kept.')

    def _log(self, message: str) -> None:
        print_log(message, logger='current', level=logging.WARNING)


def _other_size(video: VideoInfo, size: tuple[int, int]) -> str:
    return (
        f'{video.path}: its images are {size[0]}x{size[1]} now, they were '
        f'{video.width}x{video.height}. Boxes of both cannot stand in one trajectory, so '
        'it ends here; start again for the new size, or fix the size at the camera'
    )
