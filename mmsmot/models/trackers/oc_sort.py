"""OC-SORT: observation-centric SORT."""

from __future__ import annotations

import numpy as np

from ...registry import TRACKERS
from ...structures import Detections, Frame, Tracks, warp_boxes
from ...utils.number_ranges import COUNT, FINITE, require_choice, require_numbers
from .association import (
    AssociationOverlaps,
    are_one_to_one,
    linear_assignment,
    unassociated_candidates,
)
from .camera_motion import CameraMotion
from .certain_pairs import certain_pairs
from .kalman_filter import XYSRFilter
from .sort import COLUMNS, SORT
from .table_tracker import TRACK
from .track_table import TrackTable


@TRACKERS.register_module()
class OCSORT(SORT):
    """OC-SORT (Cao et al., CVPR 2023), equal to the authors' code.

    SORT that trusts observations over predictions: the first round also weighs the
    direction of motion between observations (OCM, section 4.2), tracks left over are
    tried again at their last observation (OCR, section 4.2), and a track found again has
    its filter led through the gap on a straight line (ORU, section 4.1). Reports the
    detections' own boxes, newest track first.

    Kept from the original: a birth is no observation; the filter is corrected twice by
    the observation that ends a gap; the threshold looks at IoU alone.

    Args:
        det_threshold: Detections above it are tracked.
        low_threshold: With ``use_byte``, those between it and ``det_threshold`` get a
            round of their own.
        max_age: A track dies when it was missed more than this many frames in a row.
        min_hits: See :class:`~.sort.SORT`.
        iou_threshold: Least IoU of a match.
        delta_t: Frames between the observations that give a direction (Delta t).
        inertia: Weight of the direction (lambda).
        use_byte: Match weak detections too, as ByteTrack does.
        camera_motion: See :class:`~.table_tracker.TableTracker`.
        class_agnostic: See :class:`~.table_tracker.TableTracker`.
    """

    _FILTER: type[XYSRFilter] = XYSRFilter

    def __init__(
        self,
        *,
        det_threshold: float = 0.6,
        low_threshold: float = 0.1,
        max_age: int = 30,
        min_hits: int = 3,
        iou_threshold: float = 0.3,
        delta_t: int = 3,
        inertia: float = 0.2,
        use_byte: bool = False,
        camera_motion: dict | CameraMotion | None = None,
        class_agnostic: bool = False,
    ) -> None:
        owner = type(self).__name__
        require_numbers(owner, FINITE, det_threshold=det_threshold)
        require_numbers(owner, FINITE, low_threshold=low_threshold, inertia=inertia)
        require_numbers(owner, COUNT, delta_t=delta_t)
        require_choice(owner, (True, False), use_byte=use_byte)
        super().__init__(
            max_age=max_age,
            min_hits=min_hits,
            iou_threshold=iou_threshold,
            score_threshold=det_threshold,
            camera_motion=camera_motion,
            class_agnostic=class_agnostic,
        )
        self.low_threshold = low_threshold
        self.delta_t = delta_t
        self.inertia = inertia
        self.use_byte = use_byte
        self._filter = self._FILTER(height_epsilon=1e-6)
        planes = self._filter.planes
        self._tracks = TrackTable(np.dtype(self._track_columns(planes)), planes)

    def _track_columns(self, planes: int) -> list[tuple]:
        """Name and type of a track's columns."""
        return [
            *TRACK,
            *COLUMNS,
            ('observed', np.bool_),  # ever, the birth not counted
            ('last', np.float64, 4),  # the last observation
            ('recent', np.float64, (self.delta_t + 1, 4)),  # by age, NaN: none
            ('direction', np.float64, 2),  # unit vector x, y
            ('missed', np.int64),  # frames since the filter was frozen
            ('frozen', np.float64, (planes, 4)),  # its state at the first miss
        ]

    def update(self, detections: Detections, frame: Frame | None = None) -> Tracks:
        self._begin(detections)
        scores = detections.scores
        high = np.flatnonzero(scores > self.score_threshold)
        predicted = self._predict(frame)
        tracks = self._tracks.rows
        unmatched = np.arange(len(tracks))

        rows, columns = self._match_directed(predicted, unmatched, detections, high)
        self._take(rows, columns, detections)
        unmatched, high = (
            unassociated_candidates(unmatched, rows),
            unassociated_candidates(high, columns),
        )

        if self.use_byte:
            weak = (scores > self.low_threshold) & (scores < self.score_threshold)
            rows, columns = self._match_iou(
                predicted, unmatched, detections, np.flatnonzero(weak)
            )
            self._take(rows, columns, detections)
            unmatched = unassociated_candidates(unmatched, rows)

        rows, columns = self._match_iou(tracks['last'], unmatched, detections, high)
        self._take(rows, columns, detections)
        unmatched, high = (
            unassociated_candidates(unmatched, rows),
            unassociated_candidates(high, columns),
        )

        self._miss(unmatched)
        self._init_tracks(high, detections)
        return self._report()

    def _predict(self, frame: Frame | None) -> np.ndarray:
        boxes = super()._predict(frame)
        recent = self._tracks.rows['recent']
        recent[:, 1:] = recent[:, :-1].copy()
        recent[:, 0] = np.nan
        return boxes

    def _warp(self, affine: np.ndarray) -> None:
        super()._warp(affine)
        tracks = self._tracks.rows
        frozen = tracks['frozen'].swapaxes(0, 1)
        tracks['frozen'] = self._filter.warp(frozen, affine).swapaxes(0, 1)
        self._warp_observations(affine)
        directions = tracks['direction'] @ affine[:, :2].T
        length = np.linalg.norm(directions, axis=1, keepdims=True)
        tracks['direction'] = directions / np.maximum(length, 1e-6)

    def _warp_observations(self, affine: np.ndarray) -> None:
        tracks = self._tracks.rows
        tracks['last'] = warp_boxes(tracks['last'], affine)
        tracks['recent'] = warp_boxes(tracks['recent'], affine)

    def _match_directed(
        self,
        predicted: np.ndarray,
        rows: np.ndarray,
        detections: Detections,
        columns: np.ndarray,
    ) -> np.ndarray:
        """The first round: IoU and direction (eq. 3 and its cost C_v).

        Returns:
            (2, K): tracks, and rows of the detections, that belong together.
        """

        def match(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
            boxes = detections.boxes[columns]
            overlaps = AssociationOverlaps.of(boxes, predicted[rows])
            i, j = overlaps.where(lambda iou: iou > self.iou_threshold)
            if not are_one_to_one(i, j):
                i, j = self._assign(overlaps, detections, columns, rows)
                good = overlaps.of_pairs(i, j) >= self.iou_threshold
                i, j = i[good], j[good]
            return np.array([rows[j], columns[i]])

        return self._match_in_classes(match, rows, columns, detections)

    def _assign(
        self,
        overlaps: AssociationOverlaps,
        detections: Detections,
        columns: np.ndarray,
        rows: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """The assignment of greatest total IoU + agreement * score over all pairs.

        Args:
            overlaps: Of D detections with T tracks.
            detections: All of this frame.
            columns: (D,) those of the table.
            rows: (T,) the tracks.

        Only pairs that are in doubt get an agreement and go to the solver. The rest is
        in the best assignment whatever the directions say: see
        :func:`~.certain_pairs.certain_pairs`.
        What is in doubt stays a table of all pairs in a crowd too: a pair without overlap
        has an agreement, so leaving it out could change the best assignment.
        """
        boxes, scores = detections.boxes[columns], detections.scores[columns]
        bound = abs(self.inertia) * scores.max() / 2
        sure_i, sure_j = certain_pairs(overlaps, 4 * bound)
        rest_i = unassociated_candidates(np.arange(len(boxes)), sure_i)
        rest_j = unassociated_candidates(np.arange(len(rows)), sure_j)
        agreement = self._agreement(boxes[rest_i], rows[rest_j]) * scores[rest_i, None]
        iou = overlaps.of_pairs(rest_i[:, None], rest_j)
        i, j = linear_assignment(-(iou + agreement))
        return (
            np.concatenate([sure_i, rest_i[i]]),
            np.concatenate([sure_j, rest_j[j]]),
        )

    def _agreement(self, boxes: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """(D, K) in [-inertia/2, inertia/2]: does a detection lie in a track's way?"""
        tracks = self._tracks.rows[rows]
        start, end = self._previous(rows), boxes[:, None]
        x = (end[..., 0] + end[..., 2] - start[:, 0] - start[:, 2]) / 2
        y = (end[..., 1] + end[..., 3] - start[:, 1] - start[:, 3]) / 2
        cosine = x * tracks['direction'][:, 0] + y * tracks['direction'][:, 1]
        cosine /= np.sqrt(x * x + y * y) + 1e-6
        # arcsin is the original's pi / 2 - arccos.
        agreement = np.arcsin(np.clip(cosine, -1, 1)) / np.pi
        return self.inertia * agreement * tracks['observed']

    def _previous(self, rows: np.ndarray) -> np.ndarray:
        """(T, 4): the observation ``delta_t`` frames ago, else the next one, else the
        last."""
        tracks = self._tracks.rows[rows]
        previous = tracks['last'].copy()
        for age in range(1, self.delta_t + 1):  # the oldest overwrites
            box = tracks['recent'][:, age]
            is_observed = ~np.isnan(box[:, 0])
            previous[is_observed] = box[is_observed]
        return previous

    def _match_iou(
        self,
        boxes: np.ndarray,
        rows: np.ndarray,
        detections: Detections,
        columns: np.ndarray,
    ) -> np.ndarray:
        """A later round by IoU alone; arguments and result as of the first."""

        def match(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
            overlaps = AssociationOverlaps.of(detections.boxes[columns], boxes[rows])
            if not len(overlaps.where(lambda iou: iou > self.iou_threshold)[0]):
                return np.empty((2, 0), np.int64)
            i, j = overlaps.assign()
            good = overlaps.of_pairs(i, j) >= self.iou_threshold
            return np.array([rows[j[good]], columns[i[good]]])

        return self._match_in_classes(match, rows, columns, detections)

    def _take(
        self, rows: np.ndarray, det_index: np.ndarray, detections: Detections
    ) -> None:
        if not len(rows):
            return
        tracks, boxes = self._tracks.rows, detections.boxes[det_index]
        observed = tracks['observed'][rows]
        tracks['direction'][rows[observed]] = _direction(
            self._previous(rows[observed]), boxes[observed]
        )
        gap = tracks['missed'][rows] > 0
        self._re_update(rows[gap], boxes[gap])
        super()._take(rows, det_index, detections)
        tracks['missed'][rows] = 0
        tracks['observed'][rows] = True
        tracks['last'][rows] = boxes
        tracks['recent'][rows, 0] = boxes

    def _miss(self, rows: np.ndarray) -> None:
        """Count a missed frame; at the first one remember the state of the filter."""
        tracks = self._tracks.rows
        rows = rows[tracks['observed'][rows]]
        first = rows[tracks['missed'][rows] == 0]
        tracks['frozen'][first] = self._tracks.state[:, first].swapaxes(0, 1)
        tracks['missed'][rows] += 1

    def _re_update(self, rows: np.ndarray, boxes: np.ndarray) -> None:
        """Observation-centric re-update (ORU, section 4.1).

        The filters go back to their first missed frame and are fed boxes on the line from
        the last observation to the new one; step by step for all tracks at once.
        """
        if not len(rows):
            return
        tracks = self._tracks.rows
        state = tracks['frozen'][rows].swapaxes(0, 1).copy()
        start, gap = self._gap_start(rows), tracks['missed'][rows] + 1
        step = (oc_sort_cxcywh(boxes) - start) / gap[:, None]
        for i in range(1, int(gap.max()) + 1):
            active = np.flatnonzero(i <= gap)
            virtual = start[active] + i * step[active]
            half_sizes = virtual[:, 2:] / 2
            virtual = np.concatenate(
                [virtual[:, :2] - half_sizes, virtual[:, :2] + half_sizes], axis=1
            )
            state[:, active] = self._filter.update(state[:, active], virtual)
            going = np.flatnonzero(i < gap)
            # Without SORT's guard against vanishing areas, as in the original.
            state[:, going] = self._filter.step(state[:, going])
        self._tracks.state[:, rows] = state

    def _gap_start(self, rows: np.ndarray) -> np.ndarray:
        """(K, 4) centre, width and height of the observation that a gap begins with."""
        return oc_sort_cxcywh(self._tracks.rows['last'][rows])

    def _init_tracks(self, det_index: np.ndarray, detections: Detections) -> np.ndarray:
        fresh = super()._init_tracks(det_index, detections)
        fresh['recent'] = np.nan
        fresh['last'] = -1
        return fresh

    def _boxes_of(self, rows: np.ndarray) -> np.ndarray:
        tracks = self._tracks.rows[rows]
        filtered = super()._boxes_of(rows)
        return np.where(tracks['observed'][:, None], tracks['last'], filtered)


def oc_sort_cxcywh(boxes: np.ndarray) -> np.ndarray:
    """(N, 4) corners to centre x, y, width, height."""
    sizes = boxes[:, 2:] - boxes[:, :2]
    return np.concatenate([boxes[:, :2] + sizes / 2, sizes], axis=1)


def _direction(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """(..., 2) unit vectors from the centres of boxes to those of others (..., 4)."""
    shift = (end[..., :2] + end[..., 2:] - start[..., :2] - start[..., 2:]) / 2
    return shift / (np.sqrt((shift**2).sum(axis=-1, keepdims=True)) + 1e-6)
