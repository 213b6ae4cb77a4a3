"""Limbs move as the actions say: feet on the ground, hands that meet, heads up and down."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from mmsmot.datasets.synsmot.actions import ACTIONS
from mmsmot.datasets.synsmot.motion import POSES, animate_actor_motion
from mmsmot.datasets.synsmot.script import Actor, ScriptedAction


@pytest.fixture
def motion(play, look):
    """The motion of one who does something for two seconds, on the spot or walking."""

    def perform(action: str, way: float = 0.0):
        script = play((0, 7), frames=16)
        state = ScriptedAction(action, 0, 16, (0.0, 7.0), (way, 7.0), partner=0)
        return animate_actor_motion(
            replace(script, actors=(Actor(1, look, (state,), 0.0),))
        )[0]

    return perform


def test_there_is_a_pose_for_every_action():
    assert set(POSES) == set(ACTIONS)


@pytest.mark.parametrize('action', sorted(ACTIONS))
def test_poses_are_finite_and_of_human_size(motion, action):
    joints = motion(action, 2.0 if ACTIONS[action].pace else 0.0).joints
    for name, joint in joints.items():
        assert joint.shape == (16, 3)
        assert np.isfinite(joint).all(), name
        assert np.abs(joint).max() < 1.5, name  # body heights


def test_who_walks_heads_along_the_way(motion):
    right, left = motion('walk', 2.0), motion('walk', -2.0)
    assert np.abs(right.heading).max() < 1e-6
    assert np.abs(np.cos(left.heading) + 1).max() < 1e-6
    assert np.allclose(np.diff(right.place[:, 0]), 2 / 16)


def test_a_jump_leaves_the_ground_and_a_crouch_goes_down(motion):
    head = {a: motion(a).joints['head'][:, 2] for a in ('stand', 'jump', 'crouch')}
    assert np.ptp(head['stand']) < 0.02
    assert head['jump'].max() > head['stand'].max() + 0.1
    assert head['crouch'][-1] < head['stand'].min() - 0.2


def test_partners_face_each_other_and_shake_hands_at_one_place(play, look):
    """Each side's hand, put into the world, is at the other side's hand."""
    script = play((0, 7), frames=10)
    sides = ((-0.44, 7.0), (0.44, 7.0))
    actors = tuple(
        Actor(
            n, look, (ScriptedAction('shake_hands', 0, 10, at, at, partner=3 - n),), 0.0
        )
        for n, at in enumerate(sides, start=1)
    )
    one, two = animate_actor_motion(replace(script, actors=actors))
    assert np.allclose(np.cos(one.heading), 1) and np.allclose(np.cos(two.heading), -1)
    hands = []
    for side in (one, two):
        ahead = side.joints['right_wrist'][:, 0] * look.stature
        hands.append(side.place[:, 0] + ahead * np.cos(side.heading))
    assert np.abs(hands[0] - hands[1])[3:].max() < 0.12  # metres
    heights = [s.joints['right_wrist'][3:, 2] * look.stature for s in (one, two)]
    assert np.allclose(heights[0], heights[1], atol=0.05)
    assert math.isclose(one.place[0, 0], -0.44)
