"""The contract of the detector slot."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from ...structures import Detections, Frame, VideoInfo


class BaseDetector(ABC):
    """Finds the objects in frames.

    Attributes:
        needs_images: Whether the pictures are looked at. The pipeline does not decode
            pictures that nobody asks for (detections from a file need none).
        fingerprint: Names everything that the detections depend on beside the picture
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

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """A stable text; equal for detectors that give equal detections."""

    def fingerprint_of(self, video: VideoInfo) -> str:
        """:attr:`fingerprint`, and what else the detections in one video depend on."""
        return self.fingerprint
