"""The contract of the tracker slot."""

from __future__ import annotations

from abc import ABC, abstractmethod

from ...structures import Detections, Frame, Tracks


class BaseTracker(ABC):
    """Turns the detections of one frame after another into tracks.

    A tracker is NumPy: no tensor and no network inside. Appearance comes in as
    ``detections.embeddings``. The state of all tracks lives in arrays with one row a
    track; predict, IoU, gating and update run on all of them at once.

    Ids start at 1 for each tracker instance and again after ``reset()``.
    """

    @abstractmethod
    def update(self, detections: Detections, frame: Frame | None = None) -> Tracks:
        """Take the next frame. Call it on every frame, also on those without detections.

        Args:
            detections: The frame's N detections.
            frame: The frame itself: its number, its time, and its picture, which is
                decoded only when the tracker looks at ``frame.image``. The pipeline
                always gives it; most trackers do without.

        Returns:
            The tracks to report in this frame. ``det_index`` points into *this* call's
            detections.
        """

    @abstractmethod
    def reset(self) -> None:
        """Forget everything: the next ``update`` is the first frame of a new video."""
