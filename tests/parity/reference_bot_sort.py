"""BoT-SORT as its paper and release describe it: slow, one object at a time.

Written from the equations (sections 3.1 to 3.3) and from what the released code does where
these leave it open, with 8 x 8 matrices and nothing of the package's own arithmetic, so
that the fast tracker has something to be compared with.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

TENTATIVE, TRACKED, LOST, REMOVED = range(4)
MOTION = np.eye(8) + np.eye(8, k=4)
OBSERVE = np.eye(4, 8)


class Track:
    """One object: Kalman mean and covariance of x, y, w, h and velocities, and its look."""

    def __init__(self, box: np.ndarray, score: float, look: np.ndarray | None) -> None:
        measured = to_xywh(box)
        w, h = measured[2:]
        std = [w / 10, h / 10, w / 10, h / 10, w / 16, h / 16, w / 16, h / 16]
        self.mean = np.concatenate([measured, np.zeros(4)])
        self.covariance = np.diag(np.square(std))
        self.score, self.look = score, look
        self.stage, self.id = TENTATIVE, 0
        self.start = self.last = 0
        self.is_dead = False  # on the list of those that cannot be lost again

    def predict(self) -> None:
        if self.stage == LOST:
            self.mean[6:] = 0
        w, h = self.mean[2:4]
        std = [w / 20, h / 20, w / 20, h / 20, w / 160, h / 160, w / 160, h / 160]
        self.mean = MOTION @ self.mean
        self.covariance = MOTION @ self.covariance @ MOTION.T + np.diag(np.square(std))

    def follow_camera(self, affine: np.ndarray) -> None:
        turn = np.kron(np.eye(4), affine[:, :2])
        self.mean = turn @ self.mean
        self.mean[:2] += affine[:, 2]
        self.covariance = turn @ self.covariance @ turn.T

    def update(self, box, score, look, frame: int, alpha: float) -> None:
        w, h = self.mean[2:4]
        noise = np.diag(np.square([w / 20, h / 20, w / 20, h / 20]))
        spread = OBSERVE @ self.covariance @ OBSERVE.T + noise
        gain = self.covariance @ OBSERVE.T @ np.linalg.inv(spread)
        self.mean = self.mean + gain @ (to_xywh(box) - OBSERVE @ self.mean)
        self.covariance = self.covariance - gain @ spread @ gain.T
        if look is not None:
            mixed = alpha * self.look + (1 - alpha) * look
            self.look = mixed / np.linalg.norm(mixed)
        self.score, self.last, self.stage = score, frame, TRACKED

    def memory(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Mean, covariance and look, to be compared."""
        look = np.empty(0) if self.look is None else self.look
        return self.mean, self.covariance.ravel(), look

    @property
    def box(self) -> np.ndarray:
        x, y, w, h = self.mean[:4]
        return np.array([x - w / 2, y - h / 2, x + w / 2, y + h / 2])


class ReferenceBoTSORT:
    """The tracker; thresholds as the release names them."""

    def __init__(self, with_reid: bool, fuse_score: bool = True, **changed) -> None:
        self.with_reid, self.fuse_score = with_reid, fuse_score
        self.high, self.low, self.new = 0.6, 0.1, 0.6 + 0.1
        self.match_thresh, self.proximity, self.appearance = 0.8, 0.5, 0.25
        self.alpha, self.buffer = 0.9, 30
        self.__dict__ |= changed
        self.frame = self.count = 0
        self.tracked: list[Track] = []
        self.lost: list[Track] = []

    def update(self, boxes, scores, looks, affine) -> list[Track]:
        self.frame += 1
        looks = looks if self.with_reid else [None] * len(boxes)
        first = [
            (b, s, e)
            for b, s, e in zip(boxes, scores, looks, strict=True)
            if s > self.high
        ]
        second = [
            (b, s, None)
            for b, s in zip(boxes, scores, strict=True)
            if self.low < s < self.high
        ]
        tentative = [t for t in self.tracked if t.stage == TENTATIVE]
        pool = [t for t in self.tracked if t.stage == TRACKED] + self.lost
        for track in pool:
            track.predict()
        for track in pool + tentative:
            track.follow_camera(affine)

        refound = [t for t in pool if t.stage == LOST]
        cost = self.fused_cost(pool, first)
        pool, first = self.match(pool, first, cost, self.match_thresh)
        missed = [t for t in pool if t.stage == TRACKED]
        missed, _ = self.match(missed, second, iou_cost(missed, second), 0.5)
        cost = self.fused_cost(tentative, first)
        tentative, first = self.match(tentative, first, cost, 0.7)
        for track in tentative:
            track.stage = REMOVED
        for track in missed:
            track.stage = LOST
        new = [self.born(d) for d in first if d[1] >= self.new]

        was_lost = self.lost
        dying = [t for t in was_lost if t.stage == LOST]
        dying = [t for t in dying if self.frame - t.last > self.buffer]
        self.tracked = [t for t in self.tracked if t.stage in (TENTATIVE, TRACKED)]
        self.tracked += new + [t for t in refound if t.stage == TRACKED]
        self.lost = [t for t in was_lost if t.stage == LOST] + missed
        # A track is taken off one frame after it was marked.
        self.lost = [t for t in self.lost if not t.is_dead]
        for track in dying:
            track.is_dead = True
        self.drop_duplicates()
        return self.tracked

    def all_tracks(self) -> list[Track]:
        return self.tracked + self.lost

    def born(self, detection) -> Track:
        track = Track(*detection)
        self.count += 1
        track.id, track.start, track.last = self.count, self.frame, self.frame
        track.stage = TRACKED if self.frame == 1 else TENTATIVE
        return track

    def match(self, tracks, detections, cost, limit) -> tuple[list, list]:
        """Update the pairs below the limit; the tracks and detections left over."""
        taken = set()
        left = list(tracks)
        for i, j in limited_assignment(cost, limit):
            tracks[i].update(*detections[j], self.frame, self.alpha)
            left.remove(tracks[i])
            taken.add(j)
        return left, [d for j, d in enumerate(detections) if j not in taken]

    def fused_cost(self, tracks, detections) -> np.ndarray:
        """min(d_iou, d_cos^) of section 3.3."""
        cost = iou_cost(tracks, detections)
        for i, track in enumerate(tracks):
            for j, (_, score, look) in enumerate(detections):
                is_near = cost[i, j] <= self.proximity
                if self.fuse_score:
                    cost[i, j] = 1 - (1 - cost[i, j]) * score
                if self.with_reid and is_near:
                    half = max(0.0, 1 - float(track.look @ look)) / 2
                    if half <= self.appearance:
                        cost[i, j] = min(cost[i, j], half)
        return cost

    def drop_duplicates(self) -> None:
        """Of a tracked and a lost one on the same spot, the shorter-lived goes."""
        pairs = []
        for track in self.tracked:
            for other in self.lost:
                if 1 - iou(track.box, other.box) < 0.15:
                    is_older = track.last - track.start > other.last - other.start
                    pairs.append(other if is_older else track)
        self.tracked = [t for t in self.tracked if t not in pairs]
        self.lost = [t for t in self.lost if t not in pairs]


def to_xywh(box: np.ndarray) -> np.ndarray:
    x1, y1, x2, y2 = box
    return np.array([(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1])


def iou(box: np.ndarray, other: np.ndarray) -> float:
    """Of boxes whose pixels are counted."""
    width = min(box[2], other[2]) - max(box[0], other[0]) + 1
    height = min(box[3], other[3]) - max(box[1], other[1]) + 1
    if width <= 0 or height <= 0:
        return 0.0
    areas = [(b[2] - b[0] + 1) * (b[3] - b[1] + 1) for b in (box, other)]
    return width * height / (sum(areas) - width * height)


def iou_cost(tracks: list[Track], detections: list) -> np.ndarray:
    rows = [[1 - iou(t.box, d[0]) for d in detections] for t in tracks]
    return np.array(rows).reshape(len(tracks), len(detections))


def limited_assignment(cost: np.ndarray, limit: float) -> list[tuple[int, int]]:
    """The cheapest assignment where whoever stays alone costs half the limit."""
    rows, columns = cost.shape
    square = np.full((rows + columns, rows + columns), limit / 2)
    square[rows:, columns:] = 0
    square[:rows, :columns] = cost
    i, j = linear_sum_assignment(square)
    return [(a, b) for a, b in zip(i, j, strict=True) if a < rows and b < columns]
