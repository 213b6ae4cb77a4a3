"""Kalman filters whose coordinates a turning camera couples."""

from __future__ import annotations

import numpy as np

from .kalman_filter import (
    MEAN,
    PLANES,
    VARIANCE,
    VELOCITY,
    VELOCITY_VARIANCE,
    BoxKalmanFilter,
    XYSRFilter,
)

# Two planes more of a state: coupled_covariances between the two coordinates of a pair, which are
# 0 and 1, or 2 and 3. In CROSS those of the means and of the velocities, in CROSS_VELOCITY
# of the first's mean with the second's velocity and the other way round.
CROSS, CROSS_VELOCITY = PLANES, PLANES + 1


class CoupledFilter(BoxKalmanFilter):
    """A filter that carries its covariance, too, along with the camera.

    A turn mixes x with y, so that what is known of one tells of the other. No turn mixes
    x or y with a size: the 8 x 8 covariance falls apart into two of 4 x 4. States are
    (7, N, 4) arrays. As long as the camera only shifts, no coordinate is coupled, and the
    plain filter's four of 2 x 2 do.
    """

    planes = PLANES + 2

    def step(self, state: np.ndarray) -> np.ndarray:
        stepped = np.empty_like(state)
        stepped[:PLANES] = super().step(state[:PLANES])
        # F P F^T, as in the plain filter; the noise is diagonal.
        cross, cross_velocity = _by_pair(state[CROSS:])
        position = cross[..., 0] + cross[..., 1] + cross_velocity.sum(axis=2)
        new_cross, new_cross_velocity = _by_pair(stepped[CROSS:])
        new_cross[..., 0], new_cross[..., 1] = position, cross[..., 1]
        new_cross_velocity[:] = cross_velocity + cross[..., 1:]
        return stepped

    def update(
        self,
        state: np.ndarray,
        boxes: np.ndarray,
        noise_scale: np.ndarray | None = None,
    ) -> np.ndarray:
        updated = np.zeros_like(state)
        if not state[CROSS:].any():
            updated[:PLANES] = super().update(state[:PLANES], boxes, noise_scale)
            return updated
        shape = (len(boxes), 2, 2)
        noise = np.broadcast_to(self.measurement_noise(state), state[MEAN].shape)
        if noise_scale is not None:
            noise = noise * noise_scale[:, None]
        covariance = coupled_covariances(state)
        spread = covariance[..., :2]  # P H^T
        innovation_covariance = covariance[..., :2, :2] + (
            noise.reshape(*shape, 1) * np.eye(2)
        )
        gain = spread @ np.linalg.inv(innovation_covariance)
        innovation = (self.to_measurement(boxes) - state[MEAN]).reshape(*shape, 1)
        shift = (gain @ innovation)[..., 0]
        updated[MEAN] = state[MEAN] + shift[..., :2].reshape(-1, 4)
        updated[VELOCITY] = state[VELOCITY] + shift[..., 2:].reshape(-1, 4)
        set_coupled_covariances(updated, covariance - gain @ spread.swapaxes(2, 3))
        return updated


class XYWHFilter(CoupledFilter):
    """BoT-SORT's filter: centre x, y, width and height.

    The noise of x and of the width grows with the width, that of y and of the height with
    the height (BoT-SORT, section 3.1, and the released code).

    Args:
        position_weight: Standard deviation of a position as a fraction of the size.
        velocity_weight: The same for a velocity.
    """

    length_powers = np.array([1.0, 1.0])

    def __init__(
        self, position_weight: float = 1 / 20, velocity_weight: float = 1 / 160
    ) -> None:
        self._position = position_weight**2
        self._velocity = velocity_weight**2

    def to_measurement(self, boxes: np.ndarray) -> np.ndarray:
        sizes = boxes[:, 2:] - boxes[:, :2]
        return np.concatenate([boxes[:, :2] + sizes / 2, sizes], axis=1)

    def to_boxes(self, state: np.ndarray) -> np.ndarray:
        centres, half_sizes = state[MEAN, :, :2], state[MEAN, :, 2:] / 2
        return np.concatenate([centres - half_sizes, centres + half_sizes], axis=1)

    def initiate(self, boxes: np.ndarray) -> np.ndarray:
        state = np.zeros((self.planes, len(boxes), 4))
        state[MEAN] = self.to_measurement(boxes)
        squares = _squared_sizes(state)
        state[VARIANCE] = 2**2 * self._position * squares
        state[VELOCITY_VARIANCE] = 10**2 * self._velocity * squares
        return state

    def process_noise(self, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        squares = _squared_sizes(state)
        return self._position * squares, self._velocity * squares

    def measurement_noise(self, state: np.ndarray) -> np.ndarray:
        return self._position * _squared_sizes(state)

    def warp(self, state: np.ndarray, affine: np.ndarray) -> np.ndarray:
        """The states in an image that the camera's motion has moved.

        As BoT-SORT does (section 3.2 and the released code): the linear
        part is applied to centre, size and both velocities alike, and to the covariance
        from both sides. Under a roll, width and height are turned as if they were a
        point.

        Args:
            state: (7, N, 4).
            affine: (2, 3) from the last image to this one.
        """
        linear = affine[:, :2]
        warped = state.copy()
        if not np.array_equal(linear, np.eye(2)):
            means = state[: VELOCITY + 1].reshape(2, -1, 2, 2) @ linear.T
            warped[: VELOCITY + 1] = means.reshape(2, -1, 4)
            turn = np.kron(np.eye(2), linear)
            set_coupled_covariances(warped, turn @ coupled_covariances(state) @ turn.T)
        warped[MEAN, :, :2] += affine[:, 2]
        return warped


class CoupledXYSRFilter(CoupledFilter, XYSRFilter):
    """OC-SORT's filter, moved with the camera as Deep OC-SORT does."""

    def warp(self, state: np.ndarray, affine: np.ndarray) -> np.ndarray:
        """The states in an image that the camera's motion has moved.

        Deep OC-SORT's eq. 1: centre and velocity, the covariance of the centre and that of
        the velocity. What is left out there is left out here: the covariance of centre
        with velocity, and area and aspect ratio, which the paper found to be harmed.

        Args:
            state: (7, N, 4).
            affine: (2, 3) from the last image to this one.
        """
        linear = affine[:, :2]
        warped = state.copy()
        if not np.array_equal(linear, np.eye(2)):
            warped[: VELOCITY + 1, :, :2] = state[: VELOCITY + 1, :, :2] @ linear.T
            covariance = coupled_covariances(state)
            for block in (slice(0, 2), slice(2, 4)):
                centre = covariance[:, 0, block, block]
                covariance[:, 0, block, block] = linear @ centre @ linear.T
            set_coupled_covariances(warped, covariance)
        warped[MEAN, :, :2] += affine[:, 2]
        return warped


def coupled_covariances(state: np.ndarray) -> np.ndarray:
    """(N, 2, 4, 4) of each pair of coordinates: both means, then both velocities."""
    matrix = np.empty((state.shape[1], 2, 4, 4))
    for rows, columns, values in _entries(state):
        matrix[:, :, rows, columns] = matrix[:, :, columns, rows] = values
    return matrix


def set_coupled_covariances(state: np.ndarray, matrix: np.ndarray) -> None:
    """Write what :func:`coupled_covariances` reads into a state."""
    for rows, columns, values in _entries(state):
        values[:] = matrix[:, :, rows, columns]


def _entries(state: np.ndarray) -> list[tuple[list[int], list[int], np.ndarray]]:
    """Where the planes stand in the matrix: rows, columns, and a view (N, 2, 2)."""
    cross, cross_velocity = _by_pair(state[CROSS:])
    variance, covariance, velocity_variance = _by_pair(
        state[VARIANCE : VELOCITY_VARIANCE + 1]
    )
    return [
        ([0, 1], [0, 1], variance),
        ([0, 1], [2, 3], covariance),
        ([2, 3], [2, 3], velocity_variance),
        ([0, 2], [1, 3], cross),
        ([0, 1], [3, 2], cross_velocity),
    ]


def _by_pair(planes: np.ndarray) -> list[np.ndarray]:
    """Views (N, 2, 2) of planes (K, N, 4): tracks, pairs, the two of a pair."""
    return [plane.reshape(-1, 2, 2) for plane in planes]


def _squared_sizes(state: np.ndarray) -> np.ndarray:
    """(N, 4) squares of width and height, for x, y, width and height."""
    return np.tile(state[MEAN, :, 2:] ** 2, 2)
