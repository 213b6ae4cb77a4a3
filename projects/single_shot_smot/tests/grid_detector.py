"""A detector with anchors whose answers are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmsmot.models.detectors import BaseDetector
from mmsmot.models.detectors.base import RawDetections
from mmsmot.structures import Detections, Frame, VideoInfo, pairwise_iou

VIDEO = VideoInfo(name='square', path='square')
SIDE, STRIDE, BOX = 96, 4, 16
Places = dict[int, list[tuple[float, float]]]


def square_boxes(corners: Sequence[tuple[float, float]]) -> np.ndarray:
    """(N, 4) boxes of side ``BOX`` at their upper left corners."""
    low = np.array(corners, float).reshape(-1, 2)
    return np.concatenate([low, low + BOX], axis=1)


class GridDetector(BaseDetector):
    """Squares at ``places[frame_id]``; the score at an anchor is its IoU with one.

    So scores fall beside the best anchor, as they do in a trained detector. An anchor
    that overlaps nothing by .3 answers itself with score 0.
    """

    fingerprint = 'grid'

    def __init__(self, places: Places, num_classes: int = 1) -> None:
        self.places = places
        self.num_classes = num_classes
        corners = np.mgrid[0 : SIDE - BOX + 1 : STRIDE, 0 : SIDE - BOX + 1 : STRIDE]
        self.anchors = square_boxes(corners.reshape(2, -1).T)

    def raw(self, frames: Sequence[Frame]) -> list[RawDetections]:
        return [self._raw(self.places.get(frame.frame_id, [])) for frame in frames]

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        raise NotImplementedError

    def _raw(self, corners: list[tuple[float, float]]) -> RawDetections:
        boxes = self.anchors.copy()
        scores = np.zeros((len(boxes), self.num_classes))
        if corners:
            objects = square_boxes(corners)
            iou = pairwise_iou(self.anchors, objects)
            best, has_object = iou.argmax(axis=1), iou.max(axis=1) >= 0.3
            boxes[has_object] = objects[best[has_object]]
            scores[has_object, 0] = iou.max(axis=1)[has_object]
        return RawDetections(boxes, scores, self.anchors)


def frames(
    first: int, end: int, places: Places | None = None, side: int = SIDE
) -> list[Frame]:
    """Frames with an image; where places are given, speckled squares lie there."""
    rng = np.random.default_rng(0)
    speckles = rng.integers(60, 256, (BOX, BOX, 3), np.uint8)

    def load(frame_id: int) -> np.ndarray:
        image = np.full((side, side, 3), 40, np.uint8)
        for x, y in (places or {}).get(frame_id, []):
            image[int(y) : int(y) + BOX, int(x) : int(x) + BOX] = speckles
        return image

    return [
        Frame(VIDEO, k, (k - 1) / 30, lambda k=k: load(k))
        for k in range(first, end + 1)
    ]
