"""A metric that lives outside the package."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric

from mmsmot.registry import METRICS
from mmsmot.structures import Trajectories, pairwise_iou


@METRICS.register_module()
class ContinuityMetric(BaseMetric):
    """How long tracks are, and into how many of them an object is broken.

    ``mean_length``: frames of a predicted track. ``ids_per_object``: how many predicted
    ids cover a ground truth object, of those that any covers; 1 is perfect. In each frame
    an object is covered by the prediction that overlaps it most.

    Args:
        iou_threshold: A prediction that covers an object overlaps it at least so much.
        collect_device: Device that ranks exchange results on, ``'cpu'`` or ``'gpu'``.
        prefix: Of the scores' names.
    """

    default_prefix = 'continuity'

    def __init__(
        self,
        *,
        iou_threshold: float = 0.5,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.iou_threshold = iou_threshold

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Count in a batch of videos; only counts are kept.

        Args:
            data_batch: Not used.
            data_samples: :class:`~mmsmot.structures.SMOTDataSample` as dictionaries.

        Raises:
            KeyError: A video has no ground truth.
        """
        for sample in data_samples:
            predictions, gt = sample['pred_trajectories'], sample['gt_trajectories']
            pairs = covering_pairs(gt, predictions, self.iou_threshold)
            num_tracks = len(np.unique(predictions.ids))
            num_objects = len({gt_id for gt_id, _ in pairs})
            counts = len(predictions), num_tracks, len(pairs), num_objects
            self.results.append(counts)

    def compute_metrics(self, results: list[tuple[int, ...]]) -> dict[str, float]:
        """The scores of all videos together; nan where there is nothing to count."""
        boxes, tracks, pairs, objects = np.sum(results, axis=0)
        return {
            'mean_length': float(boxes / tracks) if tracks else float('nan'),
            'ids_per_object': float(pairs / objects) if objects else float('nan'),
        }


def covering_pairs(
    gt: Trajectories, predictions: Trajectories, iou_threshold: float
) -> set[tuple[int, int]]:
    """(Ground truth id, predicted id) of those that cover each other in some frame."""
    pairs = set()
    for frame_id in np.intersect1d(gt.frame_ids, predictions.frame_ids):
        objects = gt[gt.frame_ids == frame_id]
        tracks = predictions[predictions.frame_ids == frame_id]
        iou = pairwise_iou(objects.boxes, tracks.boxes)
        best = iou.argmax(axis=1)
        is_covered = iou.max(axis=1) >= iou_threshold
        gt_ids, track_ids = objects.ids[is_covered], tracks.ids[best[is_covered]]
        pairs |= set(zip(gt_ids.tolist(), track_ids.tolist(), strict=True))
    return pairs
