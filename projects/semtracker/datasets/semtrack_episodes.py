"""Between SemTrack's classes a frame and our events with a partner's class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from mmsmot.structures import UNTRACKED, Interactions, Trajectories
from mmsmot.structures.runs import equal_runs
from projects.semtracker.datasets.episode_labels import frame_labels
from projects.semtracker.datasets.relation_tracks import NO_RELATION, RelationTracks
from projects.semtracker.datasets.semtrack_json import SemTrackQuery


def target_trajectory(query: SemTrackQuery) -> Trajectories:
    """The target's boxes."""
    target = query.tracks[query.tracks.is_main]
    return Trajectories(target.frame_ids, target.ids, target.boxes)


def target_events(
    query: SemTrackQuery, categories: Mapping[int, str], relations: Mapping[int, str]
) -> Interactions:
    """The target's interactions as spans of frames.

    Annotated frames that follow each other with the same class in a role are one event.
    The other side is whoever has the class in the other role there; its category is the
    partner's class, the most frequent one over the span, ``''`` where nobody has it.

    Args:
        query: The sequence.
        categories: Object category by id.
        relations: Interaction class by id.
    """
    tracks = query.tracks
    target = tracks[tracks.is_main]
    partners = tracks[~tracks.is_main]
    position = {f: t for t, f in enumerate(query.frame_ids.tolist())}
    positions = np.array([position[f] for f in target.frame_ids.tolist()], int)
    gap_frames = positions - np.arange(len(target))  # grows where a frame has no box
    rows = []
    for role, (target_classes, partner_classes) in enumerate(
        (
            (target.subject_relations, partners.object_relations),
            (target.object_relations, partners.subject_relations),
        )
    ):
        for first_row, end_row in equal_runs(target_classes[:, 0], gap_frames):
            number = int(target_classes[first_row, 0])
            if number == NO_RELATION:
                continue
            start, end = target.frame_ids[[first_row, end_row - 1]].tolist()
            is_partner = (partners.frame_ids >= start) & (partners.frame_ids <= end)
            is_partner &= partner_classes[:, 0] == number
            labels = partners.labels[is_partner].tolist()
            partner = categories[Counter(labels).most_common(1)[0][0]] if labels else ''
            track_id = int(target.ids[first_row])
            sides = (track_id, UNTRACKED) if role == 0 else (UNTRACKED, track_id)
            rows.append((*sides, relations[number], start, end, 1.0, partner))
    if not rows:
        return Interactions.empty()
    rows.sort(key=lambda row: (row[3], row))
    return Interactions(*map(np.array, zip(*rows, strict=True)))


def semtrack_query(
    video: str,
    text: str,
    frame_ids: np.ndarray,
    trajectories: Trajectories,
    target_id: int,
    events: Interactions,
    category_of: Mapping[int, int],
    verbs: Sequence[str],
) -> SemTrackQuery:
    """A target in SemTrack's form; the inverse of :func:`target_events`.

    Args:
        video: Its name.
        text: The query.
        frame_ids: (T,) of the video.
        trajectories: Of everybody; ids from 1.
        target_id: The target.
        events: Interactions between tracks with spans; those with things, which have no
            box, keep their class on the target's side alone.
        category_of: Object category id by track id.
        verbs: The interaction classes; the k-th has id k.
    """
    table = events.touching([target_id])
    sides = np.concatenate([[target_id], table.subject_ids, table.object_ids])
    ids = np.intersect1d(trajectories.ids, sides).tolist()
    parts = [
        _relation_track(
            trajectories[trajectories.ids == track_id],
            _as_target(table, track_id),
            category_of[track_id],
            track_id == target_id,
            verbs,
        )
        for track_id in ids
    ]
    columns = [
        np.concatenate(column)
        for column in zip(*(tuple(vars(part).values()) for part in parts), strict=True)
    ]
    tracks = RelationTracks(*columns)
    order = np.lexsort((tracks.ids, tracks.frame_ids))
    return SemTrackQuery(video, text, np.asarray(frame_ids), tracks[order])


def _relation_track(
    boxes: Trajectories,
    events: Interactions,
    category: int,
    is_main: bool,
    verbs: Sequence[str],
) -> RelationTracks:
    """The boxes of one track with its classes a frame."""
    labels, _ = frame_labels(events, boxes.frame_ids, verbs, ())
    classes = np.where(labels > 0, labels - 1, NO_RELATION)
    count = len(boxes)
    return RelationTracks(
        boxes.frame_ids,
        boxes.ids,
        boxes.boxes,
        np.full(count, category),
        np.full(count, is_main),
        classes[:, :1],
        classes[:, 1:],
        np.ones(count),
    )


def _as_target(table: Interactions, track_id: int) -> Interactions:
    """The events of one track, in which the other side is not tracked."""
    target_classes = table.touching([track_id])
    ids = [
        np.where(side == track_id, track_id, UNTRACKED)
        for side in (target_classes.subject_ids, target_classes.object_ids)
    ]
    rows = {
        (int(s), int(o), str(v), int(a), int(b))
        for s, o, v, a, b in zip(
            *ids,
            target_classes.verbs,
            target_classes.start_frames,
            target_classes.end_frames,
            strict=True,
        )
    }
    if not rows:
        return Interactions.empty()
    return Interactions(*map(np.array, zip(*sorted(rows), strict=True)))
