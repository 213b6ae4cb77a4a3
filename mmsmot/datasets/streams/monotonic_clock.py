"""Time stamps that never go back, whatever the clock that gave them did."""

from __future__ import annotations


class MonotonicClock:
    """Turns the stamps of a clock into seconds that never decrease.

    Where a stamp lies before the one before it (a clock that was set back, recordings
    joined into one file), the time goes on by one step from there. A stamp that repeats
    is a time that repeats.

    Args:
        step: Seconds from one frame to the next, where the stamps do not tell.
        origin: The stamp that counts as 0; ``None`` for that of the first frame.

    Attributes:
        num_jumps: How often the stamps went back.
    """

    def __init__(self, step: float, origin: float | None = None) -> None:
        self.step = step
        self.num_jumps = 0
        self._origin = origin
        self._last: float | None = None

    def read(self, stamp: float) -> float:
        """Seconds since the origin of the frame with this stamp."""
        if self._origin is None:
            self._origin = stamp
        seconds = stamp - self._origin
        if self._last is not None and seconds < self._last:
            self.num_jumps += 1
            seconds = self._last + self.step
            self._origin = stamp - seconds
        self._last = seconds
        return seconds
