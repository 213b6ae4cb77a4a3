"""ByteTrack beyond what the goldens show."""

from __future__ import annotations

import numpy as np

from mmsmot.models.trackers import ByteTrack
from mmsmot.structures import Detections


def walk(seed: int = 0) -> list[Detections]:
    """Three people who walk, found with a little noise."""
    rng = np.random.default_rng(seed)
    low = np.array([[10.0, 10], [80, 20], [200, 30]])
    speed = np.array([[6.0, 0], [-5, 1], [0, 4]])
    frames = []
    for t in range(12):
        corner = low + t * speed + rng.normal(0, 1, (3, 2))
        boxes = np.concatenate([corner, corner + [30, 60]], axis=1)
        seen = rng.random(3) > 0.2
        scores = rng.uniform(0.3, 0.9, 3)[seen]
        frames.append(Detections(boxes[seen], scores, np.zeros(seen.sum(), np.int64)))
    return frames


def test_own_boxes_are_the_detections_and_change_nothing_else() -> None:
    filtered, own = ByteTrack(), ByteTrack(own_boxes=True)
    count, moved = 0, 0.0
    for detections in walk():
        theirs, ours = filtered.update(detections), own.update(detections)
        assert ours.ids.tolist() == theirs.ids.tolist()
        assert ours.det_index.tolist() == theirs.det_index.tolist()
        np.testing.assert_array_equal(ours.boxes, detections.boxes[ours.det_index])
        count += len(ours)
        moved = max(moved, np.abs(ours.boxes - theirs.boxes).max(initial=0))
    assert count >= 15
    assert moved > 0.5
