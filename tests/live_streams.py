"""Cameras and servers for tests: nothing of it needs a device or a network."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Callable, Sequence

import av
import cv2
import numpy as np
from av.video.reformatter import Interpolation

from mmsmot.models.detectors import BaseDetector
from mmsmot.structures import Detections, Frame

FPS = 25


def numbered(number: int, width: int = 96, height: int = 64) -> np.ndarray:
    """A grey image (5 steps a number) with a white person who walks to the right."""
    image = np.full((height, width, 3), 5 * number % 150, np.uint8)
    left = 4 + 2 * (number % 20)
    image[20:50, left : left + 12] = 255
    return image


def number_of(image: np.ndarray) -> int:
    """The number of such an image."""
    return round(float(np.median(image[2:16, 4:-4])) / 5)


def transport_stream(first: int, last: int, width: int = 96, height: int = 64) -> bytes:
    """H.264 in MPEG-TS of the images ``first`` to ``last``, stamps from 0."""
    stream = io.BytesIO()
    with av.open(stream, 'w', format='mpegts') as container:
        options = {'bf': '0', 'g': '5', 'preset': 'ultrafast'}
        video = container.add_stream('libx264', rate=FPS, options=options)
        video.width, video.height, video.pix_fmt = width, height, 'yuv420p'
        for number in range(first, last + 1):
            image = numbered(number, width, height)
            frame = av.VideoFrame.from_ndarray(image, format='bgr24').reformat(
                format='yuv420p', interpolation=Interpolation.ACCURATE_RND
            )
            frame.pts = number - first
            container.mux(video.encode(frame))
        container.mux(video.encode())
    return stream.getvalue()


class StreamServer:
    """Serves TCP (or HTTP) connections of this machine by a script.

    Args:
        script: For each connection what it gets before it is closed; a number instead is
            seconds for which nobody answers at all. After it nobody answers any more.
        http: Answer requests instead of sending at once.
    """

    def __init__(self, *script: bytes | float, http: bool = False) -> None:
        self.script = script
        self.http = http
        self._listener = self._listen(0)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def url(self, user: str = '') -> str:
        scheme, path = ('http', '/door.ts?token=abc') if self.http else ('tcp', '')
        return f'{scheme}://{user}127.0.0.1:{self.port}{path}'

    def __enter__(self) -> StreamServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _listen(self, port: int) -> socket.socket:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(('127.0.0.1', port))
        listener.listen()
        return listener

    def _serve(self) -> None:
        for part in self.script:
            if isinstance(part, float):
                self._listener.close()
                time.sleep(part)
                self._listener = self._listen(self.port)
                continue
            connection, _ = self._listener.accept()
            with connection:
                if self.http:
                    connection.recv(65536)
                    connection.sendall(b'HTTP/1.0 200 OK\r\n\r\n')
                connection.sendall(part)
        self._listener.close()


class FakeTime:
    """Stands for the module ``time``: it passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class FakeCamera:
    """Stands for ``cv2.VideoCapture`` of one camera at 25 frames a second.

    Args:
        clock: Passes by 1/25 s an image.
        last: The number after which it gives no more.
        away: From and to when nobody finds it, in the clock's seconds.
        at: Called with each image's number.
        size: Width and height by the time.
    """

    def __init__(
        self,
        clock: FakeTime,
        last: int = 10**9,
        away: tuple[float, float] = (0, 0),
        at: Callable[[int], None] = lambda number: None,
        size: Callable[[float], tuple[int, int]] = lambda now: (96, 64),
    ) -> None:
        self.clock = clock
        self.last = last
        self.away = away
        self.at = at
        self.size = size
        self.number = 0
        self.opened: list[int | str] = []
        self.is_open = False

    def __call__(self, device: int | str) -> FakeCamera:
        self.opened.append(device)
        self.is_open = not self._is_away()
        return self

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return self.is_open

    def get(self, what: int) -> float:
        return {cv2.CAP_PROP_FPS: float(FPS)}.get(what, 0.0)

    def read(self) -> tuple[bool, np.ndarray | None]:
        self.clock.now += 1 / FPS
        if not self.is_open or self._is_away() or self.number >= self.last:
            return False, None
        self.number += 1
        self.at(self.number)
        return True, numbered(self.number, *self.size(self.clock.now))

    def release(self) -> None:
        self.is_open = False

    def _is_away(self) -> bool:
        return self.away[0] <= self.clock.now < self.away[1]


class BlobDetector(BaseDetector):
    """Finds the box around what is white."""

    fingerprint = 'blob'

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        return [_blob(frame.image) for frame in frames]


def _blob(image: np.ndarray) -> Detections:
    rows, columns = np.nonzero(image[:, :, 0] > 200)
    if not len(rows):
        return Detections.empty()
    box = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    return Detections(np.array([box], float), np.ones(1))
