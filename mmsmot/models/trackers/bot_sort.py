"""BoT-SORT: robust associations, with camera motion and, if wanted, appearance."""

from __future__ import annotations

import numpy as np

from ...registry import TRACKERS
from ...structures import Detections, Frame
from ...utils.number_ranges import FRACTION, require_choice, require_numbers
from .association import AssociationOverlaps
from .byte_track import LOST
from .camera_motion import CameraMotion
from .coupled_filter import XYWHFilter
from .gallery import SmoothedAppearanceGallery
from .reid_byte_track import ReIDByteTrack


@TRACKERS.register_module()
class BoTSORT(ReIDByteTrack):
    """BoT-SORT and BoT-SORT-ReID (Aharon et al., 2022).

    Equal to the slow reference in ``tests/parity``, written after paper and release.

    ByteTrack with a Kalman filter of width and height, camera motion
    (``camera_motion=dict(type='SparseOpticalFlow')``) that moves a track's mean and
    covariance after it was predicted, and, ``with_reid``, appearance: in the first round
    and in that of tentative tracks the cost of a pair is the smaller one of its IoU
    distance and, where it overlaps enough and looks alike enough, half its cosine
    distance.

    Where the release differs from the paper it is followed, since the published results
    are its own: ``appearance_threshold`` bounds *half* the cosine distance (the paper,
    section 3.3, bounds the whole one: set 0.125 for that); the IoU in the minimum is
    multiplied by the score, that of ``proximity_threshold`` is not; and a new track is
    reported at once, also where it lives for one frame. From ByteTrack's code it has what
    :class:`~.byte_track.ByteTrack` keeps of it. The weak detections of the second round
    teach a track nothing of its looks. Left out is what the release sets by the name of a
    MOTChallenge sequence.

    Args:
        track_threshold: See :class:`~.byte_track.ByteTrack`, also for those up to
            ``pixel_offset``.
        low_threshold: See there.
        birth_threshold: See there.
        match_threshold: See there.
        second_match_threshold: See there.
        tentative_match_threshold: See there.
        duplicate_threshold: See there.
        track_buffer: See there.
        frame_rate: See there.
        fuse_score: See there.
        report_detections: See there.
        pixel_offset: See there.
        with_reid: Look at appearance; detections then need ``embeddings``, so set
            ``model.reid``.
        proximity_threshold: Greatest IoU distance of a pair whose appearance counts
            (theta_iou). At 1 the boxes still must overlap.
        appearance_threshold: Greatest half cosine distance of such a pair (theta_emb).
        alpha: Weight of the past in a track's appearance.
        camera_motion: See :class:`~.table_tracker.TableTracker`.
        class_agnostic: See :class:`~.table_tracker.TableTracker`.
    """

    _FILTER = XYWHFilter
    _SIZES = slice(2, 4)

    def __init__(
        self,
        *,
        track_threshold: float = 0.6,
        low_threshold: float = 0.1,
        birth_threshold: float | None = None,
        match_threshold: float = 0.8,
        second_match_threshold: float = 0.5,
        tentative_match_threshold: float = 0.7,
        duplicate_threshold: float = 0.15,
        track_buffer: int = 30,
        frame_rate: float = 30.0,
        fuse_score: bool = True,
        report_detections: bool = False,
        pixel_offset: float = 1.0,
        with_reid: bool = False,
        proximity_threshold: float = 0.5,
        appearance_threshold: float = 0.25,
        alpha: float = 0.9,
        camera_motion: dict | CameraMotion | None = None,
        class_agnostic: bool = False,
    ) -> None:
        super().__init__(
            track_threshold=track_threshold,
            low_threshold=low_threshold,
            birth_threshold=birth_threshold,
            match_threshold=match_threshold,
            second_match_threshold=second_match_threshold,
            tentative_match_threshold=tentative_match_threshold,
            duplicate_threshold=duplicate_threshold,
            track_buffer=track_buffer,
            frame_rate=frame_rate,
            fuse_score=fuse_score,
            report_detections=report_detections,
            pixel_offset=pixel_offset,
            camera_motion=camera_motion,
            class_agnostic=class_agnostic,
        )
        owner = type(self).__name__
        require_choice(owner, (True, False), with_reid=with_reid)
        # Half a cosine distance is from 0 to 1, too.
        require_numbers(
            owner,
            FRACTION,
            proximity_threshold=proximity_threshold,
            appearance_threshold=appearance_threshold,
            alpha=alpha,
        )
        self.with_reid = with_reid
        self.proximity_threshold = proximity_threshold
        self.appearance_threshold = appearance_threshold
        self._gallery = SmoothedAppearanceGallery(alpha)

    def _predict(self, frame: Frame | None) -> np.ndarray:
        self._move()
        self._follow_camera(frame)
        return self._filter.to_boxes(self._tracks.state)

    def _is_reported(self) -> np.ndarray:
        return self._tracks.rows['stage'] != LOST

    def _is_learnt(self, scores: np.ndarray) -> np.ndarray:
        return scores > self.track_threshold

    def _match_first(
        self,
        boxes: np.ndarray,
        rows: np.ndarray,
        detections: Detections,
        columns: np.ndarray,
    ) -> np.ndarray:
        return self._match_fused(boxes, rows, detections, columns, self.match_threshold)

    def _match_tentative(
        self,
        boxes: np.ndarray,
        rows: np.ndarray,
        detections: Detections,
        columns: np.ndarray,
    ) -> np.ndarray:
        limit = self.tentative_match_threshold
        return self._match_fused(boxes, rows, detections, columns, limit)

    def _match_fused(
        self,
        boxes: np.ndarray,
        rows: np.ndarray,
        detections: Detections,
        columns: np.ndarray,
        limit: float,
    ) -> np.ndarray:
        """Match by the smaller one of IoU and cosine distance; as :meth:`_match`."""

        def match(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
            similarities = self._similarities(boxes, rows, detections, columns)
            i, j = similarities.match(1 - limit)
            return np.array([rows[i], columns[j]])

        return self._match_in_classes(match, rows, columns, detections)

    def _similarities(
        self,
        boxes: np.ndarray,
        rows: np.ndarray,
        detections: Detections,
        columns: np.ndarray,
    ) -> AssociationOverlaps:
        """1 minus the cost (section 3.3) of tracks with detections."""
        det_boxes = detections.boxes[columns]
        overlaps = AssociationOverlaps.of(boxes[rows], det_boxes, self.pixel_offset)
        fused = overlaps
        if self.fuse_score:
            fused = overlaps.scaled(detections.scores[columns])
        if not self.with_reid:
            return fused
        i, j = overlaps.where(
            lambda iou: (iou > 0) & (1 - iou <= self.proximity_threshold)
        )
        slots = self._tracks.rows['slot'][rows[i]]
        distances = self._gallery.distances(slots, self._vectors[columns[j]]) / 2
        is_alike = distances <= self.appearance_threshold
        return fused.raised(i[is_alike], j[is_alike], 1 - distances[is_alike])
