"""What a camera adds to a painted canvas: light, softness and grain."""

from __future__ import annotations

import cv2
import numpy as np

from .script import ScriptedLight

# Pixels that the sheet of grain is larger than an image: each frame shows another part.
GRAIN_SHIFT = 48
LEAST_BLUR = 0.3  # pixels; below it nothing is blurred


class Film:
    """Turns the canvases of a clip into its images, in the order of the frames.

    Args:
        rng: Draws the sheet of grain, once.
        shift_rng: Draws which part of it each frame shows.
        light: Of the clip.
        width, height: Of the images in pixels.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        shift_rng: np.random.Generator,
        light: ScriptedLight,
        width: int,
        height: int,
    ) -> None:
        self.light = light
        sheet = (height + GRAIN_SHIFT, width + GRAIN_SHIFT, 1)
        self.grain = rng.normal(0, light.grain, sheet).astype(np.float32)
        self.shift_rng = shift_rng

    def develop(self, canvas: np.ndarray) -> np.ndarray:
        """The image (H, W, 3) uint8 of a canvas (H, W, 3) float32, which is changed."""
        light = self.light
        warmth = np.array([2 - light.warmth, 1.0, light.warmth], np.float32)
        canvas *= light.gain * warmth
        if light.blur > LEAST_BLUR:
            canvas = cv2.GaussianBlur(canvas, (0, 0), light.blur)
        y, x = self.shift_rng.integers(GRAIN_SHIFT, size=2)
        height, width = canvas.shape[:2]
        canvas += self.grain[y : y + height, x : x + width]
        return np.clip(canvas, 0, 255).astype(np.uint8)
