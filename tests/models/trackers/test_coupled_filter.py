"""Filters that a turning camera couples, against textbook matrices."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.models.trackers.coupled_filter import (
    CROSS,
    CoupledXYSRFilter,
    XYWHFilter,
    coupled_covariances,
    set_coupled_covariances,
)
from mmsmot.models.trackers.kalman_filter import MEAN, VELOCITY, XYSRFilter

BOXES = np.array([[10.0, 20, 60, 140], [300, 40, 330, 118], [5, 5, 25, 45]])
ROLL = np.array([[0.95, -0.2, 12.0], [0.2, 0.95, -7.0]])
FILTERS = {'xywh': XYWHFilter(), 'xysr': CoupledXYSRFilter(height_epsilon=1e-6)}
every_filter = pytest.mark.parametrize('kalman', FILTERS.values(), ids=FILTERS)


def matrices(state: np.ndarray, i: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean (8,) and covariance (8, 8) of track ``i``, positions before velocities."""
    mean = np.concatenate([state[MEAN, i], state[VELOCITY, i]])
    covariance = np.zeros((8, 8))
    for pair, part in enumerate(coupled_covariances(state)[i]):
        places = 2 * pair + np.array([0, 1, 4, 5])
        covariance[np.ix_(places, places)] = part
    return mean, covariance


def noise_of(kalman, mean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Q (8,) and R (4,) diagonals as the originals write them down."""
    if isinstance(kalman, XYSRFilter):
        return np.array([1, 1, 1, 1, 0.01, 0.01, 1e-4, 0]), np.array([1, 1, 10, 10.0])
    sizes = np.tile(mean[2:4], 2)
    return np.concatenate([sizes / 20, sizes / 160]) ** 2, (sizes / 20) ** 2


def turned(kalman, mean: np.ndarray, covariance: np.ndarray) -> tuple:
    """What the papers say of the camera: all of it, or blocks alone (eq. 1)."""
    linear = ROLL[:, :2]
    mean, covariance = mean.copy(), covariance.copy()
    if isinstance(kalman, XYWHFilter):
        transition = np.kron(np.eye(4), linear)
        mean, covariance = transition @ mean, transition @ covariance @ transition.T
    else:
        for block in (slice(0, 2), slice(4, 6)):
            mean[block] = linear @ mean[block]
            covariance[block, block] = linear @ covariance[block, block] @ linear.T
    mean[:2] += ROLL[:, 2]
    return mean, covariance


@every_filter
def test_equals_the_matrix_filter_under_a_roll(kalman) -> None:
    transition, observe = np.eye(8) + np.eye(8, k=4), np.eye(4, 8)
    rng = np.random.default_rng(0)
    state = kalman.initiate(BOXES)
    expected = [matrices(state, i) for i in range(len(BOXES))]
    for step in range(6):
        state = kalman.predict(state)
        if step % 2:
            state = kalman.warp(state, ROLL)
        boxes = BOXES + rng.normal(0, 3, BOXES.shape)
        scale = rng.uniform(0.2, 1, len(BOXES))
        measured = kalman.to_measurement(boxes)
        updated = kalman.update(state, boxes, scale)
        for i, (mean, covariance) in enumerate(expected):
            q, _ = noise_of(kalman, mean)
            mean = transition @ mean
            covariance = transition @ covariance @ transition.T + np.diag(q)
            if step % 2:
                mean, covariance = turned(kalman, mean, covariance)
            r = noise_of(kalman, mean)[1] * scale[i]
            spread = observe @ covariance @ observe.T + np.diag(r)
            gain = covariance @ observe.T @ np.linalg.inv(spread)
            mean = mean + gain @ (measured[i] - observe @ mean)
            covariance = (np.eye(8) - gain @ observe) @ covariance
            expected[i] = mean, covariance
            actual_mean, actual_covariance = matrices(updated, i)
            np.testing.assert_allclose(actual_mean, mean, rtol=1e-9, atol=1e-9)
            np.testing.assert_allclose(
                actual_covariance, covariance, rtol=1e-9, atol=1e-9
            )
        state = updated
    assert state[CROSS:].any()


@every_filter
def test_a_shift_couples_nothing(kalman) -> None:
    state = kalman.predict(kalman.initiate(BOXES))
    shift = np.array([[1.0, 0, 5], [0, 1, -3]])
    warped = kalman.warp(state, shift)
    np.testing.assert_array_equal(warped[1:], state[1:])
    np.testing.assert_allclose(warped[MEAN, :, :2], state[MEAN, :, :2] + [5, -3])
    assert not kalman.update(warped, BOXES)[CROSS:].any()


@every_filter
def test_arguments_stay_as_they_are(kalman) -> None:
    state = kalman.warp(kalman.predict(kalman.initiate(BOXES)), ROLL)
    state_before = state.copy()
    kalman.predict(state), kalman.update(state, BOXES), kalman.warp(state, ROLL)
    np.testing.assert_array_equal(state, state_before)


def test_covariances_are_written_as_they_are_read() -> None:
    rng = np.random.default_rng(0)
    state, empty_state = rng.normal(size=(7, 3, 4)), np.zeros((7, 3, 4))
    set_coupled_covariances(empty_state, coupled_covariances(state))
    np.testing.assert_array_equal(empty_state[2:], state[2:])


def test_sizes_of_the_initial_uncertainty() -> None:
    """Twice and ten times the step's, by width for x and w, by height for y and h."""
    _, covariance = matrices(XYWHFilter().initiate(BOXES), 0)  # 50 x 120
    expected = [5, 12, 5, 12, 3.125, 7.5, 3.125, 7.5]
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), expected)
