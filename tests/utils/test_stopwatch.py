"""Every second is booked once."""

from __future__ import annotations

import pytest

from mmsmot.utils import stopwatch


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(stopwatch, 'time', made)
    return made


def test_time_goes_to_the_stage_that_ended(clock: Clock) -> None:
    watch = stopwatch.Stopwatch()
    for stage, seconds in (('decode', 2), ('detect', 5), ('decode', 1)):
        clock.now += seconds
        watch.book(stage)
    assert watch.seconds == {'decode': 3, 'detect': 5}
    assert watch.total == 8


def test_a_part_is_taken_from_its_stage(clock: Clock) -> None:
    watch = stopwatch.Stopwatch()
    clock.now += 1
    with watch.part('pool'):
        clock.now += 10
        with watch.part('decode'):
            clock.now += 100
    clock.now += 2
    watch.book('describe')
    assert watch.seconds == {'pool': 10, 'decode': 100, 'describe': 3}
    assert watch.total == 113


def test_a_part_that_fails_is_booked(clock: Clock) -> None:
    watch = stopwatch.Stopwatch()
    with pytest.raises(KeyError), watch.part('pool'):
        clock.now += 4
        raise KeyError
    watch.book('describe')
    assert watch.seconds == {'pool': 4, 'describe': 0}


def test_what_a_gpu_still_does_belongs_to_who_began_it(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = []

    def wait() -> None:
        clock.now += sum(begun)
        begun.clear()

    monkeypatch.setattr(stopwatch.torch.cuda, 'is_initialized', lambda: True)
    monkeypatch.setattr(stopwatch.torch.cuda, 'synchronize', wait)
    watch = stopwatch.Stopwatch()
    clock.now += 1
    begun.append(7)
    watch.book('describe')
    clock.now += 2
    begun.append(20)
    with watch.part('pool'):
        begun.append(40)
    watch.book('detect')
    assert watch.seconds == {'describe': 8, 'detect': 22, 'pool': 40}


def test_without_a_gpu_nothing_is_waited_for(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stopwatch.torch.cuda, 'is_initialized', lambda: False)
    monkeypatch.setattr(stopwatch.torch.cuda, 'synchronize', None)
    watch = stopwatch.Stopwatch()
    watch.book('describe')
    assert watch.seconds == {'describe': 0}
