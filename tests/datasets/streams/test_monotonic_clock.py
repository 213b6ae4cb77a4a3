"""Times that never decrease."""

from __future__ import annotations

import numpy as np

from mmsmot.datasets.streams.monotonic_clock import MonotonicClock


def test_the_first_stamp_is_zero_and_repeats_are_kept() -> None:
    clock = MonotonicClock(0.5)
    assert [clock.read(s) for s in (1.7e9, 1.7e9 + 1, 1.7e9 + 1)] == [0, 1, 1]
    assert clock.num_jumps == 0


def test_a_clock_set_back_goes_on_by_one_step() -> None:
    clock = MonotonicClock(0.5, origin=10.0)
    seconds = [clock.read(s) for s in (12.0, 13.0, 3.0, 4.0, 4.25, 1.0)]
    assert seconds == [2, 3, 3.5, 4.5, 4.75, 5.25]
    assert clock.num_jumps == 2
    clock = MonotonicClock(0.5)
    assert [clock.read(s) for s in (10, 7.5, 8)] == [0, 0.5, 1]  # 5 steps back


def test_jitter_does_not_add_up() -> None:
    """Stamps of 25 frames a second, each off by up to 60 ms: 40 s stay 40 s."""
    jitter = np.random.default_rng(0).uniform(-0.06, 0.06, 1000)
    clock = MonotonicClock(0.04, origin=0.0)
    stamps = 0.04 * np.arange(1, 1001) + jitter
    seconds = np.array([clock.read(stamp) for stamp in stamps])
    assert (np.diff(seconds) >= 0).all()
    assert np.abs(seconds - 0.04 * np.arange(1, 1001)).max() < 0.07
    assert clock.num_jumps == 0
