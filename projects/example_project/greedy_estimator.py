"""An estimator that lives outside the package: it detects and associates by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mmsmot.models.detectors import BaseDetector
from mmsmot.models.estimators import BaseEstimator, Estimate
from mmsmot.registry import MODELS, build_part
from mmsmot.structures import (
    Detections,
    Frame,
    Prompt,
    Tracks,
    VideoInfo,
    pairwise_iou,
)
from mmsmot.utils.number_ranges import FRACTION, NON_NEGATIVE_INT, require_numbers


@dataclass
class GreedyState:
    """All that belongs to one video: a row for each track that has not ended.

    Attributes:
        ids: (L,) int64.
        boxes: (L, 4) where each was detected last.
        labels: (L,) int64, its class.
        ages: (L,) int64, frames since then.
        next_id: Of the next new track.
    """

    ids: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    boxes: np.ndarray = field(default_factory=lambda: np.empty((0, 4)))
    labels: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    ages: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    next_id: int = 1


@MODELS.register_module()
class GreedyEstimator(BaseEstimator):
    """Detections take the ids of the boxes that they overlap, the best pair first.

    ::

        frames -> detector -> IoU with the live tracks -> best pair, next best, ...
                                     ^                              |
                                     +--- GreedyState, a video's ---+

    It offers boxes alone. One that offers features to ``semantics`` names them in
    ``provides``; ``tests/models/estimators/toy_joint_estimator.py`` is such a one, with a
    ``loss``.

    Args:
        detector: Frames to detections.
        iou_threshold: A pair must overlap more than this.
        max_age: Frames without a detection after which a track ends.

    Raises:
        ValueError: An option is out of its range.
    """

    def __init__(
        self,
        *,
        detector: dict | BaseDetector,
        iou_threshold: float = 0.3,
        max_age: int = 5,
    ) -> None:
        super().__init__()
        require_numbers('GreedyEstimator', FRACTION, iou_threshold=iou_threshold)
        require_numbers('GreedyEstimator', NON_NEGATIVE_INT, max_age=max_age)
        self.detector = build_part(detector)
        self.iou_threshold = iou_threshold
        self.max_age = max_age

    def begin(
        self, video: VideoInfo, prompts: Sequence[Prompt], *, needs: frozenset[str]
    ) -> GreedyState:
        return GreedyState()

    def step(self, state: GreedyState, frames: Sequence[Frame]) -> Estimate:
        detections = self.detector.detect(frames)
        tracks, ended_ids = [], []
        for frame_detections in detections:
            tracks.append(self._associate(state, frame_detections))
            ended_ids += self._end_tracks(state)
        return Estimate(detections, tracks, ended_ids=ended_ids)

    def fingerprint_of(self, video: VideoInfo) -> list[str]:
        return [f'detector {self.detector.fingerprint_of(video)}']

    def parts(self) -> list:
        return [self, self.detector]

    def _associate(self, state: GreedyState, detections: Detections) -> Tracks:
        """Tracks of the next frame, one for each detection."""
        iou = pairwise_iou(detections.boxes, state.boxes)
        iou[detections.labels[:, None] != state.labels] = 0  # within a class
        matches = greedy_matches(iou, self.iou_threshold)
        is_new = matches < 0
        ids = np.empty(len(detections), np.int64)
        ids[~is_new] = state.ids[matches[~is_new]]
        ids[is_new] = state.next_id + np.arange(is_new.sum())
        state.next_id += int(is_new.sum())

        unmatched = np.setdiff1d(np.arange(len(state.ids)), matches)
        boxes, labels = detections.boxes, detections.labels
        ages = np.zeros(len(ids), np.int64)
        state.boxes = np.concatenate([state.boxes[unmatched], boxes])
        state.labels = np.concatenate([state.labels[unmatched], labels])
        state.ages = np.concatenate([state.ages[unmatched] + 1, ages])
        state.ids = np.concatenate([state.ids[unmatched], ids])
        rows = np.arange(len(ids))
        return Tracks(ids, boxes, detections.scores, labels, rows)

    def _end_tracks(self, state: GreedyState) -> list[int]:
        """Forget the tracks that are too old; their ids, which never come back."""
        is_live = state.ages <= self.max_age
        ended_ids = state.ids[~is_live].tolist()
        for name in ('ids', 'boxes', 'labels', 'ages'):
            setattr(state, name, getattr(state, name)[is_live])
        return ended_ids


def greedy_matches(iou: np.ndarray, threshold: float) -> np.ndarray:
    """Which column each row takes, the best pair of all first.

    Args:
        iou: (N, L) overlaps.
        threshold: A pair must be above it, at least 0.

    Returns:
        (N,) int64 columns, each at most once, -1 for none.

    >>> greedy_matches(np.array([[0.6, 0.5], [0.8, 0.4]]), 0.3).tolist()
    [1, 0]
    """
    iou = iou.copy()
    matches = np.full(len(iou), -1)
    while iou.size and iou.max() > threshold:
        row, column = np.unravel_index(iou.argmax(), iou.shape)
        matches[row] = column
        iou[row], iou[:, column] = 0, 0
    return matches
