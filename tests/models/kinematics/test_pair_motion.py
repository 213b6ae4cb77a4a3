"""Who must move for an interaction, does."""

from __future__ import annotations

import pytest

from mmsmot.models.kinematics.motion import Motion, MotionSegment
from mmsmot.models.kinematics.pair_geometry import VERBS, PairEvent
from mmsmot.models.kinematics.pair_motion import both_move, fits_motion

STANDS = Motion((MotionSegment(False, True, 0, 9, 1, 90),))
WALKS = Motion((MotionSegment(True, True, 0, 9, 1, 90, 'left', gait='walk'),))
RUNS = Motion((MotionSegment(True, True, 0, 9, 1, 90, 'left', gait='run'),))
LATE = Motion(
    (
        MotionSegment(False, True, 0, 6, 1, 60),
        MotionSegment(True, True, 6, 9, 60, 90, 'left'),
    )
)


def event(verb: str) -> PairEvent:
    return PairEvent(1, 2, verb, 2.0, 8.0, 20, 80, 0.9)


@pytest.mark.parametrize('verb', VERBS)
def test_the_subject_or_both_move(verb: str) -> None:
    fits = [
        fits_motion(event(verb), dict(enumerate(motions, start=1)).__getitem__)
        for motions in ((WALKS, WALKS), (WALKS, STANDS), (STANDS, WALKS), (LATE, WALKS))
    ]
    kind = verb.split('.')[0]
    if kind == 'stand':
        assert fits == [True] * 4
    else:
        subject_alone = kind in ('approach', 'leave', 'pass')
        assert fits == [True, subject_alone, False, False]


def test_both_run() -> None:
    for motions, expected in (((RUNS, RUNS), True), ((RUNS, WALKS), False)):
        motion_of = dict(enumerate(motions, start=1)).__getitem__
        assert both_move(event('chase.v.01'), motion_of, gait='run') == expected
