"""Times that never decrease."""

from __future__ import annotations

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
