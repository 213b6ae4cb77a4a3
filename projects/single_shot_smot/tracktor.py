"""Tracktor's estimator: tracking by the box regression of a two-stage detector."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from mmsmot.models.detectors import BaseDetector
from mmsmot.models.detectors.nms import nms
from mmsmot.models.estimators import FEATURES, BaseEstimator, Estimate, EstimatorLoss
from mmsmot.models.reid import BaseReID
from mmsmot.models.trackers.association import associate_by_weight
from mmsmot.models.trackers.camera_motion import CameraMotion
from mmsmot.registry import MODELS, TASK_UTILS, TRACKERS, build_part
from mmsmot.structures import (
    Detections,
    Frame,
    Prompt,
    SMOTDataSample,
    VideoInfo,
    pairwise_iou,
)
from mmsmot.structures.boxes import valid_boxes, warp_boxes
from mmsmot.structures.feature_maps import FeatureMaps
from mmsmot.utils.number_ranges import (
    COUNT,
    FRACTION,
    NON_NEGATIVE_INT,
    require_numbers,
)
from mmsmot.utils.stopwatch import Stopwatch

from .appearance_gate import EMBEDDING_DISTANCE, appearance_weights
from .detector_training import detection_loss
from .frame_size import remember_size
from .scene_cut import SceneCut, enter_frame
from .second_stage import box_regression
from .tracktor_state import TracktorState, tracks_of

if TYPE_CHECKING:
    from mmsmot.models.training.clip_plan import ClipPlan


@MODELS.register_module()
class Tracktor(BaseEstimator):
    """Tracking by regression (Bergmann et al., 2019), in the order of its release.

    ::

        boxes of the last frame -> camera motion --+
        frame -> extract -> features --------------+-> regress_in -> boxes, scores
                    |                              score < keep_threshold: inactive
                    |                              NMS among tracks: the worse inactive
                    +-> detect_in, NMS                   |
                            |                            |
                       IoU with them <= new_iou <--------+
                            |
                       ReID with inactive tracks: such a track goes on, or a new one

    Every track costs a pass of the second stage in each frame, and with ReID an embedding.
    An inactive track ends after ``patience`` frames; without a ReID part at once. Where the
    scene changes every track ends: its place says nothing of the next scene.

    Args:
        detector: The two-stage detector.
        public_detector: Gives the detections instead; the second stage regresses and
            scores them again first, as with the public detections of MOTChallenge.
        camera_motion: Moves the boxes with the camera; ``None``: they stay.
        reid: Embeds tracks and new detections; ``None``: no track comes back.
        scene_cut: Tells where the scene changes; ``None``: nothing is looked for, as in
            the release.
        det_threshold: Least score of a new track's detection.
        keep_threshold: Least score of a re-detection.
        track_nms: Of two tracks of a class with a greater IoU the worse is inactive.
        det_nms: Greatest IoU of two detections of a class.
        new_iou: A detection that overlaps a track of its class more is not new.
        max_distance: Greatest Euclidean distance of a new detection's unit embedding from
            the mean of an inactive track's, 0 to 2. The release compares embeddings of
            any length; the 200 and 2 of its configs are for those.
        reid_iou: Least IoU of a new detection with the box that an inactive track was
            seen at last, moved with the camera; the release's .2.
        num_features: Embeddings of a track that the mean is of, the last ones.
        patience: Frames that an inactive track is remembered; the release's configs have
            50 and 10.

    Raises:
        TypeError: The detector has no second stage.
        ValueError: An option is out of its range.
    """

    provides = frozenset({FEATURES})

    def __init__(
        self,
        *,
        detector: dict | BaseDetector,
        public_detector: dict | BaseDetector | None = None,
        camera_motion: dict | CameraMotion | None = None,
        reid: dict | BaseReID | None = None,
        scene_cut: dict | SceneCut | None = None,
        det_threshold: float = 0.5,
        keep_threshold: float = 0.5,
        track_nms: float = 0.6,
        det_nms: float = 0.3,
        new_iou: float = 0.3,
        max_distance: float = 0.7,
        reid_iou: float = 0.2,
        num_features: int = 10,
        patience: int = 50,
    ) -> None:
        super().__init__()
        require_numbers(
            'Tracktor',
            FRACTION,
            det_threshold=det_threshold,
            keep_threshold=keep_threshold,
            track_nms=track_nms,
            det_nms=det_nms,
            new_iou=new_iou,
            reid_iou=reid_iou,
        )
        require_numbers('Tracktor', EMBEDDING_DISTANCE, max_distance=max_distance)
        require_numbers('Tracktor', COUNT, num_features=num_features)
        require_numbers('Tracktor', NON_NEGATIVE_INT, patience=patience)
        self.detector = build_part(detector)
        self.public_detector = build_part(public_detector)
        self.camera_motion = build_part(camera_motion, TRACKERS)
        self.reid = build_part(reid)
        self.scene_cut = build_part(scene_cut, TASK_UTILS)
        self.det_threshold = det_threshold
        self.keep_threshold = keep_threshold
        self.track_nms = track_nms
        self.det_nms = det_nms
        self.new_iou = new_iou
        self.max_distance = max_distance
        self.reid_iou = reid_iou
        self.num_features = num_features
        self.patience = patience if self.reid is not None else 0
        self.box_regression = box_regression(self.detector)

    def begin(
        self, video: VideoInfo, prompts: Sequence[Prompt], *, needs: frozenset[str]
    ) -> TracktorState:
        motion = copy.deepcopy(self.camera_motion)
        if motion is not None:
            motion.reset()
        return TracktorState(needs_features=FEATURES in needs, camera_motion=motion)

    def step(self, state: TracktorState, frames: Sequence[Frame]) -> Estimate:
        stopwatch = Stopwatch()
        with torch.no_grad():
            features = self.detector.extract(frames)
        detections = self._detections(frames, features)
        stopwatch.book('detect')
        tracks, ended_ids = [], []
        for row, frame in enumerate(frames):
            ended_ids += self._track(state, frame, features[[row]], detections[row])
            tracks.append(tracks_of(state))
        tracked = [Detections(t.boxes, t.scores, t.labels) for t in tracks]
        stopwatch.book('track')
        maps = features if state.needs_features else None
        return Estimate(tracked, tracks, maps, ended_ids, stopwatch.seconds)

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
        parts = dict(detector=self.detector, public=self.public_detector)
        hashes = [
            f'{name} {part.fingerprint_of(video)}'
            for name, part in parts.items()
            if part is not None
        ]
        if self.reid is not None:
            hashes.append(f'reid {self.reid.fingerprint}')
        return hashes

    def parts(self) -> list:
        parts: list[nn.Module | object | None] = [self, self.detector, self.reid]
        return [*parts, self.public_detector, self.camera_motion, self.scene_cut]

    def _detections(
        self, frames: Sequence[Frame], features: FeatureMaps
    ) -> list[Detections]:
        """Detections of B frames above the threshold, suppressed."""
        if self.public_detector is None:
            detections = self.detector.detect_in(features)
        else:
            public = self.public_detector.detect(frames)
            boxes, labels = [d.boxes for d in public], [d.labels for d in public]
            answers = self.box_regression.regress_in(features, boxes, labels)
            detections = [
                Detections.cleaned(boxes, scores, frame_labels)[0]
                for (boxes, scores), frame_labels in zip(answers, labels, strict=True)
            ]
        return [self._suppressed(d) for d in detections]

    def _suppressed(self, detections: Detections) -> Detections:
        detections = detections[detections.scores >= self.det_threshold]
        boxes, scores, labels = detections.boxes, detections.scores, detections.labels
        return detections[nms(boxes, scores, labels, self.det_nms)]

    def _track(
        self,
        state: TracktorState,
        frame: Frame,
        features: FeatureMaps,
        detections: Detections,
    ) -> list[int]:
        """Go on to the next frame; the ids of the tracks that ended."""
        remember_size(state, frame)
        ended_ids = self._end_scene(state, frame)
        if state.camera_motion is not None:
            warp = state.camera_motion.estimate(frame.image)
            state.boxes = warp_boxes(state.boxes, warp)
        self._redetect(state, features)
        active_boxes = state.boxes[state.is_active]
        overlaps = pairwise_iou(detections.boxes, active_boxes) > self.new_iou
        overlaps &= detections.labels[:, None] == state.labels[state.is_active]
        self._start(state, frame, detections[~overlaps.any(axis=1)])
        is_over = state.inactive > self.patience
        ended_ids += state.ids[is_over].tolist()
        state.keep(~is_over)
        return ended_ids

    def _end_scene(self, state: TracktorState, frame: Frame) -> list[int]:
        """The ids of all tracks, which end, where the frame begins another scene."""
        if not enter_frame(self.scene_cut, state, frame):
            return []
        ended_ids = state.ids.tolist()
        state.keep(np.empty(0, np.int64))
        if state.camera_motion is not None:
            state.camera_motion.reset()
        return ended_ids

    def _redetect(self, state: TracktorState, features: FeatureMaps) -> None:
        """Regress the active tracks; those that are not there become inactive."""
        state.inactive = state.inactive + ~state.is_active
        rows = np.flatnonzero(state.is_active)
        labels = state.labels[rows]
        ((boxes, scores),) = self.box_regression.regress_in(
            features, [state.boxes[rows]], [labels]
        )
        is_redetected = (scores >= self.keep_threshold) & valid_boxes(boxes)
        state.inactive[rows] = 1
        rows, boxes = rows[is_redetected], boxes[is_redetected]
        scores = scores[is_redetected]
        best = nms(boxes, scores, state.labels[rows], self.track_nms)
        # A lost track keeps its last box: the new one lies on the track that won.
        rows = rows[best]
        state.boxes[rows], state.scores[rows] = boxes[best], scores[best]
        state.inactive[rows] = 0

    def _start(
        self, state: TracktorState, frame: Frame, detections: Detections
    ) -> None:
        """Find inactive tracks again in new detections, and start tracks at the rest."""
        if self.reid is None:
            if len(detections):
                state.append(detections, self.num_features)
            return
        active = np.flatnonzero(state.is_active)
        inactive = np.flatnonzero(~state.is_active)
        boxes = np.concatenate([state.boxes[active], detections.boxes])
        if not len(boxes):
            return
        embeddings = self.reid.embed(frame.image, boxes)
        active_embeddings, det_embeddings = np.split(embeddings, [len(active)])
        det_rows, track_rows = self._match(state, inactive, detections, det_embeddings)
        state.boxes[track_rows] = detections.boxes[det_rows]
        state.scores[track_rows] = detections.scores[det_rows]
        state.inactive[track_rows] = 0
        is_new = np.ones(len(detections), bool)
        is_new[det_rows] = False
        new_rows = state.append(detections[is_new], self.num_features)
        rows = np.concatenate([active, track_rows, new_rows])
        vectors = [active_embeddings, det_embeddings[det_rows], det_embeddings[is_new]]
        state.add_features(rows, np.concatenate(vectors))

    def _match(
        self,
        state: TracktorState,
        inactive: np.ndarray,
        detections: Detections,
        embeddings: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """New detections that are inactive tracks: their rows, and the tracks' rows."""
        if not len(inactive) or not len(detections):
            return np.empty(0, np.int64), np.empty(0, np.int64)
        means = state.mean_features(inactive)
        difference = embeddings[:, None].astype(np.float64) - means
        distance = np.linalg.norm(difference, axis=2)
        weights = appearance_weights(distance, self.max_distance)
        is_far = pairwise_iou(detections.boxes, state.boxes[inactive]) < self.reid_iou
        is_other_class = detections.labels[:, None] != state.labels[inactive]
        weights[is_far | is_other_class] = -1
        rows, columns = associate_by_weight(weights)
        return rows, inactive[columns]
