"""Seconds since a stream began, through its own time stamps and its gaps."""

from __future__ import annotations

# Stamps that leap further than this beyond the time that passed were set anew, as by a
# camera that learnt the hour.
LARGEST_LEAP = 10.0
SMALLEST_STEP = 0.001


class StreamClock:
    """Gives every image its time.

    Within a connection the stream's own stamps count, since images arrive in bursts.
    Behind a gap, or a leap of the stamps, they are hung up anew at the time that has
    passed here.

    Args:
        largest_leap: Seconds that a stamp may leap beyond the time that passed.

    Attributes:
        seconds: Time of the last image.
        arrived: When it came, in seconds of the machine's steady clock.
    """

    def __init__(self, largest_leap: float = LARGEST_LEAP) -> None:
        self.largest_leap = largest_leap
        self.seconds = 0.0
        self.arrived: float | None = None
        self._began = 0.0
        self._offset: float | None = None

    def forget_stamps(self) -> None:
        """The next connection's stamps begin somewhere else."""
        self._offset = None

    def machine_time(self, clock_time: float) -> float:
        """What the time is by this machine's clock.

        A stream that ran ahead of it (a server's backlog) does not go back.
        """
        if self.arrived is None:
            return 0.0
        return max(clock_time - self._began, self.seconds + clock_time - self.arrived)

    def read(self, stamp: float | None, clock_time: float) -> float:
        """The time of the image that came just now, later than that of the last.

        Args:
            stamp: Seconds of the stream's own clock, ``None`` where it has none.
            clock_time: Seconds of the machine's steady clock.
        """
        if self.arrived is None:
            self._began = clock_time
            seconds = 0.0
        else:
            seconds = max(self._next(stamp, clock_time), self.seconds + SMALLEST_STEP)
        if stamp is not None and self._offset is None:
            self._offset = seconds - stamp
        self.seconds, self.arrived = seconds, clock_time
        return seconds

    def _next(self, stamp: float | None, clock_time: float) -> float:
        if stamp is not None and self._offset is not None:
            step = stamp + self._offset - self.seconds
            if 0 < step <= clock_time - self.arrived + self.largest_leap:
                return stamp + self._offset
            self._offset = None
        return self.machine_time(clock_time)
