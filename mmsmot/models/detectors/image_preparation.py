"""Frames to the network input of an ONNX export, and boxes back to the frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from PIL import Image

from ...utils.number_ranges import FINITE, POSITIVE, NumberRange

BYTE = NumberRange(0, 255)
IMAGENET_MEAN = (123.675, 116.28, 103.53)  # RGB, of pixels from 0 to 255
IMAGENET_STD = (58.395, 57.12, 57.375)


@dataclass(frozen=True)
class ImagePlacement:
    """Where a frame lies in the network input.

    Attributes:
        scale: Pixels of the input in a pixel of the frame: x, y.
        offset: Place of the frame's left top corner in the input: x, y.
    """

    scale: tuple[float, float]
    offset: tuple[float, float]

    def to_frame(self, boxes: np.ndarray) -> np.ndarray:
        """(N, 4) xyxy in pixels of the input as float64 in pixels of the frame."""
        return (boxes.astype(np.float64) - [*self.offset] * 2) / ([*self.scale] * 2)


@dataclass(frozen=True)
class ImagePreparation:
    """How a network's images were prepared in training.

    Attributes:
        keep_ratio: A frame keeps its aspect ratio and is padded; else it is stretched to
            the whole input.
        centred: It lies in the middle of the input, not in its left top corner.
        to_rgb: RGB, not BGR.
        mean: Subtracted from each channel, of pixels from 0 to 255.
        std: Divides each channel.
        pad_value: Fills the rest of the input, before mean and std.
        antialias: A pixel of the input is a mean of all that it covers, as Pillow's
            bilinear filter makes it, with which DETR-like networks are trained: several
            times as slow as OpenCV's, which takes two by two.

    Raises:
        ValueError: A value is out of range.
    """

    keep_ratio: bool = True
    centred: bool = False
    to_rgb: bool = False
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)
    pad_value: float = 114
    antialias: bool = False

    def __post_init__(self) -> None:
        for name, values, allowed in (
            ('mean', self.mean, FINITE),
            ('std', self.std, POSITIVE),
        ):
            if len(values) != 3 or any(value not in allowed for value in values):
                raise ValueError(
                    f'{name} must be three numbers, one for each channel, each {allowed}; '
                    f'got {tuple(values)}'
                )
        if self.pad_value not in BYTE:
            raise ValueError(f'pad_value must be {BYTE}, got {self.pad_value!r}')

    @property
    def has_fractions(self) -> bool:
        """Whether pixels are not given as they are."""
        return any(self.mean) or any(value != 1 for value in self.std)

    def __call__(
        self, image: np.ndarray, input_size: tuple[int, int], dtype: type
    ) -> tuple[np.ndarray, ImagePlacement]:
        """A frame as the network wants it.

        Args:
            image: (h, w, 3) uint8 BGR.
            input_size: Height H and width W of the network input.
            dtype: Number type of the input.

        Returns:
            (3, H, W), and where the frame lies in it.
        """
        canvas, placement = self._resized(image, input_size)
        if self.to_rgb:
            canvas = canvas[..., ::-1]
        pixels = canvas.astype(np.float32)
        if self.has_fractions:
            pixels -= np.asarray(self.mean, np.float32)
            pixels /= np.asarray(self.std, np.float32)
        return np.ascontiguousarray(pixels.transpose(2, 0, 1), dtype), placement

    def _resized(
        self, image: np.ndarray, input_size: tuple[int, int]
    ) -> tuple[np.ndarray, ImagePlacement]:
        (height, width), (rows, columns) = input_size, image.shape[:2]
        if not self.keep_ratio:
            canvas = self._scaled(image, (width, height))
            return canvas, ImagePlacement((width / columns, height / rows), (0.0, 0.0))
        scale = min(height / rows, width / columns)
        # The originals: YOLOX cuts off (``preproc``), YOLOv5 and later round (``LetterBox``).
        rounded = round if self.centred else int
        # A strip of an image still has a row and a column.
        size = max(1, rounded(columns * scale)), max(1, rounded(rows * scale))
        left = top = 0
        if self.centred:  # the odd pixel on the right and at the bottom
            left, top = (width - size[0]) // 2, (height - size[1]) // 2
        canvas = np.full((height, width, 3), self.pad_value, np.uint8)
        canvas[top : top + size[1], left : left + size[0]] = self._scaled(image, size)
        return canvas, ImagePlacement((scale, scale), (float(left), float(top)))

    def _scaled(self, image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        if not self.antialias:
            return cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
        pil_image = Image.fromarray(np.ascontiguousarray(image))
        return np.asarray(pil_image.resize(size, Image.Resampling.BILINEAR))


# What the authors of each family do at test; sources in configs/two_stage/README.md.
PREPARATIONS = {
    'yolox': ImagePreparation(),
    'yolo': ImagePreparation(centred=True, to_rgb=True, std=(255.0, 255.0, 255.0)),
    'detr': ImagePreparation(
        keep_ratio=False, to_rgb=True, std=(255.0, 255.0, 255.0), antialias=True
    ),
    'imagenet': ImagePreparation(
        keep_ratio=False,
        to_rgb=True,
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        antialias=True,
    ),
    'rtmdet': ImagePreparation(mean=IMAGENET_MEAN[::-1], std=IMAGENET_STD[::-1]),
}


def image_preparation_preset(
    preset: str,
    *,
    keep_ratio: bool | None = None,
    centred: bool | None = None,
    to_rgb: bool | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    pad_value: float | None = None,
) -> ImagePreparation:
    """A preset of :data:`PREPARATIONS` with other values where they are given.

    Raises:
        ValueError: There is no such preset, or a value is out of range.
    """
    if preset not in PREPARATIONS:
        raise ValueError(
            f'preparation must be one of {", ".join(PREPARATIONS)}, got {preset!r}'
        )
    changes: dict[str, Any] = dict(
        keep_ratio=keep_ratio,
        centred=centred,
        to_rgb=to_rgb,
        mean=None if mean is None else tuple(mean),
        std=None if std is None else tuple(std),
        pad_value=pad_value,
    )
    changes = {name: value for name, value in changes.items() if value is not None}
    return replace(PREPARATIONS[preset], **changes)
