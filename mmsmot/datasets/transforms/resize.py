"""Resizing clips."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np

from ...registry import TRANSFORMS
from ..ground_truth import GroundTruth
from .clip_transform import ClipView, GeometricTransform


@TRANSFORMS.register_module()
class ClipResize(GeometricTransform):
    """Scales the images of a clip.

    Args:
        size: (width, height) in pixels.
        keep_ratio: Scale both sides alike so that the image just fits into ``size``;
            ``False`` to take exactly ``size``.
        ratio_range: ``size`` is multiplied by a factor from this range, drawn for each
            clip.

    Raises:
        ValueError: A side is not 1 or more, or a factor not above 0.
    """

    def __init__(
        self,
        *,
        size: tuple[int, int],
        keep_ratio: bool = True,
        ratio_range: tuple[float, float] = (1.0, 1.0),
    ) -> None:
        if len(size) != 2 or min(size) < 1:
            raise ValueError(f'ClipResize: size must be (width, height), got {size!r}')
        if not 0 < ratio_range[0] <= ratio_range[1]:
            raise ValueError(
                'ClipResize: ratio_range must be (least, greatest) above 0, got '
                f'{ratio_range!r}'
            )
        self.size = tuple(size)
        self.keep_ratio = keep_ratio
        self.ratio_range = tuple(ratio_range)

    def draw_view(
        self,
        width: int,
        height: int,
        gt: GroundTruth,
        flippable: bool,
        generator: np.random.Generator,
    ) -> ClipView | None:
        """The image scaled into ``size`` times the factor drawn."""
        ratio = generator.uniform(*self.ratio_range)
        scales = [
            ratio * new / old
            for new, old in zip(self.size, (width, height), strict=True)
        ]
        if self.keep_ratio:
            scales = [min(scales)] * 2
        new_width = max(1, round(width * scales[0]))
        new_height = max(1, round(height * scales[1]))
        if (new_width, new_height) == (width, height):
            return None
        return ClipView(
            new_width,
            new_height,
            partial(resize_image, size=(new_width, new_height)),
            scale=(new_width / width, new_height / height),
        )


def resize_image(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """An image scaled to (width, height).

    By the area of pixels where it shrinks, since linear interpolation would alias.
    """
    shrinks = size[0] <= image.shape[1] and size[1] <= image.shape[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(image, size, interpolation=method)
