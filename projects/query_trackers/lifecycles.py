"""Lifecycles by score: when a query becomes a track, and when the track ends."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mmsmot.models.detectors.nms import nms
from mmsmot.registry import TASK_UTILS
from mmsmot.structures import Frame
from mmsmot.utils.number_ranges import COUNT, FRACTION, require_numbers

from .queries import NEW
from .query_table import LifecycleOutcome, QueryTable


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
    surviving_rows = nms(boxes[index], order[index], labels[index], iou_threshold)
    survives = np.zeros(len(mask), bool)
    survives[index[surviving_rows]] = True
    return survives
