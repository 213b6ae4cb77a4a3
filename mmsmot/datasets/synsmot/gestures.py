"""What people do on the spot: a pose for every moment of a single action."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .gait import riding, running, sidestepping, walking
from .pose import (
    HIP,
    LEAN,
    LEFT_FOOT,
    LEFT_HAND,
    NOD,
    RIGHT_FOOT,
    RIGHT_HAND,
    ROLL,
    Proportions,
    standing,
)

BENCH_HEIGHT = 0.46  # metres


@dataclass(frozen=True)
class Moment:
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

    body: Proportions
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


def stack(*parts: np.ndarray | float) -> np.ndarray:
    """(T, 3) from three numbers or (T,) arrays."""
    return np.stack(np.broadcast_arrays(*parts), axis=-1)


def walk(m: Moment) -> np.ndarray:
    """A walk."""
    return walking(m.phase, m.body)


def run(m: Moment) -> np.ndarray:
    """A run."""
    return running(m.phase, m.body)


def ride(m: Moment) -> np.ndarray:
    """On a bicycle, feet on the pedals."""
    return riding(m.phase * 0.5, m.body)


def stand(m: Moment) -> np.ndarray:
    """Upright, breathing."""
    pose = standing(len(m.time), m.body)
    pose[:, 1] = 0.006 * m.wave(0.4)
    pose[:, RIGHT_HAND.start] += 0.015 * m.wave(0.5)
    return pose


def sit(m: Moment) -> np.ndarray:
    """On a bench, hands on the knees."""
    pose = standing(len(m.time), m.body)
    seat = (BENCH_HEIGHT + 0.03) / m.stature
    pose[:, HIP] = (-0.04, 0, seat + 0.045)
    pose[:, LEFT_FOOT] = (0.2, 0.05, 0)
    pose[:, RIGHT_FOOT] = (0.18, -0.05, 0)
    pose[:, LEAN] = -0.05
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = (0.15, -0.02, -0.225)
    return pose


def wave(m: Moment) -> np.ndarray:
    """A raised right hand that swings from side to side."""
    pose = stand(m)
    swing = m.wave(1.7)
    pose[:, RIGHT_HAND] = stack(
        0.06 + 0.05 * swing, 0.12 + 0.11 * swing, 0.25 - 0.03 * swing
    )
    return pose


def jump(m: Moment) -> np.ndarray:
    """Squat, take off with arms flung up, land."""
    pose = standing(len(m.time), m.body)
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
    arm = stack(0.03 + 0.12 * squat, 0.08 + 0.05 * fly, -0.24 + 0.46 * fly)
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = arm
    return pose


def crouch(m: Moment) -> np.ndarray:
    """Down on the heels, and stays there."""
    pose = standing(len(m.time), m.body)
    down = np.clip(m.time / 0.3, 0, 1)
    pose[:, 2] -= (m.body.hip - 0.19) * down
    pose[:, 0] = -0.08 * down
    pose[:, LEAN] = 0.55 * down
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = stack(
        0.02 + 0.15 * down, 0.03 - 0.04 * down, -0.3 + 0.1 * down
    )
    return pose


def dance(m: Moment) -> np.ndarray:
    """Hips sway, arms go up in turn, feet lift."""
    pose = standing(len(m.time), m.body)
    sway = m.wave(1.1)
    pose[:, 1] = 0.07 * sway
    pose[:, ROLL] = -0.16 * sway
    pose[:, 2] -= 0.03 + 0.015 * np.cos(4 * np.pi * (1.1 * m.time + m.beat))
    pose[:, LEFT_FOOT] = stack(0.0, 0.09, 0.07 * np.maximum(0, -sway))
    pose[:, RIGHT_FOOT] = stack(0.0, -0.09, 0.07 * np.maximum(0, sway))
    pose[:, LEFT_HAND] = stack(0.05, 0.14, 0.12 + 0.16 * sway)
    pose[:, RIGHT_HAND] = stack(0.05, 0.14, 0.12 - 0.16 * sway)
    return pose


def clap(m: Moment) -> np.ndarray:
    """Hands meet before the chest."""
    pose = stand(m)
    apart = (1 + m.wave(2.0)) / 2
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = stack(0.21, -0.095 + 0.15 * apart, 0.0)
    return pose


def exercise(m: Moment) -> np.ndarray:
    """Jumping jacks."""
    pose = standing(len(m.time), m.body)
    spread = (1 - np.cos(2 * np.pi * (1.15 * m.time + m.beat))) / 2
    hop = 0.05 * np.abs(np.sin(2 * np.pi * (1.15 * m.time + m.beat)))
    pose[:, LEFT_FOOT] = stack(0, 0.04 + 0.12 * spread, hop)
    pose[:, RIGHT_FOOT] = stack(0, -0.04 - 0.12 * spread, hop)
    pose[:, 2] += hop - 0.03 * spread
    angle = np.pi * 0.9 * spread
    arm = stack(0.02, 0.3 * np.sin(angle) + 0.02, -0.3 * np.cos(angle))
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = arm
    return pose


def phone(m: Moment) -> np.ndarray:
    """The right hand at the ear."""
    pose = stand(m)
    pose[:, RIGHT_HAND] = (0.07, -0.03, 0.1)
    pose[:, NOD] = 0.12 * m.wave(0.8)
    return pose


def drink(m: Moment) -> np.ndarray:
    """The cup goes to the mouth and down again."""
    pose = stand(m)
    up = np.clip(0.5 + 1.2 * m.wave(0.55), 0, 1)
    pose[:, RIGHT_HAND] = stack(0.16 - 0.06 * up, -0.05 - 0.03 * up, -0.12 + 0.19 * up)
    pose[:, NOD] = -0.25 * up
    return pose


def pick_up(m: Moment) -> np.ndarray:
    """Down to the ground and up again with something in both hands."""
    pose = standing(len(m.time), m.body)
    down = np.sin(np.pi * np.clip(m.progress, 0, 1)) ** 0.7
    held = m.progress > 0.5
    pose[:, 2] -= 0.17 * down
    pose[:, 0] = -0.09 * down
    pose[:, LEAN] = 1.0 * down
    low = stack(0.12, -0.02, -0.28)
    front = stack(0.2, -0.03, -0.16)
    rest = stack(0.03, 0.03, -0.3)
    target = np.where(held[:, None], front, rest)
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = target + (low - target) * down[:, None]
    return pose


def carry(m: Moment) -> np.ndarray:
    """A walk with a box before the chest."""
    pose = walking(m.phase, m.body)
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = (0.2, -0.03, -0.16)
    pose[:, LEAN] = -0.06
    return pose


def hold_box(m: Moment) -> np.ndarray:
    """Stands with a box before the chest."""
    pose = stand(m)
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = (0.2, -0.03, -0.16)
    return pose


def dribble(m: Moment) -> np.ndarray:
    """Bounces a ball; the hand meets it at the top (see ``props.bounce``)."""
    pose = stand(m)
    pose[:, RIGHT_HAND] = stack(
        0.19, 0.02, -0.13 + 0.07 * np.cos(2 * np.pi * 1.3 * m.time)
    )
    pose[:, LEAN] = 0.15
    pose[:, 2] -= 0.03
    return pose


def push_cart(m: Moment) -> np.ndarray:
    """A walk, leaning on a handle."""
    pose = walking(m.phase, m.body)
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = (0.24, -0.01, -0.19)
    pose[:, LEAN] = 0.16
    return pose


def stretch(m: Moment) -> np.ndarray:
    """Both arms overhead, bending from side to side."""
    pose = standing(len(m.time), m.body)
    bend = m.wave(0.45)
    pose[:, ROLL] = 0.4 * bend
    pose[:, LEFT_FOOT] = (0, 0.09, 0)
    pose[:, RIGHT_FOOT] = (0, -0.09, 0)
    pose[:, 2] -= 0.015
    for hand, sign in ((LEFT_HAND, 1), (RIGHT_HAND, -1)):
        pose[:, hand] = stack(0.02, -0.05 + sign * 0.11 * bend, 0.29)
    return pose


def stumble(m: Moment) -> np.ndarray:
    """Pushed from behind: quick steps, leaning, arms thrown out."""
    pose = sidestepping(m.time * 2.5, m.body)
    shove = np.sin(np.pi * np.clip(m.progress * 1.1, 0, 1))
    pose[:, LEAN] = 0.55 * shove
    pose[:, LEFT_FOOT.start] = 0.1 * np.sin(2 * np.pi * 2.2 * m.time)
    pose[:, RIGHT_FOOT.start] = -0.1 * np.sin(2 * np.pi * 2.2 * m.time)
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = stack(
        0.03 + 0.15 * shove, 0.04 + 0.14 * shove, -0.28 + 0.26 * shove
    )
    return pose


SOLO: dict[str, Callable[[Moment], np.ndarray]] = {
    'walk_out': walk,
    'come_back': walk,
} | {
    f.__name__: f
    for f in (
        walk,
        run,
        ride,
        stand,
        sit,
        wave,
        jump,
        crouch,
        dance,
        clap,
        exercise,
        phone,
        drink,
        pick_up,
        carry,
        hold_box,
        dribble,
        push_cart,
        stretch,
        stumble,
    )
}
