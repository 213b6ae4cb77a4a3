"""Poses of actions between two people: the subject's pose over time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .gait_cycles import run_cycle, sidestep_cycle, walk_cycle
from .pose import (
    LEAN,
    LEFT_FOOT,
    LEFT_HAND,
    NOD,
    RIGHT_FOOT,
    RIGHT_HAND,
    ROLL,
    standing_pose,
)
from .solo_poses import (
    PoseInput,
    carry_pose,
    clap_pose,
    stack_pose_coordinates,
    stand_pose,
    wave_pose,
)


def _reach(m: PoseInput, fraction: float, height: float) -> np.ndarray:
    """(T, 3) for a hand that meets the partner's: ``fraction`` of the way, at a height.

    The height is in metres; both sides come to the same point in the world.
    """
    shoulder = (m.body.hip + m.body.torso - 0.025) * m.stature
    ahead = fraction * m.gap / m.stature
    return stack_pose_coordinates(ahead, -0.09, (height - shoulder) / m.stature)


def _meeting_height(m: PoseInput, fraction: float) -> float:
    return fraction * (m.stature + m.other) / 2


def hug_pose(m: PoseInput) -> np.ndarray:
    """Arms round the other, bodies rocking a little."""
    pose = stand_pose(m)
    close = np.clip(m.time / 0.4, 0, 1)
    height = (0.72 * m.other - 0.8 * m.stature) / m.stature
    pose[:, LEFT_HAND] = stack_pose_coordinates(
        0.05 + 0.2 * close, 0.06 - 0.12 * close, height + 0.03
    )
    pose[:, RIGHT_HAND] = stack_pose_coordinates(
        0.05 + 0.2 * close, 0.06 - 0.12 * close, height - 0.07
    )
    pose[:, LEAN] = 0.1 + 0.03 * m.wave(0.6)
    pose[:, ROLL] = 0.05 * m.wave(0.6)
    pose[:, NOD] = 0.25
    return pose


def shake_hands_pose(m: PoseInput) -> np.ndarray:
    """Right hands meet halfway and go up and down."""
    pose = stand_pose(m)
    pump = 0.06 * np.sin(2 * np.pi * 1.9 * m.time)
    pose[:, RIGHT_HAND] = _reach(m, 0.5, _meeting_height(m, 0.6))
    pose[:, RIGHT_HAND.start + 2] += pump
    pose[:, LEAN] = 0.06
    return pose


def talk_pose(m: PoseInput) -> np.ndarray:
    """Both hands speak while it is one's turn; the listener nods."""
    pose = stand_pose(m)
    turn = np.sin(2 * np.pi * (0.42 * m.time + m.beat)) > 0
    speak = turn.astype(float)
    pose[:, RIGHT_HAND] = stack_pose_coordinates(
        0.03 + 0.15 * speak, 0.03, -0.29 + speak * (0.2 + 0.08 * m.wave(1.6))
    )
    pose[:, LEFT_HAND] = stack_pose_coordinates(
        0.03 + 0.13 * speak, 0.03, -0.29 + speak * (0.15 - 0.08 * m.wave(1.6))
    )
    pose[:, NOD] = (1 - speak) * 0.25 * np.maximum(0, m.wave(1.0))
    return pose


def push_pose(m: PoseInput) -> np.ndarray:
    """Arms drawn back, then thrust out against the other's back."""
    pose = standing_pose(len(m.time), m.body)
    thrust = np.clip((m.progress - 0.15) / 0.25, 0, 1)
    pose[:, LEAN] = -0.05 + 0.38 * thrust
    pose[:, LEFT_FOOT] = stack_pose_coordinates(0.12 * thrust, 0.05, 0)
    pose[:, RIGHT_FOOT] = stack_pose_coordinates(-0.14 * thrust, -0.05, 0)
    pose[:, 2] -= 0.04 * thrust
    height = (0.7 * m.other - 0.76 * m.stature) / m.stature
    arm = stack_pose_coordinates(0.1 + 0.2 * thrust, -0.02, height * thrust - 0.04)
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = arm
    return pose


def pass_ball_pose(m: PoseInput) -> np.ndarray:
    """A kick; the foot meets the ball at a quarter of the way (``ball_plots.KICK``)."""
    pose = standing_pose(len(m.time), m.body)
    swing = np.interp(m.progress, [0, 0.12, 0.25, 0.4, 0.55], [0, -1, 0.6, 1, 0])
    pose[:, RIGHT_FOOT] = stack_pose_coordinates(
        0.24 * swing, -0.04, 0.03 + 0.12 * np.abs(swing)
    )
    pose[:, RIGHT_FOOT.start + 2] *= np.abs(swing) > 0
    pose[:, LEAN] = -0.14 * swing
    pose[:, LEFT_HAND] = stack_pose_coordinates(0.05 + 0.12 * swing, 0.1, -0.22)
    pose[:, RIGHT_HAND] = stack_pose_coordinates(0.02 - 0.12 * swing, 0.1, -0.22)
    return pose


def receive_ball_pose(m: PoseInput) -> np.ndarray:
    """A foot that stops the ball when it arrives."""
    pose = standing_pose(len(m.time), m.body)
    stop = np.interp(m.progress, [0, 0.55, 0.7, 1], [0, 0, 1, 1])
    pose[:, 2] -= 0.03
    pose[:, RIGHT_FOOT] = stack_pose_coordinates(0.02 + 0.12 * stop, -0.05, 0.09 * stop)
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = (0.06, 0.1, -0.22)
    pose[:, LEAN] = 0.08
    return pose


def throw_ball_pose(m: PoseInput) -> np.ndarray:
    """Both hands from the chest over the head, the ball leaves at a third."""
    pose = standing_pose(len(m.time), m.body)
    up = np.interp(m.progress, [0, 0.2, 0.36, 0.6], [0, 1, 1, 0])
    ahead = np.interp(m.progress, [0, 0.2, 0.36, 0.6], [0.16, -0.02, 0.2, 0.05])
    arm = stack_pose_coordinates(ahead, -0.04, -0.16 + 0.38 * up)
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = arm
    pose[:, LEAN] = np.interp(m.progress, [0, 0.2, 0.36, 0.6], [0, -0.15, 0.2, 0])
    pose[:, LEFT_FOOT] = stack_pose_coordinates(0.09, 0.05, 0)
    pose[:, RIGHT_FOOT] = stack_pose_coordinates(-0.09, -0.05, 0)
    return pose


def catch_ball_pose(m: PoseInput) -> np.ndarray:
    """Hands forward to meet the ball, then to the chest."""
    pose = standing_pose(len(m.time), m.body)
    out = np.interp(m.progress, [0, 0.3, 0.7, 0.85], [0, 1, 1, 0.55])
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = stack_pose_coordinates(
        0.04 + 0.21 * out,
        0.0 - 0.03 * out,
        -0.26 + 0.24 * out - 0.12 * (m.progress > 0.75),
    )
    pose[:, LEAN] = 0.06
    return pose


def give_pose(m: PoseInput) -> np.ndarray:
    """A box goes from the chest to the other, halfway; the hands come back empty."""
    pose = stand_pose(m)
    out = np.interp(m.progress, [0, 0.3, 0.6, 0.8], [0, 1, 1, 0])
    near, far = (
        stack_pose_coordinates(0.18, -0.03, -0.15 + 0 * m.time),
        _reach(m, 0.5, _meeting_height(m, 0.62)),
    )
    empty = stack_pose_coordinates(0.03, 0.03, -0.29 + 0 * m.time)
    start = np.where((m.progress < 0.6)[:, None], near, empty)
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = start + (far - start) * out[:, None]
    return pose


def receive_box_pose(m: PoseInput) -> np.ndarray:
    """Hands go out empty and come back with a box."""
    pose = stand_pose(m)
    out = np.interp(m.progress, [0, 0.3, 0.6, 0.85], [0, 1, 1, 0])
    near, far = (
        stack_pose_coordinates(0.18, -0.03, -0.15 + 0 * m.time),
        _reach(m, 0.5, _meeting_height(m, 0.62)),
    )
    empty = stack_pose_coordinates(0.03, 0.03, -0.29 + 0 * m.time)
    start = np.where((m.progress < 0.5)[:, None], empty, near)
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = start + (far - start) * out[:, None]
    return pose


def point_pose(m: PoseInput) -> np.ndarray:
    """The right arm stretched out at the other."""
    pose = stand_pose(m)
    out = np.clip(m.time / 0.3, 0, 1)
    pose[:, RIGHT_HAND] = stack_pose_coordinates(
        0.04 + 0.28 * out, -0.02, -0.26 + 0.28 * out
    )
    return pose


def watch_pose(m: PoseInput) -> np.ndarray:
    """A hand over the brow, leaning forward a little."""
    pose = stand_pose(m)
    pose[:, RIGHT_HAND] = (0.1, -0.05, 0.155)
    pose[:, LEAN] = 0.1
    return pose


def photograph_pose(m: PoseInput) -> np.ndarray:
    """Both hands hold a camera before the face."""
    pose = stand_pose(m)
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = (0.16, -0.055, 0.09)
    pose[:, LEAN] = 0.04
    return pose


def dance_with_pose(m: PoseInput) -> np.ndarray:
    """Hands joined at shoulder height, stepping from side to side."""
    pose = standing_pose(len(m.time), m.body)
    step = np.sin(2 * np.pi * 1.0 * m.time)
    pose[:, ROLL] = 0.1 * step
    for foot, sign in ((LEFT_FOOT, 1), (RIGHT_FOOT, -1)):
        pose[:, foot.start + 2] = 0.09 * np.maximum(0, sign * step)
    height = _meeting_height(m, 0.74)
    for hand, sign in ((LEFT_HAND, 1), (RIGHT_HAND, -1)):
        pose[:, hand] = _reach(m, 0.5, height) + (0, 0.12, 0)
        pose[:, hand.start + 2] += sign * 0.1 * step
    pose[:, 2] -= 0.02
    return pose


def dodge_pose(m: PoseInput) -> np.ndarray:
    """A jump aside, arms drawn in, body bent away."""
    pose = sidestep_cycle(m.time * 2.5, m.body)
    bend = np.sin(np.pi * np.clip(m.progress * 1.2, 0, 1))
    pose[:, ROLL] = 0.0
    pose[:, LEAN] = -0.35 * bend
    pose[:, 2] -= 0.06 * bend
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = stack_pose_coordinates(
        0.05 + 0.12 * bend, 0.05 + 0.08 * bend, -0.28 + 0.26 * bend
    )
    return pose


def applaud_pose(m: PoseInput) -> np.ndarray:
    """Claps towards the other."""
    return clap_pose(m)


def wave_to_pose(m: PoseInput) -> np.ndarray:
    """A raised hand that swings to and fro along the line of sight."""
    pose = wave_pose(m)
    swing = m.wave(1.7)
    pose[:, RIGHT_HAND] = stack_pose_coordinates(
        0.02 + 0.16 * swing, 0.05, 0.27 - 0.05 * swing**2
    )
    return pose


def lead_pose(m: PoseInput) -> np.ndarray:
    """Walks ahead; one arm reaches back and holds the other's hand."""
    pose = walk_cycle(m.phase, m.body)
    hand = _reach(m, 0.5, _meeting_height(m, 0.52))
    pose[:, LEFT_HAND] = hand * (-1, 0, 1) + (0, 0.0, 0)
    return pose


def led_pose(m: PoseInput) -> np.ndarray:
    """Walks behind; one arm reaches forward to the hand that leads."""
    pose = walk_cycle(m.phase, m.body)
    pose[:, LEFT_HAND] = _reach(m, 0.5, _meeting_height(m, 0.52)) + (0, 0.09, 0)
    return pose


def walking_pose(m: PoseInput) -> np.ndarray:
    """A walk, whatever its aim."""
    return walk_cycle(m.phase, m.body)


def running_pose(m: PoseInput) -> np.ndarray:
    """A run without a reaching arm."""
    return run_cycle(m.phase, m.body)


def chase_pose(m: PoseInput) -> np.ndarray:
    """A run with an arm stretched out after the other."""
    pose = run_cycle(m.phase, m.body)
    pose[:, RIGHT_HAND] = stack_pose_coordinates(
        0.27, 0.0, -0.02 + 0.03 * np.cos(4 * np.pi * m.phase)
    )
    pose[:, LEAN] = 0.3
    return pose


PAIR_POSES: dict[str, Callable[[PoseInput], np.ndarray]] = {
    'follow': walking_pose,
    'approach': walking_pose,
    'leave': walking_pose,
    'accompany': walking_pose,
    'chase': chase_pose,
    'flee': running_pose,
    'bring': carry_pose,
} | {
    f.__name__.removesuffix('_pose'): f
    for f in (
        hug_pose,
        shake_hands_pose,
        talk_pose,
        push_pose,
        pass_ball_pose,
        receive_ball_pose,
        throw_ball_pose,
        catch_ball_pose,
        give_pose,
        receive_box_pose,
        point_pose,
        watch_pose,
        photograph_pose,
        dance_with_pose,
        dodge_pose,
        applaud_pose,
        wave_to_pose,
        lead_pose,
        led_pose,
    )
}
