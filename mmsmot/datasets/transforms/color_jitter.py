"""Colour jitter of clips."""

from __future__ import annotations

import cv2
import numpy as np

from ...registry import TRANSFORMS
from .clip_transform import (
    ClipTransform,
    clip_transform_generator,
    with_transformed_image,
)

HUES = 180  # OpenCV's hue of 8-bit images, two degrees each


@TRANSFORMS.register_module()
class ClipColorJitter(ClipTransform):
    """Changes brightness, contrast, saturation and hue, the same for all frames.

    Captions name colours, so the hue stays as it is by default.

    Args:
        brightness: Greatest change of all values, as a fraction: a factor drawn from
            ``[1 - brightness, 1 + brightness]``.
        contrast: The same for the distance from middle grey.
        saturation: The same for the colourfulness.
        hue: Greatest turn of the hue, degrees.

    Raises:
        ValueError: A fraction is not in [0, 1], or ``hue`` not in [0, 180].
    """

    def __init__(
        self,
        *,
        brightness: float = 0.2,
        contrast: float = 0.2,
        saturation: float = 0.2,
        hue: float = 0.0,
    ) -> None:
        if not all(0 <= x <= 1 for x in (brightness, contrast, saturation)) or not (
            0 <= hue <= 180
        ):
            raise ValueError(
                'ClipColorJitter: brightness, contrast and saturation must be in [0, 1] '
                f'and hue in [0, 180] degrees, got {brightness}, {contrast}, '
                f'{saturation}, {hue}'
            )
        self.brightness = brightness
        self.contrast = contrast
        self.saturation = saturation
        self.hue = hue

    def transform(self, sample: dict) -> dict:
        """Draw the changes and apply them to every image; boxes stay."""
        widths = (self.brightness, self.contrast, self.saturation)
        generator = clip_transform_generator(sample)
        factors = [1 + generator.uniform(-width, width) for width in widths]
        turn = generator.uniform(-self.hue, self.hue)
        frames = [
            frame
            if frame.load is None
            else with_transformed_image(
                frame, jitter_colors(frame.image, *factors, turn)
            )
            for frame in sample['inputs']
        ]
        return {**sample, 'inputs': frames}


def jitter_colors(
    image: np.ndarray,
    brightness: float = 1.0,
    contrast: float = 1.0,
    saturation: float = 1.0,
    turn: float = 0.0,
) -> np.ndarray:
    """Jitter brightness, contrast, saturation and hue of an image.

    Args:
        image: (H, W, 3) uint8 BGR.
        brightness: Factor of all values.
        contrast: Factor of the distance from middle grey (127.5), after brightness.
        saturation: Factor of HSV's saturation, after contrast.
        turn: Added to the hue, degrees.
    """
    values = np.arange(256, dtype=np.float64)
    light = (values * brightness - 127.5) * contrast + 127.5
    image = cv2.LUT(image, _bytes(light))
    if saturation == 1 and turn == 0:
        return image
    hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV)
    table = np.stack([(values + turn / 2) % HUES, values * saturation, values], axis=-1)
    table[:, 0] = np.floor(table[:, 0])
    return cv2.cvtColor(cv2.LUT(hsv, _bytes(table)[None]), cv2.COLOR_HSV2BGR)


def _bytes(values: np.ndarray) -> np.ndarray:
    return np.rint(values).clip(0, 255).astype(np.uint8)
