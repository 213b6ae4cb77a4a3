"""Ctrl-C ends a live stream, and not the work on what was seen."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from ..datasets import VideoReader, VideoStream

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interruptible_stream(video: VideoReader) -> Iterator[None]:
    """Let Ctrl-C (or SIGTERM) end a live stream in the block.

    The stream ends with its next image and all that was seen is written; a second
    Ctrl-C stops everything, as does one that comes when the stream has ended already.
    Nothing changes for files, and in threads other than the main one, which get no
    signals.
    """
    is_main_thread = threading.current_thread() is threading.main_thread()
    stream = video.source
    if not (is_main_thread and isinstance(stream, VideoStream)):
        yield
        return
    old_handlers = {number: signal.getsignal(number) for number in SIGNALS}

    def end(number: int, _: FrameType | None) -> None:
        restore()
        if stream.is_over:
            raise KeyboardInterrupt
        stream.stop(f'interrupted ({signal.Signals(number).name})')

    def restore() -> None:
        for number, handler in old_handlers.items():
            signal.signal(number, handler or signal.SIG_DFL)  # None: not Python's

    for number in SIGNALS:
        signal.signal(number, end)
    try:
        yield
    finally:
        restore()
