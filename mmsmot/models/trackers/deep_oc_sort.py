"""Deep OC-SORT: OC-SORT by adaptive re-identification."""

from __future__ import annotations

import numpy as np

from ...registry import TRACKERS
from ...structures import Detections, Frame, Tracks
from ...utils.number_ranges import FRACTION, NON_NEGATIVE, require_numbers
from .association import AssociationOverlaps, linear_assignment
from .base import require_tracker_detections
from .camera_motion import CameraMotion
from .coupled_filter import CoupledXYSRFilter
from .gallery import SmoothedAppearanceGallery, gallery_unit_embeddings
from .oc_sort import OCSORT, oc_sort_cxcywh


@TRACKERS.register_module()
class DeepOCSORT(OCSORT):
    """Deep OC-SORT (Maggiolino et al., ICIP 2023).

    OC-SORT whose first round also weighs appearance, the more the better it tells one
    track or detection from the others (adaptive weighting, section 3.4); whose tracks
    learn the less of how somebody looks the less sure the detection is (dynamic
    appearance, section 3.3); and which moves filter and observations with the camera
    (section 3.2; ``camera_motion=dict(type='SparseOpticalFlow')``). Detections need
    ``embeddings``: set ``model.reid``. Reports what :class:`~.oc_sort.OCSORT` does.

    Kept from the release: where the pairs of enough IoU are one to one, neither direction
    nor appearance is asked, and a pair of too little IoU is undone however alike it
    looks; area and aspect ratio do not follow a zoom, nor does the covariance of position
    with velocity (the paper says so too). The release's second Kalman filter and its
    appearance of three stripes are left out, as in the runs that its README gives for the
    paper. Different from it, with the paper: the release moves an observation of the last
    ``delta_t`` frames twice when it is also the last one, since both names stand for one
    array, and does not move the one that a gap begins with by the camera's first step;
    here each is moved once a frame. A track's direction turns with the camera, as that of
    its moved observations does; the release leaves it. And a box whose corners sum up to
    less than zero is an observation like any other. It equals the slow reference in
    ``tests/parity``, written after paper and release.

    Args:
        det_threshold: See :class:`~.oc_sort.OCSORT`, also for those up to ``inertia``;
            sigma of the dynamic appearance, too.
        max_age: See there.
        min_hits: See there.
        iou_threshold: See there.
        delta_t: See there.
        inertia: See there.
        appearance_weight: Of the cosine similarity beside the IoU (a_w; 1.25 for
            DanceTrack).
        max_weight_boost: Greatest boost of that weight (epsilon; 1 for DanceTrack); 0 for
            one weight for all.
        alpha: Weight of the past in a track's appearance where the detection is sure
            (alpha_f); it is 1 for one at ``det_threshold``.
        camera_motion: See :class:`~.table_tracker.TableTracker`.
        class_agnostic: See :class:`~.table_tracker.TableTracker`.
    """

    _FILTER = CoupledXYSRFilter

    def __init__(
        self,
        *,
        det_threshold: float = 0.6,
        max_age: int = 30,
        min_hits: int = 3,
        iou_threshold: float = 0.3,
        delta_t: int = 3,
        inertia: float = 0.2,
        appearance_weight: float = 0.75,
        max_weight_boost: float = 0.5,
        alpha: float = 0.95,
        camera_motion: dict | CameraMotion | None = None,
        class_agnostic: bool = False,
    ) -> None:
        super().__init__(
            det_threshold=det_threshold,
            max_age=max_age,
            min_hits=min_hits,
            iou_threshold=iou_threshold,
            delta_t=delta_t,
            inertia=inertia,
            camera_motion=camera_motion,
            class_agnostic=class_agnostic,
        )
        owner = type(self).__name__
        require_numbers(
            owner,
            NON_NEGATIVE,
            appearance_weight=appearance_weight,
            max_weight_boost=max_weight_boost,
        )
        require_numbers(owner, FRACTION, alpha=alpha)
        self.appearance_weight = appearance_weight
        self.max_weight_boost = max_weight_boost
        self._gallery = SmoothedAppearanceGallery(alpha)

    def _track_columns(self, planes: int) -> list[tuple]:
        return [
            *super()._track_columns(planes),
            ('slot', np.int64),  # in the gallery
            # Of the last observation, whatever the camera does.
            ('size', np.float64, 2),
        ]

    def reset(self) -> None:
        super().reset()
        self._gallery.clear()

    def update(self, detections: Detections, frame: Frame | None = None) -> Tracks:
        require_tracker_detections(detections, type(self).__name__)
        self._vectors = gallery_unit_embeddings(detections, type(self).__name__)
        old_slots = self._tracks.rows['slot'].copy()
        tracks = super().update(detections, frame)
        self._gallery.release(np.setdiff1d(old_slots, self._tracks.rows['slot']))
        return tracks

    def _warp_observations(self, affine: np.ndarray) -> None:
        tracks = self._tracks.rows
        tracks['last'] = _warp_corners(tracks['last'], affine)
        tracks['recent'] = _warp_corners(tracks['recent'], affine)

    def _assign(
        self,
        overlaps: AssociationOverlaps,
        detections: Detections,
        columns: np.ndarray,
        rows: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """The assignment of greatest total IoU, direction and appearance (eq. 6)."""
        boxes, scores = detections.boxes[columns], detections.scores[columns]
        grid = np.arange(len(columns))[:, None], np.arange(len(rows))
        weights = overlaps.of_pairs(*grid)
        weights += self._agreement(boxes, rows) * scores[:, None]
        slots = self._tracks.rows['slot'][rows]
        cosines = self._gallery.similarities(slots, self._vectors[columns]).T
        weights += cosines * self._appearance_weights(cosines)
        return linear_assignment(-weights)

    def _appearance_weights(self, cosines: np.ndarray) -> np.ndarray:
        """(D, T) of the cosines of D detections with T tracks: a_w + w_b (eq. 4, 5)."""
        boost = np.zeros_like(cosines)
        for axis in (0, 1):
            if cosines.shape[axis] > 1:  # else there is no second best
                best = -np.partition(-cosines, 1, axis=axis)
                lead = best.take([0], axis=axis) - best.take([1], axis=axis)
                boost += np.minimum(lead, self.max_weight_boost) / 2
        return self.appearance_weight + boost

    def _take(
        self, rows: np.ndarray, det_index: np.ndarray, detections: Detections
    ) -> None:
        super()._take(rows, det_index, detections)
        if not len(rows):
            return
        tracks = self._tracks.rows
        tracks['size'][rows] = oc_sort_cxcywh(detections.boxes[det_index])[:, 2:]
        alphas = self._alphas(detections.scores[det_index])
        self._gallery.add(tracks['slot'][rows], self._vectors[det_index], alphas)

    def _alphas(self, scores: np.ndarray) -> np.ndarray:
        """(K,) weight of the past beside detections of these scores (eq. 3)."""
        room = 1 - self.score_threshold
        trust = (scores - self.score_threshold) / room if room > 0 else scores * 0
        alpha = self._gallery.alpha
        return alpha + (1 - alpha) * (1 - np.clip(trust, 0, 1))

    def _gap_start(self, rows: np.ndarray) -> np.ndarray:
        """Its centre follows the camera, its size does not (section 3.2, 1)."""
        start = super()._gap_start(rows)
        start[:, 2:] = self._tracks.rows['size'][rows]
        return start

    def _init_tracks(self, det_index: np.ndarray, detections: Detections) -> np.ndarray:
        fresh = super()._init_tracks(det_index, detections)
        if len(fresh):
            vectors = self._vectors[det_index]
            fresh['slot'] = self._gallery.allot(len(fresh), vectors.shape[1])
            self._gallery.add(fresh['slot'], vectors)
        return fresh


def _warp_corners(boxes: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """Boxes (..., 4) whose upper left and lower right corner follow the camera."""
    corners = boxes.reshape(*boxes.shape[:-1], 2, 2) @ affine[:, :2].T + affine[:, 2]
    # A turn by more than 45 degrees exchanges them.
    ordered = [corners.min(axis=-2), corners.max(axis=-2)]
    return np.concatenate(ordered, axis=-1)
