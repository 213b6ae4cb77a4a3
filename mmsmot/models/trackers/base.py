"""The contract of the tracker slot."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from ...structures import Detections, Tracks


class BaseTracker(ABC):
    """Turns the detections of one frame after another into tracks.

    A tracker is NumPy: no tensor and no network inside. Appearance comes in as
    ``detections.embeddings``. The state of all tracks lives in arrays with one row a
    track; predict, IoU, gating and update run on all of them at once.

    Ids start at 1 for each tracker instance and again after ``reset()``.

    Attributes:
        needs_frame: Whether ``update`` wants the picture. The pipeline does not decode
            pictures that nobody asks for.
    """

    needs_frame: bool = False

    @abstractmethod
    def update(
        self,
        detections: Detections,
        frame: np.ndarray | None = None,
        timestamp: float | None = None,
    ) -> Tracks:
        """Take the next frame. Call it on every frame, also on those without detections.

        Args:
            detections: The frame's N detections.
            frame: The picture, (H, W, 3) uint8 BGR, where ``needs_frame`` asks for it.
            timestamp: Seconds from the start of the video.

        Returns:
            The tracks to report in this frame. ``det_index`` points into *this* call's
            detections.
        """

    @abstractmethod
    def reset(self) -> None:
        """Forget everything: the next ``update`` is the first frame of a new video."""
