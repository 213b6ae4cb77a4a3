"""The lights of a crossing: each approach in turn, then those who walk."""

from __future__ import annotations

import numpy as np

GREEN, ALL_RED, WALK = 5.0, 1.5, 6.0  # seconds of a phase
APPROACHES = 4
CYCLE = APPROACHES * (GREEN + ALL_RED) + WALK
WALK_LEAST = 3.5  # seconds of the walkers' light that are left when somebody sets out


class TrafficLights:
    """Which light is green, by the time.

    Args:
        rng: Draws where in their cycle they start.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.start = float(rng.uniform(0, CYCLE))

    def green_approach(self, time: float) -> int:
        """The approach that may drive at a time in seconds; -1 for none."""
        phase, seconds = self._phase(time)
        return phase if phase < APPROACHES and seconds > 0 else -1

    def may_walk(self, time: float) -> bool:
        """Whether the walkers' light lasts long enough to set out."""
        phase, seconds = self._phase(time)
        return phase == APPROACHES and seconds > WALK_LEAST

    def _phase(self, time: float) -> tuple[int, float]:
        """The approach, 4 for walkers, and the seconds of green that are left."""
        length = GREEN + ALL_RED
        time = (time + self.start) % CYCLE
        phase = min(int(time / length), APPROACHES)
        if phase == APPROACHES:
            return phase, CYCLE - time
        return phase, (phase + 1) * length - ALL_RED - time
