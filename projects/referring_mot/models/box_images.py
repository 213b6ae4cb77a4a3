"""Images of boxes and of whole frames, all of one size, as a visual encoder takes them."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import torch

from mmsmot.models.trajectory.roi_tokens import roi_align


def box_crops(
    images: Sequence[np.ndarray],
    boxes: Sequence[torch.Tensor],
    size: tuple[int, int],
    margin: float,
) -> torch.Tensor:
    """(R, 3, h, w) BGR from 0 to 255, what is in each box, stretched to a size.

    Args:
        images: B images (H, W, 3) uint8 BGR, at least one.
        boxes: B tables (R_b, 4) of boxes in their pixels.
        size: h, w.
        margin: Fraction of a box's sides that is added on each side.
    """
    crops = []
    for image, rows in zip(images, boxes, strict=True):
        beyond = margin * (rows[:, 2:] - rows[:, :2])
        crop_boxes = torch.cat([rows[:, :2] - beyond, rows[:, 2:] + beyond], dim=1)
        # Height, width, channels is how the pixels lie: nothing is copied.
        pixels = torch.from_numpy(image).to(rows).permute(2, 0, 1)[None]
        index = torch.zeros(len(rows), dtype=torch.int64, device=rows.device)
        cells = roi_align(pixels, index, crop_boxes, size, 1)
        crops.append(cells.transpose(1, 2).unflatten(2, size))
    return torch.cat(crops)


def resized_images(images: Sequence[np.ndarray], size: tuple[int, int]) -> torch.Tensor:
    """(B, 3, h, w) uint8 BGR: B images (H, W, 3), stretched to a size h, w."""
    height, width = size
    resized = [
        cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        for image in images
    ]
    return torch.from_numpy(np.stack(resized)).permute(0, 3, 1, 2)
