"""Which queries are tracks, when a track begins and when it ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from mmsmot.models.detectors.nms import nms
from mmsmot.models.estimators.video_tracker import SharedTrackerUse, VideoTracker
from mmsmot.models.trackers import BaseTracker, checked_tracker_update
from mmsmot.registry import TASK_UTILS, TRACKERS, build_part
from mmsmot.structures import Detections, Frame, pairwise_iou
from mmsmot.utils.number_ranges import (
    COUNT,
    FRACTION,
    NON_NEGATIVE,
    require_numbers,
)

from .queries import NEW
from .query_table import LifecycleOutcome, QueryTable

# Above any sum of 1 - GIoU, at most 2 each, of the pairs of a frame.
OTHER_CLASS_COST = 1e6


@dataclass
class IdCounter:
    """The id of the next track of a video."""

    next_id: int = 1

    def take(self, count: int) -> np.ndarray:
        """(count,) new ids."""
        self.next_id += count
        return np.arange(self.next_id - count, self.next_id)


@dataclass
class LabelledIds(IdCounter):
    """Ids, and the class in which each live track began.

    Attributes:
        ids: (T,) int64, ascending.
        labels: (T,) int64.
    """

    ids: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    labels: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))

    def take_labelled(self, labels: np.ndarray) -> np.ndarray:
        """New ids of tracks of these classes."""
        ids = self.take(len(labels))
        self.ids = np.concatenate([self.ids, ids])
        self.labels = np.concatenate([self.labels, labels])
        return ids

    def labels_of(self, ids: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """(Q,) the class that each track began in; ``labels`` where there is no track."""
        if not len(self.ids):
            return labels
        place = np.searchsorted(self.ids, ids).clip(max=len(self.ids) - 1)
        return np.where(self.ids[place] == ids, self.labels[place], labels)

    def remove(self, ids: list[int]) -> None:
        """Forget tracks that ended."""
        is_live = ~np.isin(self.ids, ids)
        self.ids, self.labels = self.ids[is_live], self.labels[is_live]


@TASK_UTILS.register_module()
class ScoreStates:
    """A query is a track from one score on, and until it is below another for long.

    MOTR and MOTRv2; with ``miss_tolerance=1`` and suppression TrackFormer.

    Args:
        birth_threshold: Least score of a new track.
        keep_threshold: Below it a track is missed.
        miss_tolerance: Frames in a row, after which it ends.
        report_threshold: Least score of a track that is reported; ``None``: all that are
            not missed.
        track_nms: A track ends that overlaps a better one by more; ``None`` for none.
        birth_nms: A new track is not begun that overlaps a track by more; ``None`` for
            none.
        class_agnostic: As released: suppression is among all classes, and the class of a
            track is that of its best score in each frame. Else a track stays in the class
            that it began in.

    Attributes:
        propagates_queries: Whether track queries go on to the next frame.
    """

    propagates_queries = True

    def __init__(
        self,
        *,
        birth_threshold: float = 0.7,
        keep_threshold: float = 0.6,
        miss_tolerance: int = 5,
        report_threshold: float | None = None,
        track_nms: float | None = None,
        birth_nms: float | None = None,
        class_agnostic: bool = False,
    ) -> None:
        name = 'ScoreStates'
        require_numbers(
            name,
            FRACTION,
            birth_threshold=birth_threshold,
            keep_threshold=keep_threshold,
        )
        require_numbers(name, COUNT, miss_tolerance=miss_tolerance)
        require_numbers(
            name,
            FRACTION.or_none,
            report_threshold=report_threshold,
            track_nms=track_nms,
            birth_nms=birth_nms,
        )
        self.birth_threshold = birth_threshold
        self.keep_threshold = keep_threshold
        self.miss_tolerance = miss_tolerance
        self.report_threshold = report_threshold
        self.track_nms = track_nms
        self.birth_nms = birth_nms
        self.class_agnostic = class_agnostic

    def begin(self) -> LabelledIds:
        """The state of a video."""
        return LabelledIds()

    def update(
        self, state: LabelledIds, table: QueryTable, frame: Frame
    ) -> LifecycleOutcome:
        """The tracks of the next frame.

        Args:
            state: Of :meth:`begin`; changed in place.
            table: Q queries.
            frame: The frame.
        """
        labels = table.labels
        if not self.class_agnostic:
            labels = state.labels_of(table.ids, labels)
        nms_labels = np.zeros_like(labels) if self.class_agnostic else labels
        was_track = table.ids >= 0
        is_missed = table.scores < self.keep_threshold
        # Between the thresholds an age neither grows nor starts anew, as in MOTR.
        ages = table.ages + (was_track & is_missed)
        ages[table.scores >= self.birth_threshold] = 0
        is_live = was_track & (~is_missed | (ages < self.miss_tolerance))
        if self.track_nms is not None:
            is_live &= _survives(
                table.boxes, nms_labels, is_live, table.scores, self.track_nms
            )
        is_born = ~was_track & (table.scores >= self.birth_threshold)
        if self.birth_nms is not None:
            # Tracks come before all births, whatever their score.
            order = np.where(is_live, np.inf, table.scores)
            is_born &= _survives(
                table.boxes, nms_labels, is_live | is_born, order, self.birth_nms
            )
        ids = np.where(is_live, table.ids, NEW)
        ids[is_born] = state.take_labelled(labels[is_born])
        is_reported = is_born | (is_live & ~is_missed)
        if self.report_threshold is not None:
            is_reported &= table.scores >= self.report_threshold
        ended_ids = table.ids[was_track & ~is_live].tolist()
        state.remove(ended_ids)
        return LifecycleOutcome(ids, ages, is_reported, ended_ids, labels)


def _survives(
    boxes: np.ndarray,
    labels: np.ndarray,
    mask: np.ndarray,
    order: np.ndarray,
    iou_threshold: float,
) -> np.ndarray:
    """(Q,) bool, rows of a mask that overlap none that comes before by more."""
    index = np.flatnonzero(mask)
    kept_rows = nms(boxes[index], order[index], labels[index], iou_threshold)
    survives = np.zeros(len(mask), bool)
    survives[index[kept_rows]] = True
    return survives


@dataclass
class WaitingTracks(IdCounter):
    """The tracks that no query follows any more, and those of the last frame.

    Attributes:
        ids: (U,) int64.
        boxes: (U, 4) where the track decoder saw them last.
        ages: (U,) int64, frames since then.
        labels: (U,) int64.
        previous_ids: (T,) int64, tracks that a detection of the last frame has.
        previous_boxes: (T, 4) of those detections.
        previous_labels: (T,) int64.
    """

    ids: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    boxes: np.ndarray = field(default_factory=lambda: np.empty((0, 4)))
    ages: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    labels: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    previous_ids: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    previous_boxes: np.ndarray = field(default_factory=lambda: np.empty((0, 4)))
    previous_labels: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))

    def decoded_tracks(
        self, table: QueryTable
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Ids, boxes and classes of the rows of the track decoder that have a track.

        A box is that of the last frame where the decoder gave no number; the class that of
        the detection that the track query was made of.
        """
        index = np.flatnonzero(table.is_track & (table.ids >= 0))
        ids, boxes, labels = table.ids[index], table.boxes[index], table.labels[index]
        was_detected = ids[:, None] == self.previous_ids
        if was_detected.size:
            place, has_detection = was_detected.argmax(1), was_detected.any(1)
            is_lost = has_detection & ~table.is_valid[index]
            boxes = np.where(is_lost[:, None], self.previous_boxes[place], boxes)
            labels = np.where(has_detection, self.previous_labels[place], labels)
        return ids, boxes, labels


@TASK_UTILS.register_module()
class GIoUMatching:
    """Detections take the ids of track boxes by Hungarian matching on GIoU (TransTrack).

    Tracks without a detection wait, where they were, and may be taken again.

    Args:
        score_threshold: Least score of a detection.
        max_cost: A pair must cost no more, 1 - GIoU.
        max_age: Frames that a track waits.
        class_agnostic: As released: a detection may take the id of a track of another
            class.
    """

    propagates_queries = True

    def __init__(
        self,
        *,
        score_threshold: float = 0.4,
        max_cost: float = 1.2,
        max_age: int = 32,
        class_agnostic: bool = False,
    ) -> None:
        require_numbers('GIoUMatching', FRACTION, score_threshold=score_threshold)
        require_numbers('GIoUMatching', NON_NEGATIVE, max_cost=max_cost)
        require_numbers('GIoUMatching', COUNT, max_age=max_age)
        self.score_threshold = score_threshold
        self.max_cost = max_cost
        self.max_age = max_age
        self.class_agnostic = class_agnostic

    def begin(self) -> WaitingTracks:
        """The state of a video."""
        return WaitingTracks()

    def update(
        self, state: WaitingTracks, table: QueryTable, frame: Frame
    ) -> LifecycleOutcome:
        """As of :meth:`ScoreStates.update`.

        The released tracker begins no track in a frame without any; here it does.
        """
        detected = np.flatnonzero(
            ~table.is_track & (table.scores >= self.score_threshold)
        )
        track_ids, track_boxes, track_labels = (
            np.concatenate(pair)
            for pair in zip(
                state.decoded_tracks(table),
                (state.ids, state.boxes, state.labels),
                strict=True,
            )
        )
        track_ages = np.zeros(len(track_ids), np.int64)
        track_ages[len(track_ids) - len(state.ages) :] = state.ages
        detections, tracks = self._matches(
            table.boxes[detected], table.labels[detected], track_boxes, track_labels
        )

        ids = np.full(len(table.ids), NEW, np.int64)
        ids[detected[detections]] = track_ids[tracks]
        born = np.setdiff1d(detected, detected[detections])
        ids[born] = state.take(len(born))

        is_unmatched = np.ones(len(track_ids), bool)
        is_unmatched[tracks] = False
        is_waiting = is_unmatched & (track_ages + 1 < self.max_age)
        ended_ids = track_ids[is_unmatched & ~is_waiting].tolist()
        state.ids = track_ids[is_waiting]
        state.boxes = track_boxes[is_waiting]
        state.ages = track_ages[is_waiting] + 1
        state.labels = track_labels[is_waiting]
        state.previous_ids = ids[detected]
        state.previous_boxes = table.boxes[detected]
        state.previous_labels = table.labels[detected]
        return LifecycleOutcome(
            ids, np.zeros_like(ids), ids >= 0, ended_ids, table.labels
        )

    def _matches(
        self,
        boxes: np.ndarray,
        labels: np.ndarray,
        track_boxes: np.ndarray,
        track_labels: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rows of detections and of tracks, pair by pair."""
        cost = 1 - pairwise_giou(boxes, track_boxes)
        is_allowed = cost <= self.max_cost
        if not self.class_agnostic:
            is_same_class = labels[:, None] == track_labels
            is_allowed &= is_same_class
            cost = np.where(is_same_class, cost, OTHER_CLASS_COST)
        detections, tracks = linear_sum_assignment(cost)
        is_match = is_allowed[detections, tracks]
        return detections[is_match], tracks[is_match]


def pairwise_giou(boxes: np.ndarray, other_boxes: np.ndarray) -> np.ndarray:
    """(N, M) generalised IoU (Rezatofighi et al., CVPR 2019) of boxes in corners."""
    if not len(boxes) or not len(other_boxes):
        return np.zeros((len(boxes), len(other_boxes)))
    iou = pairwise_iou(boxes, other_boxes)
    rows, columns = boxes[:, None], other_boxes[None]
    hull = (
        np.maximum(rows[..., 2:], columns[..., 2:])
        - np.minimum(rows[..., :2], columns[..., :2])
    ).prod(-1)
    areas = [(part[:, 2:] - part[:, :2]).prod(-1) for part in (boxes, other_boxes)]
    union = (areas[0][:, None] + areas[1]) / (1 + iou)
    return iou - (hull - union) / hull


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
        """As of :meth:`ScoreStates.update`; what a tracker coasts is not reported."""
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
