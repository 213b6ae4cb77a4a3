"""How long the people of a video did what."""

from __future__ import annotations

import copy

import pytest

from mmsmot.models.kinematics.activity_seconds import ActivitySeconds
from mmsmot.models.kinematics.motion import Motion, MotionSegment


def test_seconds_of_all_people_add_up() -> None:
    people_seconds = ActivitySeconds()
    summary = people_seconds.summary(0)
    assert (summary.count, {*summary.shares.values()}) == (0, {0.0})
    walk = MotionSegment(True, True, 0, 4, 1, 40, 'left', 'nearer', gait='walk')
    people_seconds.add(Motion((walk, MotionSegment(False, True, 4, 10, 40, 100))))
    former_seconds = copy.deepcopy(people_seconds)
    # Nobody knows of the second one whether it moves; the third stays for too short.
    parts = (
        MotionSegment(True, True, 0, 6, 1, 60, depth='away'),
        MotionSegment(True, False, 6, 9, 60, 90, 'right'),
        MotionSegment(False, True, 9, 11, 90, 110),
    )
    people_seconds.add(Motion(parts))
    summary = people_seconds.summary(3)
    assert summary.count == 3
    shares = dict(left=4 / 16, right=0, nearer=0, away=6 / 16, still=6 / 16)
    assert summary.shares == pytest.approx(shares)
    assert not summary.is_walk  # 4 seconds of 10
    assert former_seconds.summary(3).is_walk
    assert former_seconds.summary(3).shares['still'] == pytest.approx(0.6)
