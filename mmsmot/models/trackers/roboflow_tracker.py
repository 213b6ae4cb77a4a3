"""A tracker of the PyPI package ``trackers`` in our slot, beside the one for mmdet's."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from ...registry import TRACKERS
from ...structures import Detections, Frame, Tracks
from .base import BaseTracker, require_tracker_detections

INSTALL = "pip install 'mmsmot[roboflow]'"
ROW = 'det_index'  # travels with the boxes, so that we know which came back


@TRACKERS.register_module()
class RoboflowTracker(BaseTracker):
    """Runs a tracker whose ``update(detections)`` takes and gives ``supervision.Detections``.

    Made for the package `trackers <https://github.com/roboflow/trackers>`_. Only classes
    that it exports as trackers are built, so a config that is data runs no other code.
    What it leaves without an id (-1) is not reported. Its ids count from 0; ours from 1.

    Args:
        tracker: ``dict(type='ByteTrackTracker', lost_track_buffer=60)``: the class and its
            arguments; or a tracker with such an ``update`` and ``reset``.

    Raises:
        ImportError: The package is missing.
        KeyError: It has no such tracker; names those it has.
        TypeError: ``tracker`` is neither.
    """

    def __init__(self, *, tracker: Any) -> None:
        self.tracker = _built(tracker)
        self.reset()

    def reset(self) -> None:
        self.tracker.reset()

    def update(self, detections: Detections, frame: Frame | None = None) -> Tracks:
        require_tracker_detections(detections, type(self).__name__)
        import supervision

        boxes = supervision.Detections(
            xyxy=detections.boxes.astype(np.float32),
            confidence=detections.scores.astype(np.float32),
            class_id=detections.labels.copy(),
            data={ROW: np.arange(len(detections))},
        )
        result = self.tracker.update(boxes)
        if result.tracker_id is None or not len(result):
            return Tracks.empty()
        has_id = result.tracker_id >= 0
        index = np.asarray(result.data[ROW], np.int64)[has_id]
        return Tracks(
            ids=np.asarray(result.tracker_id, np.int64)[has_id] + 1,
            boxes=np.asarray(result.xyxy, np.float64)[has_id],
            scores=detections.scores[index],
            labels=detections.labels[index],
            det_index=index,
        )

    def live_ids(self) -> np.ndarray | None:
        tracks = getattr(self.tracker, 'tracks', None)
        if tracks is None:
            return None
        ids = np.array([track.tracker_id for track in tracks], np.int64)
        return ids[ids >= 0] + 1


def _built(tracker: Any) -> Any:
    if callable(getattr(tracker, 'update', None)) and not isinstance(tracker, dict):
        return tracker
    if not isinstance(tracker, dict) or 'type' not in tracker:
        raise TypeError(
            "RoboflowTracker: tracker must be a config such as dict(type='SORTTracker'), "
            f'or an object with update and reset, got {tracker!r}'
        )
    try:
        import trackers
        from trackers.core.base import BaseTracker as Base
    except ImportError as error:
        raise ImportError(
            f'RoboflowTracker needs the package trackers: {INSTALL}'
        ) from error
    options = copy.deepcopy(dict(tracker))
    name = options.pop('type')
    classes = {
        key: value
        for key, value in vars(trackers).items()
        if isinstance(value, type) and issubclass(value, Base)
    }
    if name not in classes:
        raise KeyError(
            f'RoboflowTracker: the package trackers has no tracker {name!r}. It has '
            f'{", ".join(sorted(classes))}.'
        )
    return classes[name](**options)
