"""The decoupled filters against textbook matrices."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.models.trackers.kalman_filter import (
    COVARIANCE,
    MEAN,
    VARIANCE,
    VELOCITY,
    VELOCITY_VARIANCE,
    XYAHFilter,
    XYSRFilter,
)

BOXES = np.array([[10.0, 20, 60, 140], [300, 40, 330, 118], [5, 5, 25, 45]])


def matrices(state: np.ndarray, i: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean (8,) and covariance (8, 8) of track ``i``, positions before velocities."""
    mean = np.concatenate([state[MEAN, i], state[VELOCITY, i]])
    covariance = np.zeros((8, 8))
    for c in range(4):
        covariance[c, c] = state[VARIANCE, i, c]
        covariance[c, c + 4] = covariance[c + 4, c] = state[COVARIANCE, i, c]
        covariance[c + 4, c + 4] = state[VELOCITY_VARIANCE, i, c]
    return mean, covariance


def noise_of(kalman, mean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Q (8,) and R (4,) diagonals as the originals write them down."""
    if isinstance(kalman, XYSRFilter):
        return np.array([1, 1, 1, 1, 0.01, 0.01, 1e-4, 0]), np.array([1, 1, 10, 10.0])
    h = mean[3]
    q = np.array([h / 20, h / 20, 1e-2, h / 20, h / 160, h / 160, 1e-5, h / 160])
    return q**2, np.array([h / 20, h / 20, 1e-1, h / 20]) ** 2


@pytest.mark.parametrize('kalman', [XYSRFilter(), XYAHFilter()], ids=['xysr', 'xyah'])
def test_equals_the_matrix_filter(kalman) -> None:
    transition, observe = np.eye(8) + np.eye(8, k=4), np.eye(4, 8)
    rng = np.random.default_rng(0)
    state = kalman.initiate(BOXES)
    expected = [matrices(state, i) for i in range(len(BOXES))]
    for _ in range(6):
        state = kalman.predict(state)
        boxes = BOXES + rng.normal(0, 3, BOXES.shape)
        measured = kalman.to_measurement(boxes)
        updated = kalman.update(state, boxes)
        for i, (mean, covariance) in enumerate(expected):
            q, _ = noise_of(kalman, mean)
            mean = transition @ mean
            covariance = transition @ covariance @ transition.T + np.diag(q)
            _, r = noise_of(kalman, mean)
            spread = observe @ covariance @ observe.T + np.diag(r)
            gain = covariance @ observe.T @ np.linalg.inv(spread)
            mean = mean + gain @ (measured[i] - observe @ mean)
            covariance = (np.eye(8) - gain @ observe) @ covariance
            expected[i] = mean, covariance
            found_mean, found_covariance = matrices(updated, i)
            np.testing.assert_allclose(found_mean, mean, rtol=1e-9, atol=1e-9)
            np.testing.assert_allclose(
                found_covariance, covariance, rtol=1e-9, atol=1e-9
            )
        state = updated


@pytest.mark.parametrize('kalman', [XYSRFilter(), XYAHFilter()], ids=['xysr', 'xyah'])
def test_boxes_survive_the_way_there_and_back(kalman) -> None:
    np.testing.assert_allclose(
        kalman.to_boxes(kalman.initiate(BOXES)), BOXES, atol=1e-9
    )


def test_a_vanishing_area_stops_shrinking() -> None:
    kalman = XYSRFilter()
    state = kalman.initiate(BOXES[2:])
    state[VELOCITY, 0, 2] = -900  # the area is 800
    predicted = kalman.predict(state)
    assert predicted[MEAN, 0, 2] == 800
    assert state[VELOCITY, 0, 2] == -900  # arguments stay as they are


def test_less_noise_is_more_trust() -> None:
    kalman = XYAHFilter()
    state = kalman.predict(kalman.initiate(BOXES))
    moved = BOXES + 10
    sure = kalman.update(state, moved, np.zeros(3))
    np.testing.assert_allclose(sure[MEAN], kalman.to_measurement(moved), atol=1e-9)
    plain, one = kalman.update(state, moved), kalman.update(state, moved, np.ones(3))
    np.testing.assert_allclose(plain, one)
