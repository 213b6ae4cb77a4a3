"""Time stamps that never go back, whatever the clock that gave them did."""

from __future__ import annotations

# More than a decoder reorders frames by, less than a clock is worth being set back.
JITTER_STEPS = 5


class MonotonicClock:
    """Turns the stamps of a clock into seconds that never decrease.

    Where a stamp lies less than ``JITTER_STEPS`` steps before the latest one (jitter of the
    clock, frames out of order), the time stands still until the stamps have caught up.
    Where it lies farther back (a clock that was set back, recordings joined into one
    file), the time goes on by one step from there. A stamp that repeats is a time that
    repeats.

    Args:
        step: Seconds from one frame to the next, where the stamps do not tell.
        origin: The stamp that counts as 0; ``None`` for that of the first frame.

    Attributes:
        num_jumps: How often the stamps went back by more than jitter.
    """

    def __init__(self, step: float, origin: float | None = None) -> None:
        self.step = step
        self.num_jumps = 0
        self._origin = origin
        self._latest: float | None = None

    def read(self, stamp: float) -> float:
        """Seconds since the origin of the frame with this stamp."""
        if self._origin is None:
            self._origin = stamp
        seconds = stamp - self._origin
        latest = self._latest
        if latest is not None and seconds < latest:
            if latest - seconds < JITTER_STEPS * self.step:
                return latest
            self.num_jumps += 1
            seconds = latest + self.step
            self._origin = stamp - seconds
        self._latest = seconds
        return seconds
