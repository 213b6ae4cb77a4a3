"""Scaling one image for a detector of mmdet, as CenterNet2's code does."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from ...registry import TRANSFORMS
from ...utils.number_ranges import COUNT, require_numbers


@TRANSFORMS.register_module()
class FitToSquare:
    """Scales an image, up or down, so that its longer side is ``size``.

    As GTR and the released SMOTer do at test (``EfficientDetResizeCrop`` with scale 1): by
    Pillow's bilinear filter, which averages where the image shrinks, and with sides
    rounded down. Sides of mmdet's ``Resize`` are rounded to the nearest, its filter is
    OpenCV's. For the test pipeline of ``MMDetDetector``.

    Args:
        size: The longer side, in pixels.

    Raises:
        ValueError: ``size`` is not 1 or more.
    """

    def __init__(self, *, size: int) -> None:
        require_numbers('FitToSquare', COUNT, size=size)
        self.size = size

    def __call__(self, results: dict[str, Any]) -> dict[str, Any]:
        """Scale ``img`` (H, W, 3), uint8, and set ``img_shape`` and ``scale_factor``."""
        image = results['img']
        height, width = image.shape[:2]
        scale = min(self.size / height, self.size / width)
        new_width, new_height = (max(1, int(side * scale)) for side in (width, height))
        resized = Image.fromarray(image).resize(
            (new_width, new_height), Image.Resampling.BILINEAR
        )
        results['img'] = np.array(resized)
        results['img_shape'] = (new_height, new_width)
        results['scale_factor'] = (new_width / width, new_height / height)
        results['keep_ratio'] = True
        return results

    def __repr__(self) -> str:
        return f'FitToSquare(size={self.size})'
