"""What two tracks do to each other, as far as their ways show it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np

from ...utils.number_ranges import POSITIVE, require_numbers
from .pair_rows import PairRows, pair_rows
from .track_kinematics import Kinematics, track_slices

APPROACH, LEAVE, FOLLOW = 'approach.v.01', 'leave.v.01', 'follow.v.01'
CHASE, FLEE, ACCOMPANY = 'chase.v.01', 'flee.v.01', 'accompany.v.02'
STAND, PASS = 'stand.v.01', 'pass.v.01'
VERBS = (APPROACH, LEAVE, FOLLOW, CHASE, FLEE, ACCOMPANY, STAND, PASS)


@dataclass(frozen=True, kw_only=True)
class PairOptions:
    """When an interaction is sure; lengths in body heights, times in seconds.

    Attributes:
        smoothing: Standard deviation of the weights that smooth distances.
        near_distance: Two who stand or go with each other are not further apart along the ground.
        close_distance: Whoever comes up to somebody, or has been there before leaving, is as near.
        far_distance: Whoever comes from there approaches, whoever goes there leaves.
        still_speed: Who is slower stays.
        move_speed: Who is faster moves.
        chase_speed: Who moves faster than this behind another that does, too, chases.
        max_angle: Between two ways that are the same, degrees.
        max_difference: Of two velocities that are the same, of the greater.
        side_gap: Two side by side are no further apart along their way.
        file_gap: Two one behind the other are no further apart along their way, ...
        file_offset: ... and beside it.
        max_break: An interaction that goes on after such a break is one.
        min_stand, min_same_way, min_together: How long standing with each other, going
            the same way, and being together before a leave or after an approach take.
        reach: Pairs that never get so near are not looked at.
    """

    smoothing: float = 0.4
    near_distance: float = 1.2
    close_distance: float = 0.85
    far_distance: float = 1.2
    still_speed: float = 0.25
    move_speed: float = 0.3
    chase_speed: float = 1.3
    max_angle: float = 30.0
    max_difference: float = 0.4
    side_gap: float = 0.35
    file_gap: float = 2.0
    file_offset: float = 0.7
    max_break: float = 1.0
    min_stand: float = 3.0
    min_same_way: float = 1.5
    min_together: float = 1.0
    reach: float = 4.0

    def __post_init__(self) -> None:
        values = {part.name: getattr(self, part.name) for part in fields(self)}
        require_numbers('PairOptions', POSITIVE, **values)


@dataclass(frozen=True)
class PairEvent:
    """An interaction of two tracks.

    Attributes:
        subject_id, object_id: Who acts on whom.
        verb: Of :data:`VERBS`.
        start, end: Seconds.
        first_frame, last_frame: Inclusive.
        score: In [0.5, 1], by how far it is from what would not count.
    """

    subject_id: int
    object_id: int
    verb: str
    start: float
    end: float
    first_frame: int
    last_frame: int
    score: float

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.end - self.start


def pair_events(
    subject: Kinematics, partners: Kinematics, options: PairOptions
) -> list[PairEvent]:
    """All interactions between one track and others, in both directions.

    Args:
        subject: One track.
        partners: Other tracks, by id, then by time; may hold the subject, which is left out.
        options: What is sure.
    """
    rows, object_ids = pair_rows(
        subject, partners, reach=options.reach, smoothing=options.smoothing
    )
    subject_id = int(subject.samples['id'][0])
    events: list[PairEvent] = []
    for part in track_slices(rows.pair):
        pair = rows[part]
        ids = subject_id, int(object_ids[pair.pair[0]])
        events += _events_both_ways(pair, ids, options)
        events += _events_one_way(pair, ids, options)
        events += _events_one_way(pair.turned(), ids[::-1], options)
    return _merged(events, options.max_break)


def _merged(events: list[PairEvent], max_break: float) -> list[PairEvent]:
    """The same interactions, those with a short break in between as one."""
    merged: list[PairEvent] = []
    events = sorted(events, key=lambda e: (e.subject_id, e.object_id, e.verb, e.start))
    for event in events:
        previous = merged[-1] if merged else None
        if previous is not None and (
            (previous.subject_id, previous.object_id, previous.verb)
            == (event.subject_id, event.object_id, event.verb)
            and event.start - previous.end <= max_break
        ):
            merged[-1] = replace(
                previous,
                end=max(previous.end, event.end),
                last_frame=max(previous.last_frame, event.last_frame),
                score=max(previous.score, event.score),
            )
        else:
            merged.append(event)
    return merged


def _events_both_ways(
    pair: PairRows, ids: tuple[int, int], options: PairOptions
) -> Iterator[PairEvent]:
    """Standing with each other, and going side by side."""
    distance = pair.distance
    speeds = np.abs([pair.subject_velocity, pair.object_velocity])
    is_standing = (speeds < options.still_speed).all(axis=0) & (
        distance <= options.near_distance
    )
    along, across, is_same_way = _same_way(pair, options)
    is_beside = is_same_way & (np.abs(along) <= options.side_gap)
    is_beside &= np.abs(across) <= options.near_distance
    for verb, mask, least in (
        (STAND, is_standing, options.min_stand),
        (ACCOMPANY, is_beside, options.min_same_way),
    ):
        for rows in _spans(mask, pair, least):
            margin = 1 - float(np.median(distance[rows])) / (
                1.5 * options.near_distance
            )
            for pair_ids in (ids, ids[::-1]):
                yield _event(pair, rows, pair_ids, verb, margin, least)


def _same_way(
    pair: PairRows, options: PairOptions
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The object's place along and beside the common way, and whether there is one."""
    velocities = pair.subject_velocity, pair.object_velocity
    speeds = np.abs(velocities)
    way = sum(velocities)
    way = way / np.maximum(np.abs(way), 1e-6)
    angle = np.abs(np.angle(velocities[0] * np.conj(velocities[1]), deg=True))
    is_same_way = (speeds > options.move_speed).all(axis=0)
    is_same_way &= angle <= options.max_angle
    difference = np.abs(velocities[0] - velocities[1])
    is_same_way &= difference <= options.max_difference * speeds.max(axis=0)
    place = pair.place * np.conj(way)
    return place.real, place.imag, is_same_way


def _events_one_way(
    pair: PairRows, ids: tuple[int, int], options: PairOptions
) -> Iterator[PairEvent]:
    """What the subject does to the object."""
    yield from _follows(pair, ids, options)
    yield from _approaches(pair, ids, options)
    yield from _leaves(pair, ids, options)
    yield from _passes(pair, ids, options)


def _follows(
    pair: PairRows, ids: tuple[int, int], options: PairOptions
) -> Iterator[PairEvent]:
    """The subject goes the object's way behind it; fast, it chases and that one flees."""
    along, across, is_same_way = _same_way(pair, options)
    is_behind = is_same_way & (along > options.side_gap) & (along <= options.file_gap)
    is_behind &= np.abs(across) <= options.file_offset
    speed = np.minimum(np.abs(pair.subject_velocity), np.abs(pair.object_velocity))
    for rows in _spans(is_behind, pair, options.min_same_way):
        margin = 1 - float(np.median(np.abs(across[rows]))) / options.file_offset
        verb = FOLLOW
        if np.median(speed[rows]) >= options.chase_speed:
            verb = CHASE
            yield _event(pair, rows, ids[::-1], FLEE, margin, options.min_same_way)
        yield _event(pair, rows, ids, verb, margin, options.min_same_way)


def _closing(pair: PairRows) -> tuple[np.ndarray, np.ndarray]:
    """Speed of the subject towards the object, and of the object towards the subject."""
    direction = pair.place / np.maximum(pair.distance, 1e-6)
    subject_speed = (pair.subject_velocity * np.conj(direction)).real
    object_speed = -(pair.object_velocity * np.conj(direction)).real
    return subject_speed, object_speed


def _approaches(
    pair: PairRows, ids: tuple[int, int], options: PairOptions
) -> Iterator[PairEvent]:
    """The subject comes up to the object, and both stay together."""
    distance, time = pair.distance, pair.time
    subject_speed, object_speed = _closing(pair)
    is_closing = (subject_speed > options.still_speed) & (
        subject_speed >= object_speed / 2
    )
    for rows in _spans(is_closing, pair, 0.0):
        start = distance[rows].max()
        if start < options.far_distance:
            continue
        after = (time >= time[rows.stop - 1]) & (
            time <= time[rows.stop - 1] + options.min_together
        )
        is_together = bool(distance[after].max() <= options.close_distance)
        # Who goes on was only on the way.
        velocity = pair.subject_velocity[after] - pair.object_velocity[after]
        is_together &= bool(np.median(np.abs(velocity)) <= options.move_speed)
        is_long = time[-1] - time[rows.stop - 1] >= options.min_together - 0.2
        if is_together and is_long:
            yield _event(
                pair, rows, ids, APPROACH, start / options.far_distance - 1, 1.0
            )


def _leaves(
    pair: PairRows, ids: tuple[int, int], options: PairOptions
) -> Iterator[PairEvent]:
    """The subject goes away from the object, with which it has been together."""
    distance, time = pair.distance, pair.time
    subject_speed, object_speed = _closing(pair)
    is_leaving = (-subject_speed > options.still_speed) & (
        -subject_speed >= -object_speed / 2
    )
    for rows in _spans(is_leaving, pair, 0.0):
        end = distance[rows].max()
        if end < options.far_distance:
            continue
        is_before = (time <= time[rows.start]) & (
            time >= time[rows.start] - options.min_together
        )
        was_together = bool(distance[is_before].max() <= options.close_distance)
        velocity = pair.subject_velocity[is_before] - pair.object_velocity[is_before]
        was_together &= bool(np.median(np.abs(velocity)) <= options.move_speed)
        is_long = time[rows.start] - time[0] >= options.min_together - 0.2
        if was_together and is_long:
            yield _event(pair, rows, ids, LEAVE, end / options.far_distance - 1, 1.0)


def _passes(
    pair: PairRows, ids: tuple[int, int], options: PairOptions
) -> Iterator[PairEvent]:
    """The subject goes by the object, near it."""
    speed = np.abs(pair.subject_velocity)
    way = pair.subject_velocity / np.maximum(speed, 1e-6)
    along = (pair.place * np.conj(way)).real
    is_moving = speed > options.move_speed
    for row in np.flatnonzero((along[:-1] > 0) & (along[1:] <= 0)).tolist():
        reach = slice(*_around(pair.time, row, 3.0))
        if not is_moving[reach].all() or pair.distance[row] > options.near_distance:
            continue
        ahead, behind = along[reach.start : row + 1], along[row + 1 : reach.stop]
        if min(ahead.max(), -behind.min()) < options.near_distance:
            continue
        start = row - int(np.argmax(ahead[::-1] >= options.near_distance))
        end = row + 1 + int(np.argmax(behind <= -options.near_distance))
        margin = 1 - float(pair.distance[row]) / options.near_distance
        yield _event(pair, slice(start, end + 1), ids, PASS, margin, 0.5)


def _around(time: np.ndarray, row: int, seconds: float) -> tuple[int, int]:
    """First row and end of the rows within so many seconds."""
    return (
        int(np.searchsorted(time, time[row] - seconds)),
        int(np.searchsorted(time, time[row] + seconds, 'right')),
    )


def _spans(mask: np.ndarray, pair: PairRows, least: float) -> Iterator[slice]:
    """Runs of a mask that take at least so long; gaps of half a second are no gaps."""
    rows = np.flatnonzero(mask)
    if not len(rows):
        return
    time = pair.time
    edges = np.flatnonzero(np.diff(time[rows]) > max(0.6, 1.5 * pair.spacing)) + 1
    for part in np.split(rows, edges):
        if time[part[-1]] - time[part[0]] >= least - 1e-6 and len(part) > 1:
            yield slice(int(part[0]), int(part[-1]) + 1)


def _event(
    pair: PairRows,
    rows: slice,
    ids: tuple[int, int],
    verb: str,
    margin: float,
    least: float,
) -> PairEvent:
    """An interaction; its score grows with the margin and with its time."""
    start, end = float(pair.time[rows.start]), float(pair.time[rows.stop - 1])
    share = min(1.0, (end - start) / (2 * least)) * float(np.clip(margin, 0, 1))
    return PairEvent(
        *ids,
        verb,
        start,
        end,
        int(pair.first_frame[rows.start]),
        int(pair.last_frame[rows.stop - 1]),
        round(0.5 + 0.5 * np.sqrt(share), 3),
    )
