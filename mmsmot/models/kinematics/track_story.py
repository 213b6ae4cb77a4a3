"""The clauses of a caption: what a track does, alone and with others, in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from .motion import Motion, MotionSegment
from .pair_geometry import (
    ACCOMPANY,
    APPROACH,
    CHASE,
    FLEE,
    FOLLOW,
    LEAVE,
    MEET,
    PASS,
    STAND,
    PairEvent,
)

MAX_SEGMENTS = 6
MAX_PARTNERS = 4  # times that one is named
# A partner belongs to a segment that this share of the interaction falls into.
MIN_SHARE = 0.5
SIDES = {'left', 'right'}
MAX_PAUSE = 0.5  # seconds between two parts without anything left out
# Seconds that a part takes that is told beside others; a shorter way is told alone.
MIN_PART = 1.0
# Ways to the left and to the right by turns from which on they are one part, "to and fro",
# and seconds of the stops within it.
MIN_WAYS, MAX_STOP = 4, 5.0
# What two people do is told by the first of these that applies to a segment.
LASTING = frozenset([CHASE, FLEE, ACCOMPANY, FOLLOW, STAND])
PRIORITY = (CHASE, FLEE, ACCOMPANY, FOLLOW, MEET, APPROACH, LEAVE, STAND, PASS)


@dataclass(frozen=True)
class ToAndFro(MotionSegment):
    """Ways to the left and to the right by turns, as one; places are the outermost.

    Attributes:
        num_stops: How often it stopped in between.
    """

    num_stops: int = 0


@dataclass(frozen=True)
class StoryClause:
    """A segment with the partners in it.

    Attributes:
        segment: What is done.
        partners: Ids by verb, of what is done to whom.
        is_adjacent: Whether nothing was left out since the clause before.
        turns_back: Whether it goes the opposite way of the clause before.
    """

    segment: MotionSegment
    partners: dict[str, list[int]] = field(default_factory=dict)
    is_adjacent: bool = True
    turns_back: bool = False


@dataclass(frozen=True)
class Story:
    """All that a caption tells of a track but its clothes.

    Attributes:
        clauses: In order.
        entry: Side of the image through which it came; ``''`` where that was not seen.
        exit: Side through which it left.
        start, end: Seconds between which it was on this person.
        is_told_from_start: Whether nothing was left out before the first clause, ...
        is_told_to_end: ... and after the last one.
        place: Where it was first in the image, 0 to 1 from the left.
    """

    clauses: tuple[StoryClause, ...]
    entry: str
    exit: str
    start: float
    end: float
    is_told_from_start: bool
    is_told_to_end: bool
    place: float

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.end - self.start


def tell_story(motion: Motion, events: Iterable[PairEvent]) -> Story:
    """The story of a track.

    Args:
        motion: What it does by itself.
        events: Interactions of which it is the subject.
    """
    segments = _selected_segments(motion.segments)
    partners = _partners(segments, events)
    clauses: list[StoryClause] = []
    for row, segment in enumerate(segments):
        previous = segments[row - 1] if row else None
        is_adjacent = previous is None or segment.start - previous.end < MAX_PAUSE
        turns_back = (
            previous is not None
            and is_adjacent
            and previous.moves
            and segment.moves
            and {previous.lateral, segment.lateral} == SIDES
        )
        clauses.append(
            StoryClause(segment, partners.get(row, {}), is_adjacent, turns_back)
        )
    return Story(
        tuple(clauses),
        motion.entry,
        motion.exit,
        motion.start,
        motion.end,
        bool(motion.entry)
        or not segments
        or segments[0].start - motion.start < MAX_PAUSE,
        bool(motion.exit) or not segments or motion.end - segments[-1].end < MAX_PAUSE,
        motion.place,
    )


def _selected_segments(segments: Sequence[MotionSegment]) -> list[MotionSegment]:
    """The segments that are told, in order; short ones only if alone.

    Of many, first the last and one of each kind, then those that get somewhere, then the
    longest: that somebody stands for a minute three times tells less than where the person
    goes.
    """
    clear_segments = [segment for segment in segments if segment.is_clear]
    long_segments = [part for part in clear_segments if part.duration >= MIN_PART]
    if not long_segments:
        # In so short a time boxes sway too much for a pace.
        moves = [replace(part, pace='') for part in clear_segments if part.moves]
        return sorted(moves, key=lambda segment: -segment.duration)[:1]
    clear_segments = _folded(long_segments)
    if len(clear_segments) > MAX_SEGMENTS:
        clear_segments = _with_joined_ways(clear_segments)
    last_segment = clear_segments[-1]
    clear_segments.sort(key=lambda segment: -segment.duration)
    kinds: set[tuple] = set()
    ranks = []
    for segment in clear_segments:
        kind = segment.moves, segment.lateral, segment.depth
        ranks.append((segment is not last_segment, kind in kinds, not segment.moves))
        kinds.add(kind)
    order = sorted(range(len(ranks)), key=ranks.__getitem__)[:MAX_SEGMENTS]
    return sorted((clear_segments[row] for row in order), key=lambda part: part.start)


def _folded(segments: Sequence[MotionSegment]) -> list[MotionSegment]:
    """The same, with many turns between left and right as one part."""
    folded_segments: list[MotionSegment] = []
    row = 0
    while row < len(segments):
        stop = _turns_end(segments, row)
        parts = segments[row:stop]
        if sum(part.moves for part in parts) >= MIN_WAYS:
            folded_segments.append(_to_and_fro(parts))
            row = stop
        else:
            folded_segments.append(segments[row])
            row += 1
    return folded_segments


def _turns_end(segments: Sequence[MotionSegment], start: int) -> int:
    """The row after the last of the ways by turns that begin at a row."""
    if not (segments[start].moves and segments[start].lateral):
        return start
    end, last_way = start + 1, start
    while end < len(segments):
        segment = segments[end]
        if segment.start - segments[end - 1].end >= MAX_PAUSE:
            break
        if segment.moves and {segment.lateral, segments[last_way].lateral} != SIDES:
            break
        if not segment.moves and segment.duration > MAX_STOP:
            break
        last_way = end if segment.moves else last_way
        end += 1
    return last_way + 1


def _to_and_fro(parts: Sequence[MotionSegment]) -> ToAndFro:
    """Ways to the left and to the right, and the stops between them, as one part."""
    moves = [part for part in parts if part.moves]
    places = [place for part in moves for place in (part.place_start, part.place_end)]
    way = _joined_way(moves)
    options = vars(way) | dict(depth='', place_start=min(places), place_end=max(places))
    return ToAndFro(**options, num_stops=len(parts) - len(moves))


def _with_joined_ways(segments: Sequence[MotionSegment]) -> list[MotionSegment]:
    """The same, with ways to the same side, one right after the other, as one."""
    joined_segments = [segments[0]]
    for segment in segments[1:]:
        previous = joined_segments[-1]
        is_plain = not isinstance(previous, ToAndFro) and previous.lateral
        if (
            is_plain
            and previous.lateral == segment.lateral
            and segment.start - previous.end < MAX_PAUSE
        ):
            joined_segments[-1] = _joined_way((previous, segment))
        else:
            joined_segments.append(segment)
    return joined_segments


def _joined_way(moves: Sequence[MotionSegment]) -> MotionSegment:
    """Parts that move as one; it moves in the way that all of them do."""

    def common(name: str) -> str:
        values = {getattr(move, name) for move in moves}
        return values.pop() if len(values) == 1 else ''

    return replace(
        moves[0],
        end=moves[-1].end,
        last_frame=moves[-1].last_frame,
        place_end=moves[-1].place_end,
        right=sum(move.right for move in moves),
        away=sum(move.away for move in moves),
        lateral=common('lateral'),
        depth=common('depth'),
        gait=common('gait'),
        pace=common('pace'),
    )


def _partners(
    segments: Sequence[MotionSegment], events: Iterable[PairEvent]
) -> dict[int, dict[str, list[int]]]:
    """Partners by verb, in order, by the number of the segment in which it happens."""
    ranked_events = sorted(
        events, key=lambda e: (PRIORITY.index(e.verb), -e.score, e.start)
    )
    named_events: dict[int, list[PairEvent]] = {}
    count = 0
    for event in ranked_events:
        for row in _segments_of(segments, event):
            row_events = named_events.setdefault(row, [])
            is_named = event.object_id in [e.object_id for e in row_events]
            verb_count = sum(e.verb == event.verb for e in row_events)
            if not is_named and verb_count < 2 and count < MAX_PARTNERS:
                row_events.append(event)
                count += 1
    partners: dict[int, dict[str, list[int]]] = {}
    for row, row_events in named_events.items():
        for event in sorted(row_events, key=lambda e: e.start):
            verbs = partners.setdefault(row, {})
            verbs.setdefault(event.verb, []).append(event.object_id)
    return partners


def _segments_of(segments: Sequence[MotionSegment], event: PairEvent) -> list[int]:
    """The numbers of the segments that an interaction belongs to.

    What lasts is part of each segment that it fills, or falls into, for the most part; of
    turns to and fro those that it fills. What happens at one time is part of the segment
    that it falls into for the most part.
    """
    rows = []
    for row, segment in enumerate(segments):
        overlap = min(segment.end, event.end) - max(segment.start, event.start)
        duration = event.duration
        if event.verb in LASTING:
            is_long = isinstance(segment, ToAndFro)  # of many ways, whose time is told
            duration = segment.duration if is_long else min(duration, segment.duration)
        fits = segment.moves != (event.verb == STAND)
        if fits and overlap > 0 and overlap >= MIN_SHARE * duration:
            rows.append(row)
    return rows
