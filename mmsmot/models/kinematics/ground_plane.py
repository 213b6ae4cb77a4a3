"""How far a step towards the camera moves the feet in the image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Of the horizontal angle of view 50 degrees, between a phone and a surveillance camera:
# the focal length in image widths.
FOCAL_LENGTH = 1 / (2 * np.tan(np.radians(50) / 2))
# A horizon is believed in where so many boxes stand in rows that far apart, and their
# heights follow the rows that well: children, bags and hidden feet leave the rest.
MIN_ROWS = 50
MIN_SPREAD = 0.4  # standard deviation of the feet's rows, in mean body heights
MIN_CORRELATION = 0.75  # of body heights with the feet's rows
# From a camera that looks straight down to one at the height of the feet, where nothing
# tells a step towards it.
DEPTH_FACTORS = 1.0, 20.0


@dataclass
class GroundPlane:
    """The horizon of a camera at rest, from the heights of all people.

    On level ground the height of a person in the image grows in proportion to the
    distance of the feet from the horizon (Hoiem, Efros and Hebert, Putting Objects in
    Perspective, CVPR 2006), so a straight line through heights over rows meets zero at
    the horizon. Only sums are held.
    """

    count: float = 0.0
    sum_y: float = 0.0
    sum_h: float = 0.0
    sum_yy: float = 0.0
    sum_yh: float = 0.0
    sum_hh: float = 0.0

    def add(self, feet: np.ndarray, heights: np.ndarray) -> None:
        """Take in boxes that are whole.

        Args:
            feet: (N,) lower sides.
            heights: (N,).
        """
        self.count += len(feet)
        self.sum_y += float(feet.sum())
        self.sum_h += float(heights.sum())
        self.sum_yy += float((feet**2).sum())
        self.sum_yh += float((feet * heights).sum())
        self.sum_hh += float((heights**2).sum())

    def horizon(self) -> float | None:
        """Its row in the image; ``None`` where the heights do not tell."""
        if self.count < MIN_ROWS:
            return None
        mean_y, mean_h = self.sum_y / self.count, self.sum_h / self.count
        var_y = self.sum_yy / self.count - mean_y**2
        var_h = self.sum_hh / self.count - mean_h**2
        covariance = self.sum_yh / self.count - mean_y * mean_h
        if var_y <= 0 or var_h <= 0 or covariance <= 0:
            return None
        is_spread = np.sqrt(var_y) >= MIN_SPREAD * mean_h
        correlation = covariance / np.sqrt(var_y * var_h)
        if not is_spread or correlation < MIN_CORRELATION:
            return None
        return mean_y - mean_h * var_y / covariance

    def stature(self, feet: np.ndarray, heights: np.ndarray) -> np.ndarray:
        """How tall people are, in heights of the camera, (N,); NaN without a horizon.

        Args:
            feet: (N,) lower sides.
            heights: (N,).
        """
        horizon = self.horizon()
        if horizon is None:
            return np.full(len(feet), np.nan)
        return heights / np.maximum(feet - horizon, 1)

    def depth_factor(
        self, feet: np.ndarray, heights: np.ndarray, width: int
    ) -> np.ndarray:
        """Body heights along the ground by body heights in the image, (N,).

        Somebody who goes away by one body height goes up in the image by one over this,
        in heights of that person's box. Without a horizon the camera is taken to be as
        high as people are.

        Args:
            feet: (N,) lower sides.
            heights: (N,).
            width: Of the image.
        """
        horizon = self.horizon()
        below = heights if horizon is None else feet - horizon
        factor = FOCAL_LENGTH * width / np.maximum(below, 1)
        return np.clip(factor, *DEPTH_FACTORS)
