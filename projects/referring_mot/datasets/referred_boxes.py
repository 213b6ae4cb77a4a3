"""The ground truth boxes of a referring expression, under both protocols of RMOT."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from mmsmot.structures import ReferringExpression, Trajectories
from mmsmot.utils.number_ranges import require_choice

FIXED, RELEASED = 'fixed', 'released'
PROTOCOLS = (FIXED, RELEASED)
# A trajectory that is referred to in less of its frames makes an expression temporal.
WHOLE_LIFE = 0.95


class ExpressionCount(NamedTuple):
    """How much of its video an expression refers to.

    Attributes:
        sentence: The expression.
        boxes: Its boxes.
        share: Of the video's trajectories, those that it refers to at some time.
    """

    sentence: str
    boxes: int
    share: float


def expression_count(
    expression: ReferringExpression, ids: np.ndarray
) -> ExpressionCount:
    """The count of one expression; ``ids`` are the video's, of any length."""
    tracks = max(len(np.unique(ids)), 1)
    share = min(1.0, len(expression.ids()) / tracks)
    boxes = sum(map(len, expression.labels.values()))
    return ExpressionCount(expression.sentence, boxes, share)


def referred_trajectories(
    objects: Trajectories, expression: ReferringExpression, protocol: str = FIXED
) -> Trajectories:
    """Boxes of the trajectories that an expression refers to, in the frames it does.

    Args:
        objects: Ground truth of every object of the video, as ``ReferringDataset`` has it.
        expression: Ids by frame.
        protocol: ``'fixed'``: an id that is labelled in frame t has its box of frame t.
            ``'released'``: RMOT's code (3eefe1d) opens the label file of the next frame,
            so that the box of frame t + 1 stands in frame t; an id without one is left
            out.

    Returns:
        The rows, with the frame numbers of the labels.

    Raises:
        ValueError: There is no such protocol.
    """
    require_choice('referred_trajectories', PROTOCOLS, protocol=protocol)
    if protocol == FIXED:
        return objects[referred_mask(objects.frame_ids, objects.ids, expression)]
    labelled_frames = objects.frame_ids - 1
    mask = referred_mask(labelled_frames, objects.ids, expression)
    return replace(objects[mask], frame_ids=labelled_frames[mask])


def referred_mask(
    frame_ids: np.ndarray, ids: np.ndarray, expression: ReferringExpression
) -> np.ndarray:
    """(R,) bool, whether the expression refers to each id in its frame."""
    pairs = _pairs(expression.labels)
    return np.isin(_keys(frame_ids, ids), _keys(*pairs.T))


def is_temporal(objects: Trajectories, expression: ReferringExpression) -> bool:
    """Whether it refers to somebody for a part of the frames that he is annotated in.

    A static expression, such as of clothes, refers to a trajectory from its first box to
    its last; the part of a temporal one is below :data:`WHOLE_LIFE`.
    """
    referred = referred_trajectories(objects, expression)
    ids, num_referred = np.unique(referred.ids, return_counts=True)
    if not len(ids):
        return False
    all_ids, num_boxes = np.unique(objects.ids, return_counts=True)
    lives = num_boxes[np.searchsorted(all_ids, ids)]
    return bool((num_referred < WHOLE_LIFE * lives).any())


def labels_without_box(
    objects: Trajectories, expression: ReferringExpression, frame_ids: Collection[int]
) -> tuple[int, int]:
    """What of an expression's labels no box of the video answers to.

    Returns:
        The number of (frame, id) in frames that the video does not have, and of those in
        its frames whose id has no box there.
    """
    pairs = _pairs(expression.labels)
    is_inside = np.isin(pairs[:, 0], np.asarray([*frame_ids], np.int64))
    inside = pairs[is_inside]
    has_box = np.isin(_keys(*inside.T), _keys(objects.frame_ids, objects.ids))
    return int((~is_inside).sum()), int((~has_box).sum())


def _pairs(labels: dict[int, tuple[int, ...]]) -> np.ndarray:
    """(L, 2) int64 frame numbers and ids."""
    pairs = [(frame_id, i) for frame_id, ids in labels.items() for i in ids]
    return np.array(pairs, np.int64).reshape(-1, 2)


def _keys(frame_ids: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """(N,) one structured value for each (frame, id): ids may take 63 bits, so no sum does."""
    table = np.stack([frame_ids, ids], axis=1).astype(np.int64)
    return np.ascontiguousarray(table).view([('frame', 'i8'), ('id', 'i8')])[:, 0]
