"""The queries of one frame as columns, for the lifecycle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from mmsmot.models.detectors.base import log_dropped_detections
from mmsmot.structures import valid_boxes

from .queries import Outputs, Queries, corners


@dataclass(frozen=True, eq=False)
class QueryTable:
    """What the decoder made of the Q queries of a frame, as columns.

    Attributes:
        boxes: (Q, 4) float64, x1, y1, x2, y2 in pixels of the original frame.
        scores: (Q,) float64.
        labels: (Q,) int64.
        ids: (Q,) int64, the track that a track query has followed, below 0 for none.
        is_track: (Q,) bool, rows that come from the frame before.
        ages: (Q,) int64, frames for which a track was not seen.
        is_valid: (Q,) bool, rows whose box is one; the others have score -1, below
            every threshold.
    """

    boxes: np.ndarray
    scores: np.ndarray
    labels: np.ndarray
    ids: np.ndarray
    is_track: np.ndarray
    ages: np.ndarray
    is_valid: np.ndarray


@dataclass(frozen=True, eq=False)
class LifecycleOutcome:
    """Which query is which track after a frame.

    Attributes:
        ids: (Q,) int64, ``NEW`` for none.
        ages: (Q,) int64, frames for which a track was not seen.
        is_reported: (Q,) bool, tracks to report in this frame.
        ended_ids: Ids that never come back.
        labels: (Q,) int64, the class of each track.
    """

    ids: np.ndarray
    ages: np.ndarray
    is_reported: np.ndarray
    ended_ids: list[int]
    labels: np.ndarray


def query_tables(queries: Queries, outputs: Outputs, size: Tensor) -> list[QueryTable]:
    """The queries of a frame for each of B prompts as columns, boxes in its pixels.

    Rows of padding are left out.

    A box that is none (the network gave no number) gets score -1, and is counted in the
    log: no track begins there, and one that is there is missed.

    Args:
        queries: Q of the frame for each prompt.
        outputs: Of those.
        size: (2,) width and height of the frame.
    """
    boxes = corners(outputs.boxes[-1]).double().cpu()
    boxes = (boxes * size.repeat(2)).numpy()
    scores, labels = outputs.logits[-1].double().sigmoid().max(-1)
    scores = scores.cpu().numpy()
    is_row = ~queries.pad.cpu().numpy()
    is_valid = valid_boxes(boxes.reshape(-1, 4)).reshape(scores.shape)
    is_valid &= np.isfinite(scores)
    log_dropped_detections('QueryTracker', int((is_row & ~is_valid).sum()))
    boxes[~is_valid], scores[~is_valid] = (0, 0, 1, 1), -1
    columns = (
        boxes,
        scores,
        labels.cpu().numpy(),
        queries.ids.cpu().numpy(),
        queries.is_track.cpu().numpy(),
        queries.ages.cpu().numpy(),
        is_valid,
    )
    return [
        QueryTable(*(column[number, rows] for column in columns))
        for number, rows in enumerate(is_row)
    ]
