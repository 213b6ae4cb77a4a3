"""The lights of a crossing."""

from __future__ import annotations

import numpy as np

from mmsmot.datasets.synsmot.street.traffic_lights import (
    APPROACHES,
    CYCLE,
    GREEN,
    WALK,
    WALK_LEAST,
    TrafficLights,
)


def test_each_approach_has_its_turn_and_walkers_theirs() -> None:
    lights = TrafficLights(np.random.default_rng(0))
    step = 0.01
    times = np.arange(0, CYCLE, step)
    green = np.array([lights.green_approach(time) for time in times])
    walk = np.array([lights.may_walk(time) for time in times])
    seconds = [step * (green == approach).sum() for approach in range(APPROACHES)]
    np.testing.assert_allclose(seconds, GREEN, atol=2 * step)
    np.testing.assert_allclose(step * walk.sum(), WALK - WALK_LEAST, atol=2 * step)
    assert not (walk & (green >= 0)).any()
    # Between two turns nobody drives, and nobody sets out.
    changes = np.flatnonzero(np.diff(green))
    assert (
        (green[changes] == -1).sum() == (green[changes + 1] == -1).sum() == APPROACHES
    )
    assert [lights.green_approach(time + CYCLE) for time in times[::97]] == [
        int(approach) for approach in green[::97]
    ]
