"""How often a shifted box is re-detected (Fig. 3 of the paper)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from mmsmot.datasets import VideoReader
from mmsmot.structures import Frame, SMOTDataSample, Trajectories
from mmsmot.structures.boxes import paired_iou

# Frames, and for each boxes (N, 4) -> for each boxes (N, 4) and scores (N,).
Redetect = Callable[
    [Sequence[Frame], Sequence[np.ndarray]], Sequence[tuple[np.ndarray, np.ndarray]]
]


def shift_recovery(
    redetect: Redetect,
    videos: Iterable[tuple[VideoReader, SMOTDataSample]],
    shifts: Sequence[float],
    keep_threshold: float,
    iou_threshold: float = 0.5,
) -> dict[float, float]:
    """The share of ground truth boxes that are found again after a shift.

    Each box is shifted by a fraction of its width to the left or right and by the same of
    its height up or down, at random (seed 0). It is recovered where the re-detection has
    at least ``keep_threshold`` and overlaps the true box.

    Args:
        redetect: Boxes of some frames to re-detections.
        videos: Readers, and samples with ground truth; no box without a score counts.
        shifts: Fractions.
        keep_threshold: sigma_tk.
        iou_threshold: Least IoU with the true box.

    Returns:
        The share of each shift, from 0 to 1; nan where there are no boxes.
    """
    rng = np.random.default_rng(0)
    recovered, count = np.zeros(len(shifts)), 0
    for reader, sample in videos:
        gt = sample.gt_trajectories
        for frames in reader.batches(8):
            boxes = [visible_gt_boxes(gt, frame.frame_id) for frame in frames]
            signs = [rng.choice([-1.0, 1.0], (len(b), 2)) for b in boxes]
            all_boxes = np.concatenate(boxes)
            count += len(all_boxes)
            for k, shift in enumerate(shifts):
                moved = [
                    shifted(b, s * shift) for b, s in zip(boxes, signs, strict=True)
                ]
                redetections = redetect(frames, moved)
                redetected, scores = map(
                    np.concatenate, zip(*redetections, strict=True)
                )
                iou = paired_iou(redetected, all_boxes)
                is_recovered = (scores >= keep_threshold) & (iou >= iou_threshold)
                recovered[k] += is_recovered.sum()
    shares = recovered / count if count else np.full(len(shifts), np.nan)
    return dict(zip(shifts, shares.tolist(), strict=True))


def visible_gt_boxes(gt: Trajectories, frame_id: int) -> np.ndarray:
    """(G, 4) boxes of a frame that count: those with a score."""
    return gt.boxes[(gt.frame_ids == frame_id) & (gt.scores > 0)]


def shifted(boxes: np.ndarray, fractions: np.ndarray) -> np.ndarray:
    """Boxes (N, 4) moved by fractions (N, 2) of their width and height.

    >>> shifted(np.array([[0.0, 0, 4, 8]]), np.array([[0.5, -0.25]]))
    array([[ 2., -2.,  6.,  6.]])
    """
    return boxes + np.tile(fractions * (boxes[:, 2:] - boxes[:, :2]), 2)
