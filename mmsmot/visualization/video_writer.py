"""Writing a video that every browser plays."""

from __future__ import annotations

import logging
import math
import os
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Final

import av
import cv2
import numpy as np
from av.video.reformatter import (
    ColorPrimaries,
    ColorRange,
    Colorspace,
    ColorTrc,
    Interpolation,
)
from mmengine.logging import print_log

from ..utils.atomic import atomic_path

ENCODER: Final = 'libx264'
# FFmpeg's default conversion cuts luma and chroma off instead of rounding them: grey
# 200 would come back as 197.
CONVERSION = Interpolation.BILINEAR | Interpolation.ACCURATE_RND
# 29.97, 23.976, ... are fractions over 1001.
MAX_FPS_DENOMINATOR = 1001
# Ticks a second at least of a video whose images have times of their own.
TICKS = 10_000


class VideoWriter:
    """Writes images as H.264, ``yuv420p``, into an mp4 that starts playing at once.

    Use it in a ``with`` block: the file appears under its name when the block ends
    well, and nothing is left behind when it does not. Odd sizes, which ``yuv420p``
    cannot have, are widened by repeating the last row or column. An image of another
    size than the first is scaled to it, and the first such image is logged.

    Images follow each other at ``fps``; where they are written with timestamps, these
    count (a variable frame rate), and ``fps`` only says how long the last one is shown.

    Args:
        path: The file, ``*.mp4``.
        fps: Frames per second; 29.97 and its like become the fraction they stand for.
        size: Width and height in pixels, ``None`` for those of the first image.
        crf: libx264's constant rate factor, from 0 (lossless) to 51; 20 can hardly be
            told from the original.
        preset: libx264's balance of speed and size.

    Raises:
        ValueError: The name does not end in ``.mp4``, ``fps`` is no more than
            0.001, or ``size`` is not positive; when the block ends: no image was
            written.
        RuntimeError: PyAV has no libx264.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        fps: float | Fraction,
        size: tuple[int, int] | None = None,
        crf: int = 20,
        preset: str = 'veryfast',
    ) -> None:
        self.path = Path(path)
        if self.path.suffix.lower() != '.mp4':
            raise ValueError(f'{path}: videos are written as .mp4, name it so')
        if not 1 / MAX_FPS_DENOMINATOR <= fps < float('inf'):
            raise ValueError(f'{path}: fps must be above 0.001, got {fps}')
        if size is not None and min(size) < 1:
            raise ValueError(f'{path}: size must be at least 1x1, got {size}')
        if ENCODER not in av.codecs_available:
            raise RuntimeError(
                f'this PyAV ({av.__version__}) was built without {ENCODER}, which H.264 '
                'needs. The wheel on PyPI has it:  pip install --force-reinstall av'
            )
        self.fps = Fraction(fps).limit_denominator(MAX_FPS_DENOMINATOR)
        self.size = size
        self.crf = crf
        self.preset = preset
        self.num_frames = 0
        self._stack: ExitStack | None = None
        self._stream: av.video.stream.VideoStream | None = None
        self._scaled = False
        self._origin: float | None = None
        self._last_ticks = -1

    def __enter__(self) -> VideoWriter:
        self._stack = ExitStack()
        temporary = self._stack.enter_context(atomic_path(self.path))
        self._container = self._stack.enter_context(
            av.open(
                str(temporary), 'w', format='mp4', options={'movflags': 'faststart'}
            )
        )
        return self

    def write(self, image: np.ndarray, timestamp: float | None = None) -> None:
        """Append an image.

        Args:
            image: (H, W, 3) uint8 BGR.
            timestamp: When it is shown, in seconds of any clock; the video begins with
                the first. ``None``: by ``fps``. Either all images have one or none.
        """
        if self._stack is None:
            raise RuntimeError(f'{self.path}: write() outside of the "with" block')
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise ValueError(
                f'{self.path}: expected an image (H, W, 3) uint8, got {image.shape} '
                f'{image.dtype}'
            )
        size = self.size = self.size or (image.shape[1], image.shape[0])
        if self._stream is None:
            self._origin = timestamp
            self._stream = self._add_stream(*size)
        frame = av.VideoFrame.from_ndarray(self._fitted(image, size), format='bgr24')
        frame = frame.reformat(
            format='yuv420p',
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
            interpolation=CONVERSION,
            threads=1,
        )
        frame.pts = self._time_of(timestamp)
        frame.time_base = 1 / (self.fps * self._ticks)
        frame.duration = self._ticks
        self._container.mux(self._stream.encode(frame))
        self.num_frames += 1

    @property
    def _ticks(self) -> int:
        """Ticks of the video's clock in a frame of ``fps``.

        A multiple of the frame rate, so that a constant rate stays exactly constant.
        """
        return 1 if self._origin is None else math.ceil(TICKS / self.fps)

    def _time_of(self, timestamp: float | None) -> int:
        """The next image's time in ticks; each is later than the one before."""
        if (timestamp is None) != (self._origin is None):
            raise ValueError(f'{self.path}: either all images have a time or none')
        if timestamp is None or self._origin is None:
            return self.num_frames
        ticks = round((timestamp - self._origin) * float(self.fps * self._ticks))
        self._last_ticks = max(ticks, self._last_ticks + 1)
        return self._last_ticks

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        stack, self._stack = self._stack, None
        if stack is None:
            return
        if error is not None:
            stack.__exit__(kind, error, traceback)  # atomic_path removes the file
            return
        with stack:
            if self._stream is None:
                raise ValueError(f'{self.path}: no image was written')
            self._container.mux(self._stream.encode())

    def _add_stream(self, width: int, height: int) -> av.video.stream.VideoStream:
        options = {'crf': str(self.crf), 'preset': self.preset}
        if self._origin is not None:
            # mp4 says how long it is by the order of decoding; let that be the images'.
            options['bf'] = '0'
        stream = self._container.add_stream(ENCODER, rate=self.fps, options=options)
        assert isinstance(stream, av.video.stream.VideoStream)
        stream.width, stream.height = width + width % 2, height + height % 2
        stream.pix_fmt = 'yuv420p'
        stream.codec_context.time_base = 1 / (self.fps * self._ticks)
        # Untagged, players guess the matrix by the image's size and shift the colours.
        stream.codec_context.colorspace = Colorspace.ITU709
        stream.codec_context.color_range = ColorRange.MPEG
        stream.codec_context.color_primaries = ColorPrimaries.BT709
        stream.codec_context.color_trc = ColorTrc.BT709
        return stream

    def _fitted(self, image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        height, width = image.shape[:2]
        if (width, height) != size:
            if not self._scaled:
                print_log(
                    f'{self.path}: image {self.num_frames + 1} is {width}x{height}, '
                    f'the video {size[0]}x{size[1]}; scaling such images',
                    logger='current',
                    level=logging.WARNING,
                )
            self._scaled = True
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
            width, height = size
        if width % 2 or height % 2:
            image = cv2.copyMakeBorder(
                image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE
            )
        return np.ascontiguousarray(image)
