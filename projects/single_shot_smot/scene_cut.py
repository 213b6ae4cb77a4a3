"""Where a video cuts to another scene."""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np

from mmsmot.registry import TASK_UTILS
from mmsmot.structures import Frame
from mmsmot.utils.number_ranges import COUNT, POSITIVE, require_numbers

FULL_WEIGHT = 64  # of 255: noise of a camera in the dark is below


@TASK_UTILS.register_module()
class SceneCut:
    """A cut is where the colours of two frames differ much, pixel by pixel.

    The mean absolute difference of hue, saturation and value, which is the rule of
    PySceneDetect's content detector with its published threshold. The hue of grey pixels
    and the saturation of dark ones are mostly noise: they count by the pixel's chroma and
    by its value, in full from a quarter of the range on. It keeps nothing.

    Args:
        threshold: Least difference, of 255.
        side: Thumbnails that are compared have sides of so many pixels.
    """

    def __init__(self, *, threshold: float = 27.0, side: int = 64) -> None:
        require_numbers('SceneCut', POSITIVE, threshold=threshold)
        require_numbers('SceneCut', COUNT, side=side)
        self.threshold = threshold
        self.side = side

    def thumbnail(self, image: np.ndarray) -> np.ndarray:
        """(side, side, 3) uint8 hue, saturation and value of an image (H, W, 3) BGR."""
        small = cv2.resize(image, (self.side,) * 2, interpolation=cv2.INTER_AREA)
        return cv2.cvtColor(small, cv2.COLOR_BGR2HSV)

    def is_cut(self, previous: np.ndarray, current: np.ndarray) -> bool:
        """Whether the scene changes between two thumbnails."""
        difference = cv2.absdiff(previous, current).astype(np.float32)
        least = np.minimum(previous, current).astype(np.float32)
        value_weight = np.minimum(least[..., 2] / FULL_WEIGHT, 1)
        chroma = least[..., 1] * least[..., 2] / 255
        difference[..., 0] *= np.minimum(chroma / FULL_WEIGHT, 1)
        difference[..., 1] *= value_weight
        return float(difference.mean()) >= self.threshold


class SceneState(Protocol):
    """What looking for cuts keeps of a video."""

    thumbnail: np.ndarray | None


def enter_frame(scene_cut: SceneCut | None, state: SceneState, frame: Frame) -> bool:
    """Remember the next frame; whether it is of another scene than the one before.

    Args:
        scene_cut: ``None``: nothing is looked for.
        state: Of the video.
        frame: The next one.
    """
    if scene_cut is None:
        return False
    previous, state.thumbnail = state.thumbnail, scene_cut.thumbnail(frame.image)
    return previous is not None and scene_cut.is_cut(previous, state.thumbnail)
