"""What two tracks do to each other, as far as their ways show it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, fields, replace

import numpy as np

from ...utils.number_ranges import POSITIVE, require_numbers
from .pair_rows import PairRows, pair_rows
from .track_kinematics import Kinematics

APPROACH, LEAVE, FOLLOW = 'approach.v.01', 'leave.v.01', 'follow.v.01'
CHASE, FLEE, ACCOMPANY = 'chase.v.01', 'flee.v.01', 'accompany.v.02'
STAND, PASS = 'stand.v.01', 'pass.v.01'
MEET = 'meet.v.01'  # come together; BenSMOT has another sense alone, meet.v.10
VERBS = (APPROACH, LEAVE, FOLLOW, CHASE, FLEE, ACCOMPANY, STAND, PASS, MEET)


@dataclass(frozen=True, kw_only=True)
class PairGeometryOptions:
    """When an interaction is sure; lengths in body heights, times in seconds.

    Attributes:
        smoothing: Standard deviation of the weights that smooth distances.
        near_distance: Two who stand or go with each other are not further apart along the ground.
        close_distance: Whoever comes up to somebody, or has been there before leaving, is as near.
        far_distance: Whoever comes from there approaches, whoever goes there leaves.
        still_speed: Who is slower stays.
        move_speed: Who is faster moves.
        chase_speed: Who runs faster than this behind another that does, too, chases.
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
    chase_speed: float = 1.6
    max_angle: float = 30.0
    max_difference: float = 0.4
    side_gap: float = 0.35
    file_gap: float = 2.0
    file_offset: float = 0.7
    max_break: float = 1.0
    min_stand: float = 3.0
    min_same_way: float = 1.5
    min_together: float = 1.0
    reach: float = 2.2

    def __post_init__(self) -> None:
        values = {part.name: getattr(self, part.name) for part in fields(self)}
        require_numbers('PairGeometryOptions', POSITIVE, **values)


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
    subject: Kinematics,
    partners: Kinematics,
    options: PairGeometryOptions,
    *,
    ids: Set[int] | None = None,
    run: Callable[[PairEvent], bool] = lambda event: False,
) -> list[PairEvent]:
    """All interactions between one track and others, in both directions.

    Args:
        subject: One track.
        partners: Other tracks, by id, then by time; may hold the subject, which is left out.
        options: What is sure.
        ids: Partners whose interactions are wanted, the others only stand between;
            ``None`` for all.
        run: Whether both are seen to run during an event.
    """
    rows = pair_rows(
        subject, partners, reach=options.reach, smoothing=options.smoothing
    )
    if not len(rows):
        return []
    is_between = _is_anybody_between(rows, options.near_distance)
    if ids is not None:
        is_wanted = np.isin(rows.object_ids, list(ids))
        if not is_wanted.any():
            return []
        rows, is_between = rows[is_wanted], is_between[is_wanted]
    events = [*_stands(rows, is_between, options), *_accompanies(rows, options)]
    approaches: list[PairEvent] = []
    for directed in (rows, rows.swapped()):
        events += _follows(directed, options, run)
        approaches += _approaches(directed, options)
        events += _leaves(directed, options)
        events += _passes(directed, options)
    events += [*approaches, *_meets(rows, approaches, options)]
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


def _is_anybody_between(rows: PairRows, reach: float) -> np.ndarray:
    """(N,) whether a third one is between subject and object, which are that near.

    In the circle that has both on opposite sides (as in Gabriel and Sokal, A New
    Statistical Approach to Geographic Variation Analysis, Systematic Zoology 1969), so that
    of a crowd only neighbours are with each other, whoever of the two is asked.
    """
    is_between = np.zeros(len(rows), bool)
    near_rows = np.flatnonzero(np.abs(rows.place) <= reach)
    near_rows = near_rows[np.argsort(rows.bins[near_rows], kind='stable')]
    if not len(near_rows):
        return is_between
    starts = np.r_[0, np.flatnonzero(np.diff(rows.bins[near_rows])) + 1]
    bin_index = np.repeat(
        np.arange(len(starts)), np.diff(np.r_[starts, len(near_rows)])
    )
    column = np.arange(len(near_rows)) - starts[bin_index]
    # A row of all objects in each bin; nobody is infinitely far.
    table = np.full((len(starts), column.max() + 1), np.inf + 0j)
    table[bin_index, column] = rows.place[near_rows]
    objects = table[bin_index]
    place = rows.place[near_rows][:, None]
    with np.errstate(invalid='ignore'):
        sums = np.abs(objects) ** 2 + np.abs(objects - place) ** 2
    is_other = np.arange(table.shape[1]) != column[:, None]
    is_inside = is_other & (sums < np.abs(place) ** 2)
    is_between[near_rows] = is_inside.any(axis=1)
    return is_between


def _stands(
    rows: PairRows, is_between: np.ndarray, options: PairGeometryOptions
) -> Iterator[PairEvent]:
    """Two stand with each other, nobody between them."""
    distance = np.abs(rows.place)
    speeds = np.abs([rows.subject_velocity, rows.object_velocity])
    mask = (speeds < options.still_speed).all(axis=0)
    mask &= (distance <= options.near_distance) & ~is_between
    yield from _mutual(rows, mask, STAND, options.min_stand, options)


def _accompanies(rows: PairRows, options: PairGeometryOptions) -> Iterator[PairEvent]:
    """Two go side by side."""
    along, across, mask = _same_way(rows, options)
    mask &= np.abs(along) <= options.side_gap
    mask &= np.abs(across) <= options.near_distance
    yield from _mutual(rows, mask, ACCOMPANY, options.min_same_way, options)


def _mutual(
    rows: PairRows,
    mask: np.ndarray,
    verb: str,
    least: float,
    options: PairGeometryOptions,
) -> Iterator[PairEvent]:
    """Events in both directions."""
    for span in rows.spans(mask, least):
        distance = float(np.median(np.abs(rows.place[span])))
        margin = 1 - distance / (1.5 * options.near_distance)
        event = _event(rows, span, verb, margin, least)
        yield event
        yield replace(event, subject_id=event.object_id, object_id=event.subject_id)


def _same_way(
    rows: PairRows, options: PairGeometryOptions
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The object's place along and beside the common way, and whether there is one."""
    velocities = rows.subject_velocity, rows.object_velocity
    speeds = np.abs(velocities)
    way = velocities[0] + velocities[1]
    way = way / np.maximum(np.abs(way), 1e-6)
    angle = np.abs(np.angle(velocities[0] * np.conj(velocities[1]), deg=True))
    is_same_way = (speeds > options.move_speed).all(axis=0)
    is_same_way &= angle <= options.max_angle
    difference = np.abs(velocities[0] - velocities[1])
    is_same_way &= difference <= options.max_difference * speeds.max(axis=0)
    place = rows.place * np.conj(way)
    return place.real, place.imag, is_same_way


def _follows(
    rows: PairRows, options: PairGeometryOptions, run: Callable[[PairEvent], bool]
) -> Iterator[PairEvent]:
    """The subject goes the object's way behind it; running, it chases and that one flees."""
    along, across, mask = _same_way(rows, options)
    mask &= (along > options.side_gap) & (along <= options.file_gap)
    mask &= np.abs(across) <= options.file_offset
    speed = np.minimum(np.abs(rows.subject_velocity), np.abs(rows.object_velocity))
    least = options.min_same_way
    for span in rows.spans(mask, least):
        margin = 1 - float(np.median(np.abs(across[span]))) / options.file_offset
        event = _event(rows, span, FOLLOW, margin, least)
        if np.median(speed[span]) < options.chase_speed or not run(event):
            yield event
        else:
            yield replace(event, verb=CHASE)
            ids = dict(subject_id=event.object_id, object_id=event.subject_id)
            yield replace(event, verb=FLEE, **ids)


def _closing(rows: PairRows) -> tuple[np.ndarray, np.ndarray]:
    """Speed of the subject towards the object, and of the object towards the subject."""
    direction = np.conj(rows.place) / np.maximum(np.abs(rows.place), 1e-6)
    return (
        (rows.subject_velocity * direction).real,
        -(rows.object_velocity * direction).real,
    )


def _approaches(rows: PairRows, options: PairGeometryOptions) -> Iterator[PairEvent]:
    """The subject comes up to the object, and both stay together."""
    subject_speed, object_speed = _closing(rows)
    mask = subject_speed > options.still_speed
    mask &= subject_speed >= object_speed / 2
    for span in rows.spans(mask, 0.0):
        distance = float(np.abs(rows.place[span]).max())
        if distance < options.far_distance:
            continue
        end_window = rows.window(span.stop - 1, 0.0, options.min_together)
        if _are_together(rows, end_window, options):
            yield _event(rows, span, APPROACH, distance / options.far_distance - 1, 1.0)


def _meets(
    rows: PairRows, approaches: Sequence[PairEvent], options: PairGeometryOptions
) -> Iterator[PairEvent]:
    """Both come up to each other and then stand there; in both directions."""
    subject_id = int(rows.subject_ids[0])
    for approach in (e for e in approaches if e.subject_id == subject_id):
        for counterpart in approaches:
            if counterpart.subject_id != approach.object_id:
                continue
            start = min(approach.start, counterpart.start)
            end = max(approach.end, counterpart.end)
            if end - start > approach.duration + counterpart.duration:
                continue  # one waited for the other
            window = rows.window_at(approach.object_id, end, options.min_together)
            speeds = rows.subject_velocity[window], rows.object_velocity[window]
            if np.median(np.abs(speeds), axis=1).max() > options.still_speed:
                continue
            meet = replace(
                approach,
                verb=MEET,
                start=start,
                end=end,
                first_frame=min(approach.first_frame, counterpart.first_frame),
                last_frame=max(approach.last_frame, counterpart.last_frame),
                score=min(approach.score, counterpart.score),
            )
            yield meet
            yield replace(meet, subject_id=meet.object_id, object_id=meet.subject_id)


def _leaves(rows: PairRows, options: PairGeometryOptions) -> Iterator[PairEvent]:
    """The subject goes away from the object, with which it has been together."""
    subject_speed, object_speed = _closing(rows)
    mask = -subject_speed > options.still_speed
    mask &= -subject_speed >= -object_speed / 2
    for span in rows.spans(mask, 0.0):
        distance = float(np.abs(rows.place[span]).max())
        if distance < options.far_distance:
            continue
        preceding_rows = rows.window(span.start, options.min_together, 0.0)
        if _are_together(rows, preceding_rows, options):
            yield _event(rows, span, LEAVE, distance / options.far_distance - 1, 1.0)


def _are_together(rows: PairRows, window: slice, options: PairGeometryOptions) -> bool:
    """Whether two are near each other and at rest to each other for long enough.

    Who goes by at an even pace is near, too, but only on the way.
    """
    time = rows.time[window]
    velocity = rows.subject_velocity[window] - rows.object_velocity[window]
    return bool(
        time[-1] - time[0] >= options.min_together - 0.2
        and np.abs(rows.place[window]).max() <= options.close_distance
        and np.median(np.abs(velocity)) <= options.move_speed
    )


def _passes(rows: PairRows, options: PairGeometryOptions) -> Iterator[PairEvent]:
    """The subject goes by the object, near it."""
    speed = np.abs(rows.subject_velocity)
    way = rows.subject_velocity / np.maximum(speed, 1e-6)
    along = (rows.place * np.conj(way)).real
    distance = np.abs(rows.place)
    is_crossing = (along[:-1] > 0) & (along[1:] <= 0)
    is_crossing &= np.diff(rows.start) == 0
    is_crossing &= distance[:-1] <= options.near_distance
    for row in np.flatnonzero(is_crossing).tolist():
        window = rows.window(row, 3.0, 3.0)
        if (speed[window] <= options.move_speed).any():
            continue
        ahead, behind = along[window.start : row + 1], along[row + 1 : window.stop]
        if min(ahead.max(), -behind.min()) < options.near_distance:
            continue
        start = row - int(np.argmax(ahead[::-1] >= options.near_distance))
        end = row + 1 + int(np.argmax(behind <= -options.near_distance))
        margin = 1 - float(distance[row]) / options.near_distance
        yield _event(rows, slice(start, end + 1), PASS, margin, 0.5)


def _event(
    rows: PairRows, span: slice, verb: str, margin: float, least: float
) -> PairEvent:
    """An interaction; its score grows with the margin and with its time."""
    start, end = float(rows.time[span.start]), float(rows.time[span.stop - 1])
    share = min(1.0, (end - start) / (2 * least)) * float(np.clip(margin, 0, 1))
    return PairEvent(
        int(rows.subject_ids[span.start]),
        int(rows.object_ids[span.start]),
        verb,
        start,
        end,
        int(rows.first_frame[span.start]),
        int(rows.last_frame[span.stop - 1]),
        round(0.5 + 0.5 * np.sqrt(share), 3),
    )
