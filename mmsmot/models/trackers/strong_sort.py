"""StrongSORT: DeepSORT made great again."""

from __future__ import annotations

import numpy as np

from ...registry import TRACKERS
from ...structures import Detections
from ...utils.number_ranges import FRACTION, NON_NEGATIVE, require_numbers
from .association import associate_by_weight
from .camera_motion import CameraMotion
from .deep_sort import CHI2_95_4DOF, DeepSORT
from .gallery import SmoothedAppearanceGallery


@TRACKERS.register_module()
class StrongSORT(DeepSORT):
    """StrongSORT (Du et al., IEEE TMM 2023).

    DeepSORT with one smoothed appearance vector a track (EMA), a cost that weighs
    motion beside appearance, a Kalman filter that trusts confident detections
    more (NSA), one assignment of all confirmed tracks instead of the cascade, and
    camera motion (``camera_motion=dict(type='ECC')``). With AFLink and Gaussian-smoothed
    interpolation behind it (``model.post_processing``) it is StrongSORT++.

    Kept from the release: the gate is that of the plain filter, without the detection's
    confidence. Different from it: the measurement's *variance* is scaled by 1 - c as in
    the paper (``noise_power=2`` scales the standard deviation, as the release does), and
    camera motion turns velocities too.

    Args:
        min_confidence: See :class:`~.deep_sort.DeepSORT`.
        max_cosine_distance: Greatest cost of a match by appearance and motion.
        appearance_weight: Of the cosine distance in the cost; the squared Mahalanobis
            distance has the rest (lambda).
        alpha: Weight of the past in a track's appearance.
        noise_power: Variances are scaled by (1 - c) to this power; 0 for the plain
            filter.
        max_iou_distance: See :class:`~.deep_sort.DeepSORT`.
        max_age: See :class:`~.deep_sort.DeepSORT`.
        n_init: See :class:`~.deep_sort.DeepSORT`.
        gating_threshold: See :class:`~.deep_sort.DeepSORT`.
        camera_motion: See :class:`~.table_tracker.TableTracker`.
        class_agnostic: See :class:`~.table_tracker.TableTracker`.
    """

    def __init__(
        self,
        *,
        min_confidence: float = 0.6,
        max_cosine_distance: float = 0.45,
        appearance_weight: float = 0.98,
        alpha: float = 0.9,
        noise_power: float = 1.0,
        max_iou_distance: float = 0.7,
        max_age: int = 30,
        n_init: int = 3,
        gating_threshold: float = CHI2_95_4DOF,
        camera_motion: dict | CameraMotion | None = None,
        class_agnostic: bool = False,
    ) -> None:
        super().__init__(
            min_confidence=min_confidence,
            max_cosine_distance=max_cosine_distance,
            max_iou_distance=max_iou_distance,
            max_age=max_age,
            n_init=n_init,
            gating_threshold=gating_threshold,
            camera_motion=camera_motion,
            class_agnostic=class_agnostic,
        )
        owner = type(self).__name__
        require_numbers(
            owner, FRACTION, appearance_weight=appearance_weight, alpha=alpha
        )
        require_numbers(owner, NON_NEGATIVE, noise_power=noise_power)
        self.appearance_weight = appearance_weight
        self.noise_power = noise_power
        self._gallery = SmoothedAppearanceGallery(alpha)

    def _cost(self, looks: np.ndarray, motion: np.ndarray) -> np.ndarray:
        return self.appearance_weight * looks + (1 - self.appearance_weight) * motion

    def _match_looks(
        self, rows: np.ndarray, weights: np.ndarray, columns: np.ndarray
    ) -> list[np.ndarray]:
        """One assignment of all confirmed tracks."""
        i, j = associate_by_weight(weights)
        return [np.array([rows[i], columns[j]])]

    def _noise_scale(
        self, detections: Detections, det_index: np.ndarray
    ) -> np.ndarray | None:
        if self.noise_power == 0:
            return None
        doubt = 1 - np.clip(detections.scores[det_index], 0, 1)
        return doubt**self.noise_power
