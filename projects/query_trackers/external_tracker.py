"""Trackers of boxes as the lifecycle of a query tracker."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mmsmot.models.estimators.video_tracker import SharedTrackerUse, VideoTracker
from mmsmot.models.trackers import BaseTracker, checked_tracker_update
from mmsmot.registry import TASK_UTILS, TRACKERS, build_part
from mmsmot.structures import Detections, Frame
from mmsmot.utils.number_ranges import FRACTION, require_numbers

from .queries import NEW
from .query_table import LifecycleOutcome, QueryTable


@dataclass
class ExternalTrackerState:
    """The tracker of a video, and its ids that have not ended."""

    tracker: VideoTracker
    live_ids: set[int] = field(default_factory=set)


@TASK_UTILS.register_module()
class ExternalTracker:
    """A tracker of boxes follows the detections of new queries.

    For comparison: what any tracker makes of the detections of a query tracker. No query
    goes on to the next frame, so the updater, which stays in the config because a
    checkpoint of the query tracker has its weights, is not called at test.

    Args:
        tracker: Of mmsmot's ``TRACKERS``.
        score_threshold: Least score of a detection that it is given.
    """

    propagates_queries = False

    def __init__(
        self, *, tracker: dict | BaseTracker, score_threshold: float = 0.1
    ) -> None:
        require_numbers('ExternalTracker', FRACTION, score_threshold=score_threshold)
        self.tracker = build_part(tracker, TRACKERS)
        self.score_threshold = score_threshold
        self._shared_use = SharedTrackerUse()

    def begin(self) -> ExternalTrackerState:
        """The state of a video: a copy of the tracker."""
        return ExternalTrackerState(VideoTracker(self.tracker, self._shared_use))

    def update(
        self, state: ExternalTrackerState, table: QueryTable, frame: Frame
    ) -> LifecycleOutcome:
        """As of :meth:`~.lifecycles.ScoreStates.update`; what a tracker coasts is not reported."""
        index = np.flatnonzero(table.scores >= self.score_threshold)
        detections = Detections(
            table.boxes[index], table.scores[index], table.labels[index]
        )
        with state.tracker.in_use() as tracker:
            tracks = checked_tracker_update(tracker, detections, frame)
            live_ids: Any = tracker.live_ids()
        ids = np.full(len(table.ids), NEW, np.int64)
        is_detected = tracks.det_index >= 0
        ids[index[tracks.det_index[is_detected]]] = tracks.ids[is_detected]
        state.live_ids.update(tracks.ids.tolist())
        ended_ids = set() if live_ids is None else state.live_ids - {*live_ids.tolist()}
        state.live_ids -= ended_ids
        return LifecycleOutcome(
            ids, np.zeros_like(ids), ids >= 0, sorted(ended_ids), table.labels
        )
