"""Time by stage."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch


class Stopwatch:
    """Books the time since the last booking on a stage.

    A GPU is waited for, or its work would be booked on whichever stage first needs it.

    Attributes:
        seconds: Seconds spent in each stage so far.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last_booking = _now()

    def book(self, stage: str) -> None:
        """Book everything since the last call on ``stage``."""
        time_now = _now()
        self.seconds[stage] = (
            self.seconds.get(stage, 0.0) + time_now - self._last_booking
        )
        self._last_booking = time_now

    def add(self, seconds: dict[str, float]) -> None:
        """Add what another stopwatch booked since the last call; the rest is left open.

        Args:
            seconds: By stage.
        """
        for stage, duration in seconds.items():
            self.seconds[stage] = self.seconds.get(stage, 0.0) + duration
            self._last_booking += duration

    @contextmanager
    def part(self, stage: str) -> Iterator[None]:
        """Book the block on ``stage`` instead of on the stage that it is a part of."""
        begin = _now()
        booked = self.total
        try:
            yield
        finally:
            # What was booked inside, by parts of this part, is not booked twice.
            duration = _now() - begin - (self.total - booked)
            self.seconds[stage] = self.seconds.get(stage, 0.0) + duration
            self._last_booking += duration

    @property
    def total(self) -> float:
        """Seconds booked in all."""
        return sum(self.seconds.values())


def _now() -> float:
    """Seconds on a clock, when all that was begun is done."""
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()
    return time.perf_counter()
