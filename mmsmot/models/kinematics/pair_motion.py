"""Whether what two do to each other fits what each of them does alone."""

from __future__ import annotations

from collections.abc import Callable

from .motion import Motion
from .pair_geometry import (
    ACCOMPANY,
    APPROACH,
    CHASE,
    FLEE,
    FOLLOW,
    LEAVE,
    MEET,
    PASS,
    PairEvent,
)

# Verbs whose subject gets somewhere, and those where both do.
SUBJECT_MOVES = frozenset([APPROACH, LEAVE, PASS])
BOTH_MOVE = frozenset([FOLLOW, CHASE, FLEE, ACCOMPANY, MEET])
MIN_MOVING = 0.5  # share of the event


def fits_motion(event: PairEvent, motion_of: Callable[[int], Motion]) -> bool:
    """Whether those move who must: a partner's noise makes nobody leave.

    Args:
        event: What two do to each other.
        motion_of: The motion of a track, by its id.
    """
    if event.verb in BOTH_MOVE:
        return both_move(event, motion_of)
    if event.verb in SUBJECT_MOVES:
        return _moves(event, motion_of(event.subject_id))
    return True


def both_move(
    event: PairEvent, motion_of: Callable[[int], Motion], gait: str = ''
) -> bool:
    """Whether both move, or are seen to run, for the most part of an event."""
    return all(
        _moves(event, motion_of(i), gait) for i in (event.subject_id, event.object_id)
    )


def _moves(event: PairEvent, motion: Motion, gait: str = '') -> bool:
    seconds = motion.seconds_moving(event.start, event.end, gait)
    return seconds >= MIN_MOVING * event.duration - 1e-6
