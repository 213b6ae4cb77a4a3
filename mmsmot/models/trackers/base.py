"""The contract of the tracker slot."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import fields

import numpy as np

from ...structures import CoordinateSpace, Detections, Frame, Tracks, VideoInfo

COLUMNS = tuple(field.name for field in fields(Tracks))


class BaseTracker(ABC):
    """Turns the detections of one frame after another into tracks.

    A tracker is NumPy: no tensor and no network inside. Appearance comes in as
    ``detections.embeddings``. The state of all tracks lives in arrays with one row a
    track; predict, IoU, gating and update run on all of them at once.

    Ids start at 1 for each tracker instance and again after ``reset()``.

    Attributes:
        space: The pixels that its boxes are measured in; ``None``: those of the
            detections that it is given.
    """

    space: CoordinateSpace | None = None

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

    def fingerprint_of(self, video: VideoInfo) -> str:
        """Names the files outside of the video that its tracks depend on, if any.

        What the config and the sources say need not be in it.
        """
        return ''


def update_checked(
    tracker: BaseTracker, detections: Detections, frame: Frame
) -> Tracks:
    """``tracker.update``, and an error that names tracker and frame where it goes wrong.

    Raises:
        TypeError: It returned something else than :class:`~mmsmot.structures.Tracks`.
        ValueError: Its columns are not of one length, or an id stands twice.
    """
    tracks = tracker.update(detections, frame)
    where = f'{type(tracker).__name__}.update, frame {frame.frame_id}'
    if not isinstance(tracks, Tracks):
        raise TypeError(
            f'{where}: a tracker returns mmsmot.structures.Tracks('
            f'{", ".join(COLUMNS)}), got {type(tracks).__name__}'
        )
    lengths = {name: len(getattr(tracks, name)) for name in COLUMNS}
    if len({*lengths.values()}) > 1:
        raise ValueError(f'{where}: the columns of Tracks differ in length: {lengths}')
    ids, counts = np.unique(tracks.ids, return_counts=True)
    if len(ids) < len(tracks):
        raise ValueError(
            f'{where}: ids must be unique in a frame, but id {ids[counts.argmax()]} '
            f'stands {counts.max()} times'
        )
    return tracks
