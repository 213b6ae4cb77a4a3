"""Deep OC-SORT as its paper and release describe it: slow, one object at a time.

Written from the equations (sections 3.2 to 3.4, and OC-SORT's) and from what the released
code does where these leave it open, with 7 x 7 matrices, a list of observations for each
track, and nothing of the package's own arithmetic.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

MOTION = np.eye(7) + np.eye(7, k=4)
OBSERVE = np.eye(4, 7)
NOISE = np.diag([1, 1, 1, 1, 0.01, 0.01, 1e-4])
MEASURED_NOISE = np.diag([1.0, 1, 10, 10])


class Filter:
    """SORT's Kalman filter of x, y, area and ratio."""

    def __init__(self, box: np.ndarray) -> None:
        self.x = np.concatenate([to_xysr(box), np.zeros(3)])
        self.p = np.diag([10.0] * 4 + [1e4] * 3)

    def predict(self) -> None:
        self.x = MOTION @ self.x
        self.p = MOTION @ self.p @ MOTION.T + NOISE

    def update(self, measured: np.ndarray) -> None:
        spread = OBSERVE @ self.p @ OBSERVE.T + MEASURED_NOISE
        gain = self.p @ OBSERVE.T @ np.linalg.inv(spread)
        self.x = self.x + gain @ (measured - OBSERVE @ self.x)
        rest = np.eye(7) - gain @ OBSERVE  # Joseph's form
        self.p = rest @ self.p @ rest.T + gain @ MEASURED_NOISE @ gain.T

    def follow_camera(self, affine: np.ndarray) -> None:
        """Equation 1."""
        turn, shift = affine[:, :2], affine[:, 2]
        self.x[0:2] = turn @ self.x[0:2] + shift
        self.x[4:6] = turn @ self.x[4:6]
        self.p[0:2, 0:2] = turn @ self.p[0:2, 0:2] @ turn.T
        self.p[4:6, 4:6] = turn @ self.p[4:6, 4:6] @ turn.T

    def copy(self) -> Filter:
        other = object.__new__(Filter)
        other.x, other.p = self.x.copy(), self.p.copy()
        return other

    @property
    def box(self) -> np.ndarray:
        x, y, s, r = self.x[:4]
        w = np.sqrt(s * r)
        return np.array([x - w / 2, y - s / w / 2, x + w / 2, y + s / w / 2])


class Track:
    """One object, its observations by age, and its look."""

    def __init__(self, track_id: int, box, look, delta_t: int) -> None:
        self.id, self.look, self.delta_t = track_id, look, delta_t
        self.filter, self.frozen = Filter(box), None
        self.age = self.hit_streak = self.since_update = 0
        self.seen: dict[int, np.ndarray] = {}
        self.last_measured = np.zeros(4)  # centre, width, height
        self.direction = np.zeros(2)

    def follow_camera(self, affine: np.ndarray) -> None:
        turn, shift = affine[:, :2], affine[:, 2]
        for age, box in self.seen.items():
            self.seen[age] = np.concatenate(
                [turn @ box[:2] + shift, turn @ box[2:] + shift]
            )
        self.last_measured[:2] = turn @ self.last_measured[:2] + shift
        length = np.linalg.norm(turn @ self.direction)
        if length > 0:
            self.direction = turn @ self.direction / length
        for each in (self.filter, self.frozen):
            if each is not None:
                each.follow_camera(affine)

    def predict(self) -> None:
        if self.filter.x[2] + self.filter.x[6] <= 0:
            self.filter.x[6] = 0
        self.filter.predict()
        self.age += 1
        if self.since_update > 0:
            self.hit_streak = 0
        self.since_update += 1

    def miss(self) -> None:
        if self.seen and self.frozen is None:
            self.frozen, self.gap = self.filter.copy(), 0
        if self.frozen is not None:
            self.gap += 1

    def update(self, box, look, alpha: float) -> None:
        if self.seen:
            self.direction = direction(self.previous(), box)
        if self.frozen is not None:
            self.re_update(box)
        self.filter.update(to_xysr(box))
        self.frozen = None
        self.seen[self.age] = box.copy()
        x1, y1, x2, y2 = box
        self.last_measured = np.array([(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1])
        self.since_update = 0
        self.hit_streak += 1
        mixed = alpha * self.look + (1 - alpha) * look
        self.look = mixed / np.linalg.norm(mixed)

    def re_update(self, box: np.ndarray) -> None:
        """Lead the filter through the gap, on a line from the last observation."""
        x1, y1, x2, y2 = box
        end = np.array([(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1])
        self.filter, steps = self.frozen, self.gap + 1
        for k in range(1, steps + 1):
            x, y, w, h = self.last_measured + k / steps * (end - self.last_measured)
            self.filter.update(np.array([x, y, w * h, w / (h + 1e-6)]))
            if k < steps:
                self.filter.predict()

    def memory(self) -> tuple[np.ndarray, ...]:
        """What is to be compared; the ratio has no velocity."""
        mean, covariance = np.zeros(8), np.zeros((8, 8))
        mean[:7], covariance[:7, :7] = self.filter.x, self.filter.p
        return mean, covariance.ravel(), self.look, self.direction

    def previous(self) -> np.ndarray:
        for back in range(self.delta_t, 0, -1):
            if self.age - back in self.seen:
                return self.seen[self.age - back]
        return self.seen[max(self.seen)]

    @property
    def last(self) -> np.ndarray:
        return self.seen[max(self.seen)] if self.seen else np.full(4, -1.0)

    @property
    def box(self) -> np.ndarray:
        return self.last if self.seen else self.filter.box


class ReferenceDeepOCSORT:
    """The tracker; thresholds as the paper's README runs have them."""

    def __init__(self, **changed) -> None:
        self.det_thresh, self.iou_threshold = 0.6, 0.3
        self.max_age, self.min_hits, self.delta_t, self.inertia = 30, 3, 3, 0.2
        self.a_w, self.epsilon, self.alpha_f = 0.75, 0.5, 0.95
        self.__dict__ |= changed
        self.frame = self.count = 0
        self.tracks: list[Track] = []

    def update(self, boxes, scores, looks, affine) -> list[Track]:
        self.frame += 1
        strong = scores > self.det_thresh
        boxes, scores, looks = boxes[strong], scores[strong], looks[strong]
        trust = (scores - self.det_thresh) / (1 - self.det_thresh)
        self.alphas = self.alpha_f + (1 - self.alpha_f) * (1 - trust)
        for track in self.tracks:
            track.follow_camera(affine)
            track.predict()
        self.tracks = [t for t in self.tracks if np.isfinite(t.filter.box).all()]

        open_dets, open_tracks = list(range(len(boxes))), list(self.tracks)
        overlaps = iou_table(boxes, [t.filter.box for t in open_tracks])
        pairs = self.first_pairs(overlaps, boxes, scores, looks, open_tracks)
        pairs = [(d, open_tracks[t]) for d, t in pairs]
        self.take(pairs, open_dets, open_tracks, boxes, looks)

        overlaps = iou_table(boxes[open_dets], [t.last for t in open_tracks])
        if overlaps.size and overlaps.max() > self.iou_threshold:
            i, j = linear_sum_assignment(-overlaps)
            good = overlaps[i, j] >= self.iou_threshold
            pairs = zip(i[good], j[good], strict=True)
            pairs = [(open_dets[d], open_tracks[t]) for d, t in pairs]
            self.take(pairs, open_dets, open_tracks, boxes, looks)
        for track in open_tracks:
            track.miss()
        for d in open_dets:
            self.count += 1
            self.tracks.append(Track(self.count, boxes[d], looks[d], self.delta_t))
        is_early = self.frame <= self.min_hits
        shown = [t for t in self.tracks if t.since_update == 0]
        shown = [t for t in shown if is_early or t.hit_streak >= self.min_hits]
        self.tracks = [t for t in self.tracks if t.since_update <= self.max_age]
        return shown

    def all_tracks(self) -> list[Track]:
        return self.tracks

    def take(self, pairs, open_dets, open_tracks, boxes, looks) -> None:
        for d, track in pairs:
            track.update(boxes[d], looks[d], self.alphas[d])
            open_dets.remove(d)
            open_tracks.remove(track)

    def first_pairs(self, overlaps, boxes, scores, looks, tracks) -> list:
        if not overlaps.size:
            return []
        above = overlaps > self.iou_threshold
        if above.any() and above.sum(0).max() == 1 and above.sum(1).max() == 1:
            return list(zip(*np.nonzero(above), strict=True))
        gain = overlaps.copy()
        cosines = np.array([[d @ t.look for t in tracks] for d in looks])
        for d, box in enumerate(boxes):
            for t, track in enumerate(tracks):
                weight = self.a_w
                weight += self.lead(cosines[d]) / 2 + self.lead(cosines[:, t]) / 2
                gain[d, t] += weight * cosines[d, t]
                if track.seen:
                    cosine = track.direction @ direction(track.previous(), box)
                    angle = np.arccos(np.clip(cosine, -1, 1))
                    vote = (np.pi / 2 - abs(angle)) / np.pi
                    gain[d, t] += self.inertia * vote * scores[d]
        pairs = zip(*linear_sum_assignment(-gain), strict=True)
        return [(d, t) for d, t in pairs if overlaps[d, t] >= self.iou_threshold]

    def lead(self, cosines: np.ndarray) -> float:
        """Equation 4."""
        if len(cosines) < 2:
            return 0.0
        second, first = np.sort(cosines)[-2:]
        return min(first - second, self.epsilon)


def to_xysr(box: np.ndarray) -> np.ndarray:
    x1, y1, x2, y2 = box
    w, h = x2 - x1, y2 - y1
    return np.array([x1 + w / 2, y1 + h / 2, w * h, w / (h + 1e-6)])


def direction(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    shift = (end[:2] + end[2:] - start[:2] - start[2:]) / 2
    return shift / (np.sqrt((shift**2).sum()) + 1e-6)


def iou_table(boxes, others) -> np.ndarray:
    table = np.zeros((len(boxes), len(others)))
    for i, a in enumerate(boxes):
        for j, b in enumerate(others):
            width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
            height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
            areas = [(c[2] - c[0]) * (c[3] - c[1]) for c in (a, b)]
            table[i, j] = width * height / (sum(areas) - width * height)
    return table
