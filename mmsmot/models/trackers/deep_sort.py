"""DeepSORT: SORT with a deep association metric."""

from __future__ import annotations

import numpy as np

from ...registry import TRACKERS
from ...structures import Detections, Frame, Tracks, pairwise_iou
from ...utils.number_ranges import (
    COUNT,
    FINITE,
    FRACTION,
    NON_NEGATIVE_INT,
    POSITIVE,
    NumberRange,
    require_numbers,
)
from .association import associate_by_weight, unassociated_candidates
from .camera_motion import CameraMotion
from .gallery import AppearanceGallery, gallery_unit_embeddings
from .kalman_filter import MEAN, VARIANCE, XYAHFilter
from .table_tracker import TableTracker

CHI2_95_4DOF = 9.4877  # 0.95 quantile of chi-square with 4 degrees of freedom
EPSILON = 1e-5  # the original's cost of a refused pair above the limit

COLUMNS = [
    ('time_since_update', np.int64),
    ('hits', np.int64),
    ('confirmed', np.bool_),
    ('slot', np.int64),
]


@TRACKERS.register_module()
class DeepSORT(TableTracker):
    """DeepSORT (Wojke et al., ICIP 2017), equal to the authors' code.

    Confirmed tracks are matched by appearance inside a motion gate, those seen last
    first (matching cascade, listing 1); what is left, and tentative tracks, by IoU.
    Reports the filtered boxes of confirmed tracks, one predicted frame after their last
    match included. Detections need ``embeddings``: set ``model.reid``.

    Args:
        min_confidence: Detections below it are dropped.
        max_cosine_distance: Greatest distance of a match by appearance.
        nn_budget: Appearance vectors kept for a track (L_k).
        max_iou_distance: Greatest IoU distance of a match by IoU.
        max_age: A confirmed track dies when it was missed more than this many frames in
            a row (A_max).
        n_init: Matches in a row, the birth counted, that confirm a track.
        gating_threshold: Greatest squared Mahalanobis distance (t^(1)).
        camera_motion: See :class:`~.table_tracker.TableTracker`.
        class_agnostic: See :class:`~.table_tracker.TableTracker`.
    """

    def __init__(
        self,
        *,
        min_confidence: float = 0.3,
        max_cosine_distance: float = 0.2,
        nn_budget: int = 100,
        max_iou_distance: float = 0.7,
        max_age: int = 30,
        n_init: int = 3,
        gating_threshold: float = CHI2_95_4DOF,
        camera_motion: dict | CameraMotion | None = None,
        class_agnostic: bool = False,
    ) -> None:
        super().__init__(XYAHFilter(), COLUMNS, camera_motion, class_agnostic)
        owner = type(self).__name__
        require_numbers(owner, FINITE, min_confidence=min_confidence)
        require_numbers(
            owner, NumberRange(0, 2), max_cosine_distance=max_cosine_distance
        )
        require_numbers(owner, FRACTION, max_iou_distance=max_iou_distance)
        require_numbers(owner, COUNT, nn_budget=nn_budget, n_init=n_init)
        require_numbers(owner, NON_NEGATIVE_INT, max_age=max_age)
        require_numbers(owner, POSITIVE, gating_threshold=gating_threshold)
        self.min_confidence = min_confidence
        self.max_cosine_distance = max_cosine_distance
        self.max_iou_distance = max_iou_distance
        self.max_age = max_age
        self.n_init = n_init
        self.gating_threshold = gating_threshold
        self._gallery = AppearanceGallery(nn_budget)

    def reset(self) -> None:
        super().reset()
        self._gallery.clear()

    def update(self, detections: Detections, frame: Frame | None = None) -> Tracks:
        self._begin(detections)
        vectors = gallery_unit_embeddings(detections, type(self).__name__)
        sure = np.flatnonzero(detections.scores >= self.min_confidence)
        # Best first, as the original's NMS leaves them: decides the ids of new tracks.
        sure = sure[np.argsort(detections.scores[sure], kind='stable')[::-1]]
        self._predict(frame)
        rows, det_index = self._match_in_classes(
            lambda rows, columns: self._match(rows, detections, vectors, columns),
            np.arange(len(self._tracks)),
            sure,
            detections,
        )
        self._take(rows, det_index, detections, vectors)
        self._remove_dead()
        self._start(unassociated_candidates(sure, det_index), detections, vectors)
        return self._report()

    def _predict(self, frame: Frame | None) -> None:
        self._follow_camera(frame)
        tracks = self._tracks.rows
        self._tracks.state[:] = self._filter.predict(self._tracks.state)
        tracks['time_since_update'] += 1
        tracks['det_index'] = -1

    def _match(
        self,
        rows: np.ndarray,
        detections: Detections,
        vectors: np.ndarray,
        free: np.ndarray,
    ) -> np.ndarray:
        """(2, K): tracks over detections, by appearance and then by IoU.

        Args:
            rows: Tracks.
            detections: All of this frame.
            vectors: Their looks, (N, D).
            free: Rows of the detections that may be taken.
        """
        tracks = self._tracks.rows
        confirmed = rows[tracks['confirmed'][rows]]
        pairs = [np.empty((2, 0), np.int64)]
        if len(confirmed) and len(free):
            weights = self._appearance_weights(confirmed, detections, vectors, free)
            pairs += self._match_looks(confirmed, weights, free)
            free = unassociated_candidates(free, np.concatenate(pairs, axis=1)[1])
        is_candidate = ~tracks['confirmed'] | (tracks['time_since_update'] == 1)
        is_candidate[np.concatenate(pairs, axis=1)[0]] = False
        rows = rows[is_candidate[rows]]
        if len(rows) and len(free):
            boxes = self._filter.to_boxes(self._tracks.state[:, rows])
            iou = pairwise_iou(boxes, detections.boxes[free])
            i, j = associate_by_weight(_weights(1 - iou, self.max_iou_distance))
            pairs.append(np.array([rows[i], free[j]]))
        return np.concatenate(pairs, axis=1)

    def _appearance_weights(
        self,
        rows: np.ndarray,
        detections: Detections,
        vectors: np.ndarray,
        columns: np.ndarray,
    ) -> np.ndarray:
        """Of tracks ``rows`` and detections ``columns``: positive where they may match."""
        state = self._tracks.state[:, rows]
        i, j, motion = self._gated(state, detections.boxes[columns])
        slots = self._tracks.rows['slot'][rows[i]]
        looks = self._gallery.distances(slots, vectors[columns[j]])
        weights = np.full((len(rows), len(columns)), -1.0)
        weights[i, j] = _weights(self._cost(looks, motion), self.max_cosine_distance)
        return weights

    def _cost(self, looks: np.ndarray, motion: np.ndarray) -> np.ndarray:
        """(P,) from cosine and squared Mahalanobis distances (P,): looks alone."""
        return looks

    def _gated(
        self, state: np.ndarray, boxes: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """States and boxes within the gate of each other, and their distance (eq. 1).

        Few pairs pass it, and it is far cheaper than comparing looks. The distance is a
        sum of squares, so one of them, that of x, rules most pairs out at once.
        """
        measured, mean = self._filter.to_measurement(boxes), state[MEAN]
        variance = state[VARIANCE] + self._filter.measurement_noise(state)
        reach = np.sqrt(self.gating_threshold * variance[:, :1])
        i, j = np.nonzero(np.abs(measured[:, 0] - mean[:, :1]) <= reach)
        distance = ((measured[j] - mean[i]) ** 2 / variance[i]).sum(axis=1)
        inside = distance <= self.gating_threshold
        return i[inside], j[inside], distance[inside]

    def _match_looks(
        self, rows: np.ndarray, weights: np.ndarray, columns: np.ndarray
    ) -> list[np.ndarray]:
        """Matching cascade: a level for each time since the last match, recent first."""
        ages = self._tracks.rows['time_since_update'][rows]
        open_columns = np.arange(len(columns))
        pairs = []
        hopeful = (weights > 0).any(axis=1) & (ages <= self.max_age)
        for age in np.unique(ages[hopeful]):
            level = np.flatnonzero(hopeful & (ages == age))
            i, j = associate_by_weight(weights[level[:, None], open_columns])
            pairs.append(np.array([rows[level[i]], columns[open_columns[j]]]))
            open_columns = unassociated_candidates(open_columns, open_columns[j])
        return pairs

    def _take(
        self,
        rows: np.ndarray,
        det_index: np.ndarray,
        detections: Detections,
        vectors: np.ndarray,
    ) -> None:
        """Correct the tracks ``rows``, and remember what they look like now."""
        if not len(rows):
            return
        self._correct(
            rows, det_index, detections, self._noise_scale(detections, det_index)
        )
        tracks = self._tracks.rows
        tracks['time_since_update'][rows] = 0
        tracks['hits'][rows] += 1
        tracks['confirmed'] |= tracks['hits'] >= self.n_init
        self._gallery.add(tracks['slot'][rows], vectors[det_index])

    def _noise_scale(
        self, detections: Detections, det_index: np.ndarray
    ) -> np.ndarray | None:
        """Of the variances of these detections, ``None`` for one."""
        return None

    def _remove_dead(self) -> None:
        """Drop tentative tracks at their first miss, confirmed ones after many."""
        tracks = self._tracks.rows
        missed = tracks['time_since_update']
        alive = np.where(tracks['confirmed'], missed <= self.max_age, missed == 0)
        if not alive.all():
            self._gallery.release(tracks['slot'][~alive])
            self._tracks.keep(np.flatnonzero(alive))

    def _start(
        self, det_index: np.ndarray, detections: Detections, vectors: np.ndarray
    ) -> None:
        """Start a tentative track at each of the detections ``det_index``."""
        if not len(det_index):
            return
        fresh = self._init_tracks(det_index, detections)
        fresh['hits'] = 1
        fresh['confirmed'] = self.n_init <= 1
        fresh['slot'] = self._gallery.allot(len(det_index), vectors.shape[1])
        self._gallery.add(fresh['slot'], vectors[det_index])

    def _report(self) -> Tracks:
        tracks = self._tracks.rows
        is_reported = tracks['confirmed'] & (tracks['time_since_update'] <= 1)
        return self._report_rows(np.flatnonzero(is_reported))


def _weights(distance: np.ndarray, limit: float) -> np.ndarray:
    """Weights whose best matching is that of the original's clipped costs."""
    return np.where(distance <= limit, limit + EPSILON - distance, -1.0)
