"""SMOT's estimator: tracking by re-detection with a single-shot detector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from mmsmot.models.detectors import BaseDetector
from mmsmot.models.detectors.base import RawDetections
from mmsmot.models.detectors.nms import nms
from mmsmot.models.estimators import FEATURES, BaseEstimator, Estimate, EstimatorLoss
from mmsmot.models.reid import BaseReID
from mmsmot.registry import MODELS, TASK_UTILS, build_part
from mmsmot.structures import (
    Detections,
    Frame,
    Prompt,
    SMOTDataSample,
    Tracks,
    VideoInfo,
    pairwise_iou,
)
from mmsmot.structures.boxes import valid_boxes
from mmsmot.structures.feature_maps import FeatureMaps
from mmsmot.utils.log_once import log_once
from mmsmot.utils.number_ranges import COUNT, FRACTION, require_numbers
from mmsmot.utils.stopwatch import Stopwatch

from .box_motion import BoxMotion
from .detector_training import detection_loss
from .frame_size import remember_size
from .scene_cut import SceneCut, enter_frame
from .track_table import TrackTable
from .tracked_labels import require_scored_labels, tracked_labels
from .tracking_anchors import TrackingAnchors
from .tracklet_linker import FeatureBank, TrackletLinker

if TYPE_CHECKING:
    from mmsmot.models.training.clip_plan import ClipPlan

# Least score ratio of relative_keep: where a detection's own anchors are almost blind to it,
# a threshold multiplied by less would let background go on for a whole video.
MIN_SCORE_RATIO = 0.5


@dataclass
class SingleShotState(TrackTable):
    """All that belongs to one video: a row for each tracklet that is alive.

    Attributes:
        ids: (L,) int64, of the track that each belongs to.
        boxes: (L, 4) in the last frame.
        scores: (L,) float64, aggregated; those of new tracklets the detection's.
        labels: (L,) int64.
        score_ratios: (L,) aggregated score over detection score, when it was detected; 1
            without ``relative_keep``.
        ages: (L,) int64, frames since then.
        next_id: Of the next new track.
        needs_features: Whether feature maps are asked for.
        size: Width and height of the frames, ``None`` before the first.
        motion_image: What the motion keeps of the last frame.
        thumbnail: What the scene cut keeps of the last frame.
        bank: Embeddings of the tracks that a tracklet may be linked to.
    """

    COLUMNS = ('ids', 'boxes', 'scores', 'labels', 'score_ratios', 'ages')

    ids: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    boxes: np.ndarray = field(default_factory=lambda: np.empty((0, 4)))
    scores: np.ndarray = field(default_factory=lambda: np.empty(0))
    labels: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    score_ratios: np.ndarray = field(default_factory=lambda: np.empty(0))
    ages: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    next_id: int = 1
    needs_features: bool = False
    size: tuple[int, int] | None = None
    motion_image: np.ndarray | None = None
    thumbnail: np.ndarray | None = None
    bank: FeatureBank = field(default_factory=FeatureBank)

    def new_ids(self, count: int) -> np.ndarray:
        """(count,) ids that no track had."""
        ids = np.arange(self.next_id, self.next_id + count)
        self.next_id += count
        return ids


@MODELS.register_module()
class SingleShotTracker(BaseEstimator):
    """Tracking by re-detection over any detector with anchors (Li et al., 2020).

    Steps (2) to (6) of section 4.1, for each frame::

        boxes of the last frame -> motion H -> tracking anchors --+
        frame -> detector.raw -> boxes, scores, anchors ----------+-> re-detected boxes
                      |                                     score < keep_threshold: ends
                      +-> NMS, score >= det_threshold             NMS among tracklets
                                 |                                      |
                            IoU with them <= new_iou: a new tracklet <--+
                                 |
                            linker: the id of a track seen before, or a new one

    A tracklet ends the first time that it is not re-detected. Without a linker its id
    never comes back. ``Estimate.detections`` are the re-detections, then the new ones.

    Args:
        detector: Gives raw detections with anchors.
        anchors: The tracking anchor assignment.
        motion: H, from the last frame to this one.
        reid: Embeds the boxes that the linker compares.
        linker: Links new tracklets to tracks seen before; ``None`` for none.
        scene_cut: Where the scene changes, every tracklet ends; ``None`` looks for no cut.
        feature_extractor: Makes the feature maps that ``semantics`` pools from; ``None``:
            the detector's own, where it has any.
        det_threshold: Least score of a new tracklet's detection (sigma_det).
        keep_threshold: Least score of a re-detection (sigma_tk, sigma_active).
        relative_keep: Multiply ``keep_threshold`` for each tracklet by the ratio of its
            aggregated score to its detection's when it was new, at least .5: then the
            threshold means the same for any number of anchors. The scores that are
            reported are the aggregated ones. Not in the paper.
        track_nms: Of two tracklets of a class with a greater IoU the worse ends: that of
            the lower score over that ratio, at most 1, and of equal ones the newer. Without
            ``relative_keep`` the ratio is 1.
        new_iou: A detection that overlaps a tracklet of its class more is not new.
        nms_threshold: Greatest IoU of two new detections of one class.
        max_detections: Candidates of new detections before suppression, the best of those
            that no tracklet covers; 400 in the release, which counts all.
        labels: Classes that are tracked, as the detector numbers them; ``None`` for all.

    Raises:
        TypeError: The detector has no anchors.
        ValueError: An option is out of its range, or there is a linker without reid; at
            the first frame: the detector has no scores of one of ``labels``.
    """

    def __init__(
        self,
        *,
        detector: dict | BaseDetector,
        anchors: dict | TrackingAnchors,
        motion: dict | BoxMotion,
        reid: dict | BaseReID | None = None,
        linker: dict | TrackletLinker | None = None,
        scene_cut: dict | SceneCut | None = None,
        feature_extractor: dict | nn.Module | None = None,
        det_threshold: float = 0.9,
        keep_threshold: float = 0.4,
        relative_keep: bool = False,
        track_nms: float = 0.6,
        new_iou: float = 0.3,
        nms_threshold: float = 0.45,
        max_detections: int = 400,
        labels: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        require_numbers(
            'SingleShotTracker',
            FRACTION,
            det_threshold=det_threshold,
            keep_threshold=keep_threshold,
            track_nms=track_nms,
            new_iou=new_iou,
            nms_threshold=nms_threshold,
        )
        require_numbers('SingleShotTracker', COUNT, max_detections=max_detections)
        self.detector = build_part(detector)
        self.anchors = build_part(anchors, TASK_UTILS)
        self.motion = build_part(motion, TASK_UTILS)
        self.reid = build_part(reid)
        self.linker = build_part(linker, TASK_UTILS)
        self.scene_cut = build_part(scene_cut, TASK_UTILS)
        self.feature_extractor = build_part(feature_extractor)
        self.det_threshold = det_threshold
        self.keep_threshold = keep_threshold
        self.relative_keep = relative_keep
        self.track_nms = track_nms
        self.new_iou = new_iou
        self.nms_threshold = nms_threshold
        self.max_detections = max_detections
        self.labels = tracked_labels('SingleShotTracker', labels)
        if type(self.detector).raw is BaseDetector.raw:
            self.detector.raw([])  # its own message says which detectors have anchors
        if self.linker is not None and self.reid is None:
            raise ValueError(
                'SingleShotTracker: a linker compares appearance: set reid, such as '
                "reid=dict(type='ONNXReID', model='osnet.onnx'), or linker=None"
            )

    @property
    def provides(self) -> frozenset[str]:
        """Feature maps, where something makes them."""
        has_maps = hasattr(self.feature_extractor or self.detector, 'extract')
        return frozenset({FEATURES} if has_maps else ())

    def begin(
        self, video: VideoInfo, prompts: Sequence[Prompt], *, needs: frozenset[str]
    ) -> SingleShotState:
        return SingleShotState(needs_features=FEATURES in needs)

    def step(self, state: SingleShotState, frames: Sequence[Frame]) -> Estimate:
        stopwatch = Stopwatch()
        features, raw = self._extract_and_detect(frames, state.needs_features)
        stopwatch.book('detect')
        detections, tracks, ended_ids = [], [], []
        detector = type(self.detector).__name__
        for frame, frame_raw in zip(frames, raw, strict=True):
            require_raw(frame_raw, detector)
            require_scored_labels(self.labels, frame_raw.scores.shape[1], detector)
            frame_detections, ended = self._track(state, frame, frame_raw)
            detections.append(frame_detections)
            tracks.append(tracks_of(state))
            ended_ids += ended
        stopwatch.book('track')
        return Estimate(detections, tracks, features, ended_ids, stopwatch.seconds)

    def loss(
        self,
        inputs: Sequence[Sequence[Frame]],
        samples: Sequence[SMOTDataSample],
        *,
        plan: ClipPlan,
    ) -> EstimatorLoss:
        """The detector's loss; see :func:`.detector_training.detection_loss`."""
        return detection_loss(self.detector, inputs, samples, plan)

    def fingerprint_of(self, video: VideoInfo) -> list[str]:
        hashes = [f'detector {self.detector.fingerprint_of(video)}']
        if self.reid is not None:
            hashes.append(f'reid {self.reid.fingerprint}')
        return hashes

    def parts(self) -> list:
        parts = [self, self.detector, self.anchors, self.motion, self.linker]
        return [*parts, self.scene_cut, self.feature_extractor, self.reid]

    def _extract_and_detect(
        self, frames: Sequence[Frame], needs_features: bool
    ) -> tuple[FeatureMaps | None, list[RawDetections]]:
        """Raw detections of B frames, and their feature maps where they are needed."""
        if not needs_features:
            return None, self.detector.raw(frames)
        with torch.no_grad():
            features = (self.feature_extractor or self.detector).extract(frames)
        if self.feature_extractor is not None:  # the boxes come from another network
            return features, self.detector.raw(frames)
        return features, self.detector.raw_in(features)

    def _track(
        self, state: SingleShotState, frame: Frame, raw: RawDetections
    ) -> tuple[Detections, list[int]]:
        """The detections of the next frame, and the ids of the tracks that ended."""
        last_ids = state.ids
        self._redetect(state, frame, raw)
        detections = self._new_detections(state, raw)
        self._start(state, frame, raw, detections)
        if self.linker is None:
            ended_ids = np.setdiff1d(last_ids, state.ids)
        else:
            ended_ids = self._update_bank(state, frame)
        return Detections(state.boxes, state.scores, state.labels), ended_ids.tolist()

    def _redetect(
        self, state: SingleShotState, frame: Frame, raw: RawDetections
    ) -> None:
        """Move the tracklets to the next frame, and end those that are not there."""
        remember_size(state, frame)
        expected = self._predict(state, frame)
        if not len(state.ids):
            return
        boxes, scores = self.anchors.redetect(expected, state.labels, raw)
        state.boxes, state.scores = boxes, scores
        state.ages = state.ages + 1
        is_redetected = scores / state.score_ratios >= self.keep_threshold
        state.keep(is_redetected & valid_boxes(boxes))
        relative_scores = np.minimum(state.scores / state.score_ratios, 1)
        rows = nms(state.boxes, relative_scores, state.labels, self.track_nms)
        state.keep(np.sort(rows))

    def _predict(self, state: SingleShotState, frame: Frame) -> np.ndarray:
        """Where the tracklets (L, 4) are expected; at a cut there are none."""
        if enter_frame(self.scene_cut, state, frame):
            state.keep(np.empty(0, np.int64))
        previous = state.motion_image
        state.motion_image = self.motion.prepare(frame.image)
        return self.motion.move(state.boxes, previous, state.motion_image, state.size)

    def _new_detections(self, state: SingleShotState, raw: RawDetections) -> Detections:
        """Detections that no tracklet covers, best first."""
        rows, labels = np.nonzero(raw.scores >= self.det_threshold)
        is_possible = valid_boxes(raw.boxes[rows])
        if self.labels is not None:
            is_possible &= np.isin(labels, self.labels)
        rows, labels = rows[is_possible], labels[is_possible]
        best = np.argsort(-raw.scores[rows, labels], kind='stable')
        rows, labels = rows[best], labels[best]
        boxes, scores = raw.boxes[rows], raw.scores[rows, labels]
        overlaps = pairwise_iou(boxes, state.boxes) > self.new_iou
        is_covered = (overlaps & (labels[:, None] == state.labels)).any(axis=1)
        rows = np.flatnonzero(~is_covered)[: self.max_detections]
        # Suppression among all, as in step (3): a box beside a tracklet is not new because
        # a better one on top of the tracklet was taken away.
        rows = with_rivals(boxes, rows, np.flatnonzero(is_covered), self.nms_threshold)
        rows = rows[nms(boxes[rows], scores[rows], labels[rows], self.nms_threshold)]
        rows = rows[~is_covered[rows]]
        return Detections(boxes[rows], scores[rows], labels[rows])

    def _start(
        self,
        state: SingleShotState,
        frame: Frame,
        raw: RawDetections,
        detections: Detections,
    ) -> None:
        """Start a tracklet at each new detection."""
        if not len(detections):
            return
        count, ratios = len(detections), np.ones(len(detections))
        if self.relative_keep:
            scores = self.anchors.redetect(detections.boxes, detections.labels, raw)[1]
            ratios = np.maximum(scores / detections.scores, MIN_SCORE_RATIO)
        if self.linker is None:
            ids = state.new_ids(count)
        else:
            embeddings = self.reid.embed(frame.image, detections.boxes)
            ids = self.linker.match(
                state.bank, embeddings, detections.labels, state.ids
            )
            ids[ids < 0] = state.new_ids(int((ids < 0).sum()))
            state.bank.add(ids, detections.labels, embeddings)
        state.add_rows(
            ids=ids,
            boxes=detections.boxes,
            scores=detections.scores,
            labels=detections.labels,
            score_ratios=ratios,
            ages=np.zeros(count, np.int64),
        )

    def _update_bank(self, state: SingleShotState, frame: Frame) -> np.ndarray:
        """Embed the tracklets that are due; ids of the tracks that were forgotten."""
        is_due = self.linker.is_due(state.ages)
        if is_due.any():
            embeddings = self.reid.embed(frame.image, state.boxes[is_due])
            state.bank.add(state.ids[is_due], state.labels[is_due], embeddings)
        return self.linker.forget(state.bank, state.ids)


def with_rivals(
    boxes: np.ndarray, rows: np.ndarray, covered_rows: np.ndarray, threshold: float
) -> np.ndarray:
    """Rows of boxes, and the covered ones that suppression can reach them from.

    Suppression among them is the same as among all, and costs no more than there are
    boxes near ``rows``, however many covered ones there are elsewhere.

    Args:
        boxes: (N, 4).
        rows: Of some boxes, ascending.
        covered_rows: Of all other boxes.
        threshold: Rivals are boxes of a greater IoU.
    """
    rings = [rows]  # the boxes, their rivals, the rivals of those, ...
    while len(rows) and len(covered_rows):
        overlaps = pairwise_iou(boxes[covered_rows], boxes[rows]) > threshold
        is_rival = overlaps.any(axis=1)
        rows, covered_rows = covered_rows[is_rival], covered_rows[~is_rival]
        rings.append(rows)
    return np.sort(np.concatenate(rings))


def tracks_of(state: SingleShotState) -> Tracks:
    """The tracklets that are alive, as tracks of the frame that was read last."""
    rows = np.arange(len(state.ids))
    return Tracks(state.ids, state.boxes, state.scores, state.labels, rows)


def require_raw(raw: RawDetections, detector: str) -> None:
    """Refuse raw detections that do not fit together; a score that is NaN is logged.

    Raises:
        ValueError: Boxes, scores and anchors are not of the same A rows.
    """
    shapes = raw.boxes.shape, raw.scores.shape, raw.anchors.shape
    rows = len(raw.anchors)
    fits = shapes[0] == shapes[2] == (rows, 4) and raw.scores.ndim == 2
    if not fits or len(raw.scores) != rows:
        raise ValueError(
            f'{detector}.raw: expected boxes (A, 4), scores (A, C) and anchors (A, 4), '
            f'got {shapes[0]}, {shapes[1]} and {shapes[2]}'
        )
    if np.isnan(raw.scores).any():
        log_once(
            f'{detector}: scores are NaN; those anchors are left out. Its weights may be '
            'damaged. This is said once'
        )
