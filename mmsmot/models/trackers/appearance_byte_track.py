"""ByteTrack with appearance in its first association round."""

from __future__ import annotations

import numpy as np

from ...registry import TRACKERS
from ...structures import Detections, pairwise_iou
from ...utils.number_ranges import (
    FRACTION,
    NON_NEGATIVE,
    NumberRange,
    require_numbers,
)
from .association import associate_by_weight
from .camera_motion import CameraMotion
from .gallery import SmoothedAppearanceGallery
from .reid_byte_track import ReIDByteTrack


@TRACKERS.register_module()
class AppearanceByteTrack(ReIDByteTrack):
    """ByteTrack whose first round weighs appearance beside overlap (ours).

    At few frames a second, people cross, turn round and run out of their
    predicted boxes between two of them, and overlap alone exchanges or loses them. As in
    BoT-SORT (Aharon et al., 2022) each track has a smoothed appearance vector. A track
    and a detection may match where their boxes overlap, as in ByteTrack, or where they
    are near, of about the same height, and look alike; the matching of greatest weight is
    taken, with the weight of a pair

        match_threshold - (1 - IoU) + appearance_weight * (1 - d / max_cosine_distance)

    d being the cosine distance. The rounds of weak detections and of tentative tracks are
    ByteTrack's: what is hardly seen, or was seen once, is told by its place.

    Args:
        max_cosine_distance: From here on appearance speaks against a pair, and alone does
            not make one.
        appearance_weight: See above; 0 leaves only the greater reach.
        reach: Boxes are near where their centres are at most so many times their mean
            height apart.
        min_height_ratio: ... and the lower is at least so many times as high as the other.
        alpha: Weight of the past in a track's appearance.
        track_threshold: This and the others: see :class:`~.byte_track.ByteTrack`.
    """

    def __init__(
        self,
        *,
        max_cosine_distance: float = 0.4,
        appearance_weight: float = 0.6,
        reach: float = 1.8,
        min_height_ratio: float = 0.7,
        alpha: float = 0.9,
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
        require_numbers(
            owner,
            NumberRange(0, 2, above_low=True),
            max_cosine_distance=max_cosine_distance,
        )
        require_numbers(
            owner, NON_NEGATIVE, appearance_weight=appearance_weight, reach=reach
        )
        require_numbers(owner, FRACTION, min_height_ratio=min_height_ratio, alpha=alpha)
        self.max_cosine_distance = max_cosine_distance
        self.appearance_weight = appearance_weight
        self.reach = reach
        self.min_height_ratio = min_height_ratio
        self._gallery = SmoothedAppearanceGallery(alpha)

    def _match_first(
        self,
        boxes: np.ndarray,
        rows: np.ndarray,
        detections: Detections,
        columns: np.ndarray,
    ) -> np.ndarray:
        def match(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
            weights = self._first_weights(boxes, rows, detections, columns)
            i, j = associate_by_weight(weights)
            return np.array([rows[i], columns[j]])

        return self._match_in_classes(match, rows, columns, detections)

    def _first_weights(
        self,
        boxes: np.ndarray,
        rows: np.ndarray,
        detections: Detections,
        columns: np.ndarray,
    ) -> np.ndarray:
        """(N, M) of tracks ``rows`` and detections ``columns``: positive where they may
        match."""
        det_boxes = detections.boxes[columns]
        overlap = pairwise_iou(boxes[rows], det_boxes, self.pixel_offset)
        if self.fuse_score:
            overlap *= detections.scores[columns]
        weights = overlap - (1 - self.match_threshold)
        overlaps = weights > 0
        i, j = np.nonzero(overlaps | self._are_near(boxes[rows], det_boxes))
        slots = self._tracks.rows['slot'][rows[i]]
        distance = self._gallery.distances(slots, self._vectors[columns[j]])
        likeness = 1 - distance / self.max_cosine_distance
        weights[i, j] += self.appearance_weight * likeness
        allowed = np.zeros_like(overlaps)
        allowed[i, j] = overlaps[i, j] | (likeness > 0)
        return np.where(allowed, weights, -1.0)

    def _are_near(self, boxes: np.ndarray, det_boxes: np.ndarray) -> np.ndarray:
        """(N, M) bool of tracks' and detections' boxes."""
        centres = [(b[:, :2] + b[:, 2:]) / 2 for b in (boxes, det_boxes)]
        distance = np.hypot(*(centres[0][:, None] - centres[1]).transpose(2, 0, 1))
        high, low = (
            boxes[:, None, 3] - boxes[:, None, 1],
            det_boxes[:, 3] - det_boxes[:, 1],
        )
        ratio = np.minimum(high, low) / np.maximum(high, low)
        is_near = distance <= self.reach * (high + low) / 2
        return is_near & (ratio >= self.min_height_ratio)
