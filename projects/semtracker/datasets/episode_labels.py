"""The classes of a target in each frame, from its annotated interactions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmsmot.structures import UNTRACKED, Interactions


def frame_labels(
    interactions: Interactions,
    frame_ids: np.ndarray,
    verbs: Sequence[str],
    partners: Sequence[str],
) -> tuple[np.ndarray, np.ndarray]:
    """Verb and partner of a target as subject and as object.

    Of several at once in a role, the one that began last counts: SemTrack annotates one
    class a role and frame.

    Args:
        interactions: Of the target, the other side not tracked; with spans.
        frame_ids: (T,) original frame numbers.
        verbs: The V verbs.
        partners: The C classes of the other side.

    Returns:
        (T, 2) int64: 1 + the verb's place, 0 for none, -1 for a verb that is not in the
        list; and (T, 2) int64: the partner's place, -1 for none or one not in the list.
    """
    frame_ids = np.asarray(frame_ids)
    verb_of = {verb: 1 + k for k, verb in enumerate(verbs)}
    partner_of = {partner: k for k, partner in enumerate(partners)}
    verb_labels = np.zeros((len(frame_ids), 2), np.int64)
    partner_labels = np.full((len(frame_ids), 2), -1, np.int64)
    has_span = interactions.has_span
    for row in np.argsort(interactions.start_frames, kind='stable').tolist():
        if not has_span[row]:
            continue
        role = int(interactions.subject_ids[row] == UNTRACKED)
        start, end = interactions.start_frames[row], interactions.end_frames[row]
        inside = (frame_ids >= start) & (frame_ids <= end)
        verb, partner = str(interactions.verbs[row]), interactions.partner_labels[row]
        verb_labels[inside, role] = verb_of.get(verb, -1)
        partner_labels[inside, role] = partner_of.get(str(partner), -1)
    return verb_labels, partner_labels


def verb_frames(labels: np.ndarray, verbs: Sequence[str]) -> dict[str, int]:
    """In how many frames each verb is done, as subject or as object.

    Args:
        labels: (R, 2) verbs of :func:`frame_labels`, of all targets.
        verbs: The V verbs.
    """
    counts = np.bincount(labels[labels > 0], minlength=len(verbs) + 1)[1:]
    return dict(zip(verbs, counts.tolist(), strict=True))
