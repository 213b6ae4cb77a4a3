"""TransTrack's lifecycle: detections are matched to the boxes of tracks."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment

from mmsmot.registry import TASK_UTILS
from mmsmot.structures import Frame
from mmsmot.utils.mmdet_bridge import import_mmdet
from mmsmot.utils.number_ranges import (
    COUNT,
    FRACTION,
    NON_NEGATIVE,
    require_numbers,
)

from .lifecycles import IdCounter
from .queries import NEW
from .query_table import LifecycleOutcome, QueryTable

import_mmdet()
from mmdet.structures.bbox import bbox_overlaps  # noqa: E402

# Above any sum of 1 - GIoU, at most 2 each, of the pairs of a frame.
OTHER_CLASS_COST = 1e6


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
        """As of :meth:`~.lifecycles.ScoreStates.update`.

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
    pair = (torch.from_numpy(part) for part in (boxes, other_boxes))
    return bbox_overlaps(*pair, mode='giou').numpy()
