"""Which boxes stand in the same frame, and whether their interactions agree."""

from __future__ import annotations

import numpy as np

from projects.semtracker.datasets.relation_tracks import (
    NO_RELATION,
    UNKNOWN_RELATION,
    RelationTracks,
)


def same_frame_rows(
    left_tracks: RelationTracks, right_tracks: RelationTracks
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of all pairs of boxes that stand in the same frame."""
    order = np.argsort(right_tracks.frame_ids, kind='stable')
    frames = right_tracks.frame_ids[order]
    low = np.searchsorted(frames, left_tracks.frame_ids, 'left')
    count = np.searchsorted(frames, left_tracks.frame_ids, 'right') - low
    rows = np.repeat(np.arange(len(left_tracks)), count)
    start = np.repeat(low - np.cumsum(count) + count, count)
    return rows, order[start + np.arange(count.sum())]


def relation_is_positive(
    gt: RelationTracks, dt: RelationTracks, mode: str = 'fixed'
) -> np.ndarray:
    """(R,) bool of R pairs of boxes: the prediction has the true interaction.

    Where both or neither are the target, one of the two roles must be right; where one of
    them is and the other is not, one must be right with the roles swapped. A role in which
    nothing happens is not hit by predicting nothing: only where the truth has no class in
    either role, none must be predicted in either. ``'released'`` compares the numbers of the
    files as they are, so that -1, none, is a class like others.

    Args:
        gt: The true boxes.
        dt: The predicted ones.
        mode: ``'fixed'`` or ``'released'``.
    """
    subject, object_ = gt.subject_relations[:, :1], gt.object_relations[:, :1]
    dt_classes = (dt.subject_relations, dt.object_relations)
    straight = _among(subject, dt_classes[0], mode) | _among(
        object_, dt_classes[1], mode
    )
    swapped = _among(object_, dt_classes[0], mode) | _among(
        subject, dt_classes[1], mode
    )
    positive = np.where(gt.is_main == dt.is_main, straight, swapped)
    if mode == 'released':
        return positive
    is_idle = (subject == NO_RELATION)[:, 0] & (object_ == NO_RELATION)[:, 0]
    is_silent = (np.concatenate(dt_classes, axis=1) == NO_RELATION).all(axis=1)
    return np.where(is_idle, is_silent, positive)


def has_unknown_relation(gt: RelationTracks) -> np.ndarray:
    """(R,) bool: a role of the true box has a class that is not in the vocabulary."""
    roles = gt.subject_relations, gt.object_relations
    return (np.concatenate(roles, axis=1) == UNKNOWN_RELATION).any(axis=1)


def _among(classes: np.ndarray, best: np.ndarray, mode: str) -> np.ndarray:
    counts = classes >= 0 if mode == 'fixed' else True
    return ((classes == best) & counts).any(axis=1)
