"""Cutting a part out of clips."""

from __future__ import annotations

from functools import partial

import numpy as np

from ...registry import TRANSFORMS
from ..ground_truth import GroundTruth
from .clip_transform import ClipView, GeometricTransform


@TRANSFORMS.register_module()
class ClipRandomCrop(GeometricTransform):
    """Cuts the same random window out of all images of a clip.

    Boxes are cut to the window; one of which less than ``min_inside`` lies in it is
    dropped. Where every window tried leaves no box, the clip stays whole.

    Args:
        scale: Least and greatest side of the window, as a fraction of the image's.
        size: (width, height) of the window in pixels instead; an image that is smaller
            keeps that side.
        min_inside: Fraction of a box's area that must lie in the window.
        attempts: Windows to try.

    Raises:
        ValueError: A fraction is not in (0, 1], or ``attempts`` or a side below 1.
    """

    def __init__(
        self,
        *,
        scale: tuple[float, float] = (0.6, 1.0),
        size: tuple[int, int] | None = None,
        min_inside: float = 0.25,
        attempts: int = 10,
    ) -> None:
        low, high = scale
        if not (0 < low <= high <= 1 and 0 < min_inside <= 1 and attempts >= 1):
            raise ValueError(
                'ClipRandomCrop: expected 0 < scale[0] <= scale[1] <= 1, '
                f'0 < min_inside <= 1 and attempts >= 1, got scale={scale}, '
                f'min_inside={min_inside}, attempts={attempts}'
            )
        if size is not None and (len(size) != 2 or min(size) < 1):
            raise ValueError(f'ClipRandomCrop: size must be (width, height): {size!r}')
        self.scale = (low, high)
        self.size = size
        self.min_inside = min_inside
        self.attempts = attempts

    def draw_view(
        self,
        width: int,
        height: int,
        gt: GroundTruth,
        flippable: bool,
        generator: np.random.Generator,
    ) -> ClipView | None:
        """The first window tried that leaves a box, if there were some."""
        boxes = gt.trajectories
        for _ in range(self.attempts):
            view = self._window(width, height, generator)
            if not boxes or len(view.trajectories(boxes)):
                return view
        return None

    def _window(
        self, width: int, height: int, generator: np.random.Generator
    ) -> ClipView:
        if self.size is None:
            side = generator.uniform(*self.scale)
            new_width = max(1, round(side * width))
            new_height = max(1, round(side * height))
        else:
            new_width, new_height = min(self.size[0], width), min(self.size[1], height)
        x = int(generator.integers(width - new_width + 1))
        y = int(generator.integers(height - new_height + 1))
        return ClipView(
            new_width,
            new_height,
            partial(_window, x=x, y=y, size=(new_width, new_height)),
            offset=(-x, -y),
            min_inside=self.min_inside,
        )


def _window(image: np.ndarray, x: int, y: int, size: tuple[int, int]) -> np.ndarray:
    return image[y : y + size[1], x : x + size[0]]
