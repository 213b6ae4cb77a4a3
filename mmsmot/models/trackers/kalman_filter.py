"""Constant-velocity Kalman filters for boxes, all tracks at once.

The filters of SORT, DeepSORT, ByteTrack and OC-SORT have diagonal noise and a transition
that couples a coordinate only with its own velocity. Their covariance is therefore zero
between different coordinates for ever, and the 8x8 (7x7) filter falls apart into four
independent filters of a position and a velocity. A state is kept as five numbers for each
of the four coordinates, which replaces every matrix product and inversion by elementwise
arithmetic on (N, 4) arrays with the same result.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

# Planes of a state array (5, N, 4).
MEAN, VELOCITY, VARIANCE, COVARIANCE, VELOCITY_VARIANCE = range(5)
PLANES = 5

# One time step, x' = F x and P' = F P F^T, is linear in the five numbers.
_STEP = np.array(
    [
        [1.0, 1.0, 0.0, 0.0, 0.0],
        [0.0, 1.0, 0.0, 0.0, 0.0],
        [0.0, 0.0, 1.0, 2.0, 1.0],
        [0.0, 0.0, 0.0, 1.0, 1.0],
        [0.0, 0.0, 0.0, 0.0, 1.0],
    ]
)


class BoxKalmanFilter(ABC):
    """A constant-velocity filter of four box coordinates.

    States are (5, N, 4) float64 arrays: mean, velocity, variance of the mean, covariance
    of mean and velocity, variance of the velocity. No method changes its argument.

    Attributes:
        length_powers: Of the last two coordinates, how they grow with the image: 1 for
            a length, 2 for an area, 0 for a ratio.
        planes: Numbers kept for each coordinate; a filter may append to the five.
    """

    length_powers: np.ndarray
    planes: int = PLANES

    @abstractmethod
    def to_measurement(self, boxes: np.ndarray) -> np.ndarray:
        """(N, 4) x1, y1, x2, y2 to the coordinates that are filtered."""

    @abstractmethod
    def to_boxes(self, state: np.ndarray) -> np.ndarray:
        """The boxes (N, 4) x1, y1, x2, y2 of a state (5, N, 4)."""

    @abstractmethod
    def initiate(self, boxes: np.ndarray) -> np.ndarray:
        """States (5, N, 4) of new tracks first seen at ``boxes`` (N, 4)."""

    @abstractmethod
    def process_noise(self, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Variances added to means and velocities by one step, broadcast to (N, 4)."""

    @abstractmethod
    def measurement_noise(self, state: np.ndarray) -> np.ndarray:
        """Variances of a measurement, broadcast to (N, 4)."""

    def predict(self, state: np.ndarray) -> np.ndarray:
        """One time step, and what a filter guards against before it."""
        return self.step(state)

    def step(self, state: np.ndarray) -> np.ndarray:
        """One time step: x' = F x, P' = F P F^T + Q."""
        mean_noise, velocity_noise = self.process_noise(state)
        predicted = (_STEP @ state.reshape(PLANES, -1)).reshape(state.shape)
        predicted[VARIANCE] += mean_noise
        predicted[VELOCITY_VARIANCE] += velocity_noise
        return predicted

    def update(
        self,
        state: np.ndarray,
        boxes: np.ndarray,
        noise_scale: np.ndarray | None = None,
    ) -> np.ndarray:
        """Correct predicted states (5, N, 4) by the boxes (N, 4) measured.

        Args:
            state: Predicted states.
            boxes: One measured box for each.
            noise_scale: (N,), of each measurement's variances; 1 where it is left out.
        """
        noise = self.measurement_noise(state)
        if noise_scale is not None:
            noise = noise * noise_scale[:, None]
        spread = state[VARIANCE : COVARIANCE + 1]
        gain = spread / (state[VARIANCE] + noise)  # of the mean, of the velocity
        innovation = self.to_measurement(boxes) - state[MEAN]
        updated = np.empty_like(state)
        updated[: VELOCITY + 1] = state[: VELOCITY + 1] + gain * innovation
        updated[VARIANCE : COVARIANCE + 1] = spread - gain[0] * spread
        updated[VELOCITY_VARIANCE] = (
            state[VELOCITY_VARIANCE] - gain[1] * state[COVARIANCE]
        )
        return updated

    def warp(self, state: np.ndarray, affine: np.ndarray) -> np.ndarray:
        """The states in an image that the camera's motion has moved.

        Centres and velocities are carried along and sizes grow with the scale;
        variances stay, as in StrongSORT's release (section 3.2, camera motion).

        Args:
            state: (5, N, 4).
            affine: (2, 3) from the last image to this one.
        """
        linear = affine[:, :2]
        warped = state.copy()
        warped[: VELOCITY + 1, :, :2] = state[: VELOCITY + 1, :, :2] @ linear.T
        warped[MEAN, :, :2] += affine[:, 2]
        scale = np.sqrt(abs(np.linalg.det(linear)))
        warped[: VELOCITY + 1, :, 2:] *= scale**self.length_powers
        return warped


class XYSRFilter(BoxKalmanFilter):
    """SORT's filter: centre x, y, area s and aspect ratio r = w / h.

    The ratio has no velocity. Noise as in SORT (section 3.2 and the released code), also
    used by OC-SORT.

    Args:
        height_epsilon: Added to the height before dividing by it (OC-SORT: 1e-6).
    """

    length_powers = np.array([2.0, 0.0])

    def __init__(self, height_epsilon: float = 0.0) -> None:
        self.height_epsilon = height_epsilon
        self._mean_noise = np.ones(4)
        self._velocity_noise = np.array([1e-2, 1e-2, 1e-4, 0.0])
        self._measurement_noise = np.array([1.0, 1.0, 10.0, 10.0])
        self._initial_variance = np.full(4, 10.0)
        # The ratio's velocity is known to be zero.
        self._initial_velocity_variance = np.array([1e4, 1e4, 1e4, 0.0])

    def to_measurement(self, boxes: np.ndarray) -> np.ndarray:
        sizes = boxes[:, 2:] - boxes[:, :2]
        measurement = np.empty_like(boxes)
        measurement[:, :2] = boxes[:, :2] + sizes / 2
        measurement[:, 2] = sizes[:, 0] * sizes[:, 1]
        measurement[:, 3] = sizes[:, 0] / (sizes[:, 1] + self.height_epsilon)
        return measurement

    def to_boxes(self, state: np.ndarray) -> np.ndarray:
        """NaN where area times ratio is negative, as in the original."""
        mean = state[MEAN]
        half_size = np.empty((len(mean), 2))
        with np.errstate(invalid='ignore', divide='ignore'):
            width = np.sqrt(mean[:, 2] * mean[:, 3])
            half_size[:, 0] = width / 2
            half_size[:, 1] = mean[:, 2] / width / 2
        return np.concatenate(
            [mean[:, :2] - half_size, mean[:, :2] + half_size], axis=1
        )

    def initiate(self, boxes: np.ndarray) -> np.ndarray:
        state = np.zeros((self.planes, len(boxes), 4))
        state[MEAN] = self.to_measurement(boxes)
        state[VARIANCE] = self._initial_variance
        state[VELOCITY_VARIANCE] = self._initial_velocity_variance
        return state

    def predict(self, state: np.ndarray) -> np.ndarray:
        """One step; an area that would vanish stops shrinking instead."""
        vanishes = state[MEAN, :, 2] + state[VELOCITY, :, 2] <= 0
        if vanishes.any():
            state = state.copy()
            state[VELOCITY, vanishes, 2] = 0
        return self.step(state)

    def process_noise(self, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self._mean_noise, self._velocity_noise

    def measurement_noise(self, state: np.ndarray) -> np.ndarray:
        return self._measurement_noise


class XYAHFilter(BoxKalmanFilter):
    """DeepSORT's filter: centre x, y, aspect ratio a = w / h and height h.

    All noise but the ratio's grows with the height (DeepSORT, section 2.1, and the
    released code); ByteTrack and StrongSORT use the same.

    Args:
        position_weight: Standard deviation of a position as a fraction of the height.
        velocity_weight: The same for a velocity.
    """

    length_powers = np.array([0.0, 1.0])

    def __init__(
        self, position_weight: float = 1 / 20, velocity_weight: float = 1 / 160
    ) -> None:
        # A variance is (height * weight)^2, or the ratio's own constant.
        scaled = np.array([1.0, 1.0, 0.0, 1.0])
        ratio = np.array([0.0, 0.0, 1.0, 0.0])
        self._position = position_weight**2 * scaled
        self._velocity = velocity_weight**2 * scaled
        self._ratio = ratio

    def _variance(
        self, heights: np.ndarray, weights: np.ndarray, ratio_std: float
    ) -> np.ndarray:
        return (heights**2)[:, None] * weights + ratio_std**2 * self._ratio

    def to_measurement(self, boxes: np.ndarray) -> np.ndarray:
        sizes = boxes[:, 2:] - boxes[:, :2]
        measurement = np.empty_like(boxes)
        measurement[:, :2] = boxes[:, :2] + sizes / 2
        measurement[:, 2] = sizes[:, 0] / sizes[:, 1]
        measurement[:, 3] = sizes[:, 1]
        return measurement

    def to_boxes(self, state: np.ndarray) -> np.ndarray:
        mean = state[MEAN]
        half_height = mean[:, 3] / 2
        half_width = mean[:, 2] * half_height
        boxes = np.empty((len(mean), 4))
        boxes[:, 0] = mean[:, 0] - half_width
        boxes[:, 1] = mean[:, 1] - half_height
        boxes[:, 2] = mean[:, 0] + half_width
        boxes[:, 3] = mean[:, 1] + half_height
        return boxes

    def initiate(self, boxes: np.ndarray) -> np.ndarray:
        state = np.zeros((self.planes, len(boxes), 4))
        state[MEAN] = self.to_measurement(boxes)
        heights = state[MEAN, :, 3]
        state[VARIANCE] = self._variance(2 * heights, self._position, 1e-2)
        state[VELOCITY_VARIANCE] = self._variance(10 * heights, self._velocity, 1e-5)
        return state

    def process_noise(self, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        heights = state[MEAN, :, 3]
        return (
            self._variance(heights, self._position, 1e-2),
            self._variance(heights, self._velocity, 1e-5),
        )

    def measurement_noise(self, state: np.ndarray) -> np.ndarray:
        return self._variance(state[MEAN, :, 3], self._position, 1e-1)
