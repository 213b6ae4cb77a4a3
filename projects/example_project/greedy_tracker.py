"""A tracker that lives outside the package."""

import numpy as np

from mmsmot.models.trackers import BaseTracker
from mmsmot.registry import TRACKERS
from mmsmot.structures import Tracks, pairwise_iou


@TRACKERS.register_module()
class GreedyTracker(BaseTracker):
    """Each detection takes the id of the box it overlaps most."""

    def __init__(self, *, iou_threshold: float = 0.3):
        self.iou_threshold = iou_threshold
        self.reset()

    def reset(self):
        self.boxes, self.labels = np.empty((0, 4)), np.empty(0, int)
        self.ids, self.next_id = np.empty(0, int), 1

    def update(self, detections, frame=None):
        ids, matched_rows = np.zeros(len(detections), int), set()
        iou = pairwise_iou(detections.boxes, self.boxes)
        iou[detections.labels[:, None] != self.labels] = 0  # within a class
        for i, row in enumerate(iou):
            j = int(row.argmax()) if len(row) else -1
            if j >= 0 and row[j] > self.iou_threshold and j not in matched_rows:
                ids[i] = self.ids[j]
                matched_rows.add(j)
            else:
                ids[i], self.next_id = self.next_id, self.next_id + 1
        self.boxes, self.labels, self.ids = detections.boxes, detections.labels, ids
        rows = np.arange(len(ids))
        return Tracks(ids, detections.boxes, detections.scores, detections.labels, rows)
