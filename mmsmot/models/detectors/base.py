"""The contract of the detector slot."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from mmengine.logging import print_log

from ...structures import Detections, Frame, VideoInfo

if TYPE_CHECKING:
    from ...structures.feature_maps import FeatureMaps


@dataclass(frozen=True, eq=False)
class RawDetections:
    """All predictions of a detector in one frame, before threshold and suppression.

    Attributes:
        boxes: (A, 4) float64 x1, y1, x2, y2 in pixels of the original frame, clipped to
            it, one for each anchor.
        scores: (A, C) float64, of each class.
        anchors: (A, 4) float64, the box that each was predicted from, in the same pixels;
            it may reach beyond the frame.
    """

    boxes: np.ndarray
    scores: np.ndarray
    anchors: np.ndarray


def log_dropped_detections(detector: str, count: int) -> None:
    """Tell of ``count`` > 0 rows that were no boxes, for whoever looks for them."""
    if count:
        print_log(
            f'{detector}: dropped {count} boxes that were empty or not finite',
            logger='current',
            level=logging.DEBUG,
        )


class BaseDetector(ABC):
    """Frames to detections.

    Attributes:
        needs_images: Whether it reads the images. The pipeline does not decode images
            that no part reads (detections from a file need none).
        fingerprint: Names everything that the detections depend on beside the image
            (type, options, a hash of the weights); caches are keyed by it.
    """

    needs_images: bool = True

    @abstractmethod
    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """Detect in a batch of frames of one video.

        Args:
            frames: B frames.

        Returns:
            B detections, boxes in pixels of the original frames. Rows that are no boxes
            (NaN, empty) have been dropped and counted in the log.
        """

    def raw(self, frames: Sequence[Frame]) -> list[RawDetections]:
        """Predictions at every anchor, for a part that scores detections again.

        Args:
            frames: B frames of one video.

        Returns:
            B raw detections.

        Raises:
            TypeError: The detector has no anchors, or does not give them away.
        """
        raise TypeError(
            f'{type(self).__name__} has no raw detections with anchors; take an '
            'ONNXDetector with YOLOXDecoder or SSDDecoder, or an MMDetDetector with a '
            'dense anchor head, such as RetinaNet or SSD'
        )

    def raw_in(self, features: FeatureMaps) -> list[RawDetections]:
        """As :meth:`raw`, from feature maps that the detector's ``extract`` made.

        Raises:
            TypeError: The detector has no anchors, or makes no feature maps; a detector
                with anchors and without feature maps has :meth:`raw` alone.
        """
        raise TypeError(
            f'{type(self).__name__} has no feature maps to predict at anchors from; '
            'call raw(frames)'
        )

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """A stable text; equal for detectors that give equal detections."""

    def fingerprint_of(self, video: VideoInfo) -> str:
        """:attr:`fingerprint`, and what else the detections in one video depend on."""
        return self.fingerprint
