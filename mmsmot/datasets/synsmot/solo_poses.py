"""Poses of actions that one person does: joint positions over time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .gait_cycles import pedal_cycle, run_cycle, sidestep_cycle, walk_cycle
from .pose import (
    HIP,
    LEAN,
    LEFT_FOOT,
    LEFT_HAND,
    NOD,
    RIGHT_FOOT,
    RIGHT_HAND,
    ROLL,
    PoseProportions,
    standing_pose,
)

BENCH_HEIGHT = 0.46  # metres


@dataclass(frozen=True)
class PoseInput:
    """What a pose may depend on, over the T frames of a state.

    Attributes:
        body: Proportions of the person.
        stature: Body height in metres.
        time: (T,) seconds since the state began.
        progress: (T,) from 0 to 1 over the state.
        phase: (T,) cycles of the gait.
        beat: A number in [0, 1) that sets people out of step.
        gap: (T,) metres to the partner, 1 without one.
        other: Body height of the partner in metres.
    """

    body: PoseProportions
    stature: float
    time: np.ndarray
    progress: np.ndarray
    phase: np.ndarray
    beat: float
    gap: np.ndarray
    other: float

    def wave(self, hertz: float, shift: float = 0.0) -> np.ndarray:
        """(T,) a sine in the person's own time."""
        return np.sin(2 * np.pi * (hertz * self.time + self.beat + shift))


def stack_pose_coordinates(*parts: np.ndarray | float) -> np.ndarray:
    """(T, 3) from three numbers or (T,) arrays."""
    return np.stack(np.broadcast_arrays(*parts), axis=-1)


def walk_pose(m: PoseInput) -> np.ndarray:
    """A walk."""
    return walk_cycle(m.phase, m.body)


def run_pose(m: PoseInput) -> np.ndarray:
    """A run."""
    return run_cycle(m.phase, m.body)


def ride_pose(m: PoseInput) -> np.ndarray:
    """On a bicycle, feet on the pedals."""
    return pedal_cycle(m.phase * 0.5, m.body)


def stand_pose(m: PoseInput) -> np.ndarray:
    """Upright, breathing."""
    pose = standing_pose(len(m.time), m.body)
    pose[:, 1] = 0.006 * m.wave(0.4)
    pose[:, RIGHT_HAND.start] += 0.015 * m.wave(0.5)
    return pose


def sit_pose(m: PoseInput) -> np.ndarray:
    """On a bench, hands on the knees."""
    pose = standing_pose(len(m.time), m.body)
    seat = (BENCH_HEIGHT + 0.03) / m.stature
    pose[:, HIP] = (-0.04, 0, seat + 0.045)
    pose[:, LEFT_FOOT] = (0.2, 0.05, 0)
    pose[:, RIGHT_FOOT] = (0.18, -0.05, 0)
    pose[:, LEAN] = -0.05
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = (0.15, -0.02, -0.225)
    return pose


def wave_pose(m: PoseInput) -> np.ndarray:
    """A raised right hand that swings from side to side."""
    pose = stand_pose(m)
    swing = m.wave(1.7)
    pose[:, RIGHT_HAND] = stack_pose_coordinates(
        0.06 + 0.05 * swing, 0.12 + 0.11 * swing, 0.25 - 0.03 * swing
    )
    return pose


def jump_pose(m: PoseInput) -> np.ndarray:
    """Squat, take off with arms flung up, land."""
    pose = standing_pose(len(m.time), m.body)
    cycle = (m.time * 1.25 + m.beat) % 1.0
    fly = (
        np.maximum(0, np.sin(np.pi * (cycle - 0.35) / 0.5))
        * (cycle > 0.35)
        * (cycle < 0.85)
    )
    squat = np.where((cycle <= 0.35) | (cycle >= 0.85), 1.0, 0.0) * np.abs(
        np.sin(np.pi * (cycle - 0.35) / 0.5)
    )
    rise = 0.19 * fly
    pose[:, 2] += rise - 0.1 * squat
    for foot in (LEFT_FOOT, RIGHT_FOOT):
        pose[:, foot.start + 2] += rise + 0.03 * fly
    pose[:, LEAN] = 0.3 * squat
    arm = stack_pose_coordinates(
        0.03 + 0.12 * squat, 0.08 + 0.05 * fly, -0.24 + 0.46 * fly
    )
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = arm
    return pose


def crouch_pose(m: PoseInput) -> np.ndarray:
    """Down on the heels, and stays there."""
    pose = standing_pose(len(m.time), m.body)
    down = np.clip(m.time / 0.3, 0, 1)
    pose[:, 2] -= (m.body.hip - 0.19) * down
    pose[:, 0] = -0.08 * down
    pose[:, LEAN] = 0.55 * down
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = stack_pose_coordinates(
        0.02 + 0.15 * down, 0.03 - 0.04 * down, -0.3 + 0.1 * down
    )
    return pose


def dance_pose(m: PoseInput) -> np.ndarray:
    """Hips sway, arms go up in turn, feet lift."""
    pose = standing_pose(len(m.time), m.body)
    sway = m.wave(1.1)
    pose[:, 1] = 0.07 * sway
    pose[:, ROLL] = -0.16 * sway
    pose[:, 2] -= 0.03 + 0.015 * np.cos(4 * np.pi * (1.1 * m.time + m.beat))
    pose[:, LEFT_FOOT] = stack_pose_coordinates(0.0, 0.09, 0.07 * np.maximum(0, -sway))
    pose[:, RIGHT_FOOT] = stack_pose_coordinates(0.0, -0.09, 0.07 * np.maximum(0, sway))
    pose[:, LEFT_HAND] = stack_pose_coordinates(0.05, 0.14, 0.12 + 0.16 * sway)
    pose[:, RIGHT_HAND] = stack_pose_coordinates(0.05, 0.14, 0.12 - 0.16 * sway)
    return pose


def clap_pose(m: PoseInput) -> np.ndarray:
    """Hands meet before the chest."""
    pose = stand_pose(m)
    apart = (1 + m.wave(2.0)) / 2
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = stack_pose_coordinates(
        0.21, -0.095 + 0.15 * apart, 0.0
    )
    return pose


def exercise_pose(m: PoseInput) -> np.ndarray:
    """Jumping jacks."""
    pose = standing_pose(len(m.time), m.body)
    spread = (1 - np.cos(2 * np.pi * (1.15 * m.time + m.beat))) / 2
    hop = 0.05 * np.abs(np.sin(2 * np.pi * (1.15 * m.time + m.beat)))
    pose[:, LEFT_FOOT] = stack_pose_coordinates(0, 0.04 + 0.12 * spread, hop)
    pose[:, RIGHT_FOOT] = stack_pose_coordinates(0, -0.04 - 0.12 * spread, hop)
    pose[:, 2] += hop - 0.03 * spread
    angle = np.pi * 0.9 * spread
    arm = stack_pose_coordinates(0.02, 0.3 * np.sin(angle) + 0.02, -0.3 * np.cos(angle))
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = arm
    return pose


def phone_pose(m: PoseInput) -> np.ndarray:
    """The right hand at the ear."""
    pose = stand_pose(m)
    pose[:, RIGHT_HAND] = (0.07, -0.03, 0.1)
    pose[:, NOD] = 0.12 * m.wave(0.8)
    return pose


def drink_pose(m: PoseInput) -> np.ndarray:
    """The cup goes to the mouth and down again."""
    pose = stand_pose(m)
    up = np.clip(0.5 + 1.2 * m.wave(0.55), 0, 1)
    pose[:, RIGHT_HAND] = stack_pose_coordinates(
        0.16 - 0.06 * up, -0.05 - 0.03 * up, -0.12 + 0.19 * up
    )
    pose[:, NOD] = -0.25 * up
    return pose


def pick_up_pose(m: PoseInput) -> np.ndarray:
    """Down to the ground and up again with something in both hands."""
    pose = standing_pose(len(m.time), m.body)
    down = np.sin(np.pi * np.clip(m.progress, 0, 1)) ** 0.7
    held = m.progress > 0.5
    pose[:, 2] -= 0.17 * down
    pose[:, 0] = -0.09 * down
    pose[:, LEAN] = 1.0 * down
    low = stack_pose_coordinates(0.12, -0.02, -0.28)
    front = stack_pose_coordinates(0.2, -0.03, -0.16)
    rest = stack_pose_coordinates(0.03, 0.03, -0.3)
    target = np.where(held[:, None], front, rest)
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = target + (low - target) * down[:, None]
    return pose


def carry_pose(m: PoseInput) -> np.ndarray:
    """A walk with a box before the chest."""
    pose = walk_cycle(m.phase, m.body)
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = (0.2, -0.03, -0.16)
    pose[:, LEAN] = -0.06
    return pose


def hold_box_pose(m: PoseInput) -> np.ndarray:
    """Stands with a box before the chest."""
    pose = stand_pose(m)
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = (0.2, -0.03, -0.16)
    return pose


def dribble_pose(m: PoseInput) -> np.ndarray:
    """Bounces a ball; the hand meets it at the top (see ``props.bounce``)."""
    pose = stand_pose(m)
    pose[:, RIGHT_HAND] = stack_pose_coordinates(
        0.19, 0.02, -0.13 + 0.07 * np.cos(2 * np.pi * 1.3 * m.time)
    )
    pose[:, LEAN] = 0.15
    pose[:, 2] -= 0.03
    return pose


def push_cart_pose(m: PoseInput) -> np.ndarray:
    """A walk, leaning on a handle."""
    pose = walk_cycle(m.phase, m.body)
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = (0.24, -0.01, -0.19)
    pose[:, LEAN] = 0.16
    return pose


def stretch_pose(m: PoseInput) -> np.ndarray:
    """Both arms overhead, bending from side to side."""
    pose = standing_pose(len(m.time), m.body)
    bend = m.wave(0.45)
    pose[:, ROLL] = 0.4 * bend
    pose[:, LEFT_FOOT] = (0, 0.09, 0)
    pose[:, RIGHT_FOOT] = (0, -0.09, 0)
    pose[:, 2] -= 0.015
    for hand, sign in ((LEFT_HAND, 1), (RIGHT_HAND, -1)):
        pose[:, hand] = stack_pose_coordinates(0.02, -0.05 + sign * 0.11 * bend, 0.29)
    return pose


def stumble_pose(m: PoseInput) -> np.ndarray:
    """Pushed from behind: quick steps, leaning, arms thrown out."""
    pose = sidestep_cycle(m.time * 2.5, m.body)
    shove = np.sin(np.pi * np.clip(m.progress * 1.1, 0, 1))
    pose[:, LEAN] = 0.55 * shove
    pose[:, LEFT_FOOT.start] = 0.1 * np.sin(2 * np.pi * 2.2 * m.time)
    pose[:, RIGHT_FOOT.start] = -0.1 * np.sin(2 * np.pi * 2.2 * m.time)
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = stack_pose_coordinates(
        0.03 + 0.15 * shove, 0.04 + 0.14 * shove, -0.28 + 0.26 * shove
    )
    return pose


SOLO_POSES: dict[str, Callable[[PoseInput], np.ndarray]] = {
    'walk_out': walk_pose,
    'come_back': walk_pose,
} | {
    f.__name__.removesuffix('_pose'): f
    for f in (
        walk_pose,
        run_pose,
        ride_pose,
        stand_pose,
        sit_pose,
        wave_pose,
        jump_pose,
        crouch_pose,
        dance_pose,
        clap_pose,
        exercise_pose,
        phone_pose,
        drink_pose,
        pick_up_pose,
        carry_pose,
        hold_box_pose,
        dribble_pose,
        push_cart_pose,
        stretch_pose,
        stumble_pose,
    )
}
