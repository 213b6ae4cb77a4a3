"""The contract of the ReID slot."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from ...structures import Detections, Frame


class BaseReID(ABC):
    """Embeds the image inside a box: one person's embeddings are alike.

    Attributes:
        fingerprint: Names everything the embeddings depend on beside the image; caches
            are keyed by it.
    """

    @abstractmethod
    def embed(self, image: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        """Embed N boxes of one image.

        Args:
            image: (H, W, 3) uint8 BGR.
            boxes: (N, 4) x1, y1, x2, y2 in pixels, may reach beyond the image.

        Returns:
            (N, D) float32 of unit length; zeros for a box outside the image.
        """

    def describe(
        self, frames: Sequence[Frame], detections: Sequence[Detections]
    ) -> list[Detections]:
        """The detections of B frames with their embeddings; empty ones as they are."""
        return [
            Detections(d.boxes, d.scores, d.labels, self.embed(f.image, d.boxes))
            if len(d)
            else d
            for f, d in zip(frames, detections, strict=True)
        ]

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """A stable text; equal for parts that give equal embeddings."""
