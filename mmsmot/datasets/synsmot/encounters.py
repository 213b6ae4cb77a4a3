"""What people do with each other: the subject's pose for every moment of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .gait import running, sidestepping, walking
from .gestures import Moment, carry, clap, stack, stand, wave
from .pose import (
    LEAN,
    LEFT_FOOT,
    LEFT_HAND,
    NOD,
    RIGHT_FOOT,
    RIGHT_HAND,
    ROLL,
    standing,
)


def _reach(m: Moment, fraction: float, height: float) -> np.ndarray:
    """(T, 3) for a hand that meets the partner's: ``fraction`` of the way, at a height.

    The height is in metres; both sides come to the same point in the world.
    """
    shoulder = (m.body.hip + m.body.torso - 0.025) * m.stature
    ahead = fraction * m.gap / m.stature
    return stack(ahead, -0.09, (height - shoulder) / m.stature)


def _meeting_height(m: Moment, fraction: float) -> float:
    return fraction * (m.stature + m.other) / 2


def hug(m: Moment) -> np.ndarray:
    """Arms round the other, bodies rocking a little."""
    pose = stand(m)
    close = np.clip(m.time / 0.4, 0, 1)
    height = (0.72 * m.other - 0.8 * m.stature) / m.stature
    pose[:, LEFT_HAND] = stack(0.05 + 0.2 * close, 0.06 - 0.12 * close, height + 0.03)
    pose[:, RIGHT_HAND] = stack(0.05 + 0.2 * close, 0.06 - 0.12 * close, height - 0.07)
    pose[:, LEAN] = 0.1 + 0.03 * m.wave(0.6)
    pose[:, ROLL] = 0.05 * m.wave(0.6)
    pose[:, NOD] = 0.25
    return pose


def shake_hands(m: Moment) -> np.ndarray:
    """Right hands meet halfway and go up and down."""
    pose = stand(m)
    pump = 0.06 * np.sin(2 * np.pi * 1.9 * m.time)
    pose[:, RIGHT_HAND] = _reach(m, 0.5, _meeting_height(m, 0.6))
    pose[:, RIGHT_HAND.start + 2] += pump
    pose[:, LEAN] = 0.06
    return pose


def talk(m: Moment) -> np.ndarray:
    """Both hands speak while it is one's turn; the listener nods."""
    pose = stand(m)
    turn = np.sin(2 * np.pi * (0.42 * m.time + m.beat)) > 0
    speak = turn.astype(float)
    pose[:, RIGHT_HAND] = stack(
        0.03 + 0.15 * speak, 0.03, -0.29 + speak * (0.2 + 0.08 * m.wave(1.6))
    )
    pose[:, LEFT_HAND] = stack(
        0.03 + 0.13 * speak, 0.03, -0.29 + speak * (0.15 - 0.08 * m.wave(1.6))
    )
    pose[:, NOD] = (1 - speak) * 0.25 * np.maximum(0, m.wave(1.0))
    return pose


def push(m: Moment) -> np.ndarray:
    """Arms drawn back, then thrust out against the other's back."""
    pose = standing(len(m.time), m.body)
    thrust = np.clip((m.progress - 0.15) / 0.25, 0, 1)
    pose[:, LEAN] = -0.05 + 0.38 * thrust
    pose[:, LEFT_FOOT] = stack(0.12 * thrust, 0.05, 0)
    pose[:, RIGHT_FOOT] = stack(-0.14 * thrust, -0.05, 0)
    pose[:, 2] -= 0.04 * thrust
    height = (0.7 * m.other - 0.76 * m.stature) / m.stature
    arm = stack(0.1 + 0.2 * thrust, -0.02, height * thrust - 0.04)
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = arm
    return pose


def pass_ball(m: Moment) -> np.ndarray:
    """A kick; the foot meets the ball at a quarter of the way (``ball_games.KICK``)."""
    pose = standing(len(m.time), m.body)
    swing = np.interp(m.progress, [0, 0.12, 0.25, 0.4, 0.55], [0, -1, 0.6, 1, 0])
    pose[:, RIGHT_FOOT] = stack(0.24 * swing, -0.04, 0.03 + 0.12 * np.abs(swing))
    pose[:, RIGHT_FOOT.start + 2] *= np.abs(swing) > 0
    pose[:, LEAN] = -0.14 * swing
    pose[:, LEFT_HAND] = stack(0.05 + 0.12 * swing, 0.1, -0.22)
    pose[:, RIGHT_HAND] = stack(0.02 - 0.12 * swing, 0.1, -0.22)
    return pose


def receive_ball(m: Moment) -> np.ndarray:
    """A foot that stops the ball when it arrives."""
    pose = standing(len(m.time), m.body)
    stop = np.interp(m.progress, [0, 0.55, 0.7, 1], [0, 0, 1, 1])
    pose[:, 2] -= 0.03
    pose[:, RIGHT_FOOT] = stack(0.02 + 0.12 * stop, -0.05, 0.09 * stop)
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = (0.06, 0.1, -0.22)
    pose[:, LEAN] = 0.08
    return pose


def throw_ball(m: Moment) -> np.ndarray:
    """Both hands from the chest over the head, the ball leaves at a third."""
    pose = standing(len(m.time), m.body)
    up = np.interp(m.progress, [0, 0.2, 0.36, 0.6], [0, 1, 1, 0])
    ahead = np.interp(m.progress, [0, 0.2, 0.36, 0.6], [0.16, -0.02, 0.2, 0.05])
    arm = stack(ahead, -0.04, -0.16 + 0.38 * up)
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = arm
    pose[:, LEAN] = np.interp(m.progress, [0, 0.2, 0.36, 0.6], [0, -0.15, 0.2, 0])
    pose[:, LEFT_FOOT] = stack(0.09, 0.05, 0)
    pose[:, RIGHT_FOOT] = stack(-0.09, -0.05, 0)
    return pose


def catch_ball(m: Moment) -> np.ndarray:
    """Hands forward to meet the ball, then to the chest."""
    pose = standing(len(m.time), m.body)
    out = np.interp(m.progress, [0, 0.3, 0.7, 0.85], [0, 1, 1, 0.55])
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = stack(
        0.04 + 0.21 * out,
        0.0 - 0.03 * out,
        -0.26 + 0.24 * out - 0.12 * (m.progress > 0.75),
    )
    pose[:, LEAN] = 0.06
    return pose


def give(m: Moment) -> np.ndarray:
    """A box goes from the chest to the other, halfway; the hands come back empty."""
    pose = stand(m)
    out = np.interp(m.progress, [0, 0.3, 0.6, 0.8], [0, 1, 1, 0])
    near, far = (
        stack(0.18, -0.03, -0.15 + 0 * m.time),
        _reach(m, 0.5, _meeting_height(m, 0.62)),
    )
    empty = stack(0.03, 0.03, -0.29 + 0 * m.time)
    start = np.where((m.progress < 0.6)[:, None], near, empty)
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = start + (far - start) * out[:, None]
    return pose


def receive_box(m: Moment) -> np.ndarray:
    """Hands go out empty and come back with a box."""
    pose = stand(m)
    out = np.interp(m.progress, [0, 0.3, 0.6, 0.85], [0, 1, 1, 0])
    near, far = (
        stack(0.18, -0.03, -0.15 + 0 * m.time),
        _reach(m, 0.5, _meeting_height(m, 0.62)),
    )
    empty = stack(0.03, 0.03, -0.29 + 0 * m.time)
    start = np.where((m.progress < 0.5)[:, None], empty, near)
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = start + (far - start) * out[:, None]
    return pose


def point(m: Moment) -> np.ndarray:
    """The right arm stretched out at the other."""
    pose = stand(m)
    out = np.clip(m.time / 0.3, 0, 1)
    pose[:, RIGHT_HAND] = stack(0.04 + 0.28 * out, -0.02, -0.26 + 0.28 * out)
    return pose


def watch(m: Moment) -> np.ndarray:
    """A hand over the brow, leaning forward a little."""
    pose = stand(m)
    pose[:, RIGHT_HAND] = (0.1, -0.05, 0.155)
    pose[:, LEAN] = 0.1
    return pose


def photograph(m: Moment) -> np.ndarray:
    """Both hands hold a camera before the face."""
    pose = stand(m)
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = (0.16, -0.055, 0.09)
    pose[:, LEAN] = 0.04
    return pose


def dance_with(m: Moment) -> np.ndarray:
    """Hands joined at shoulder height, stepping from side to side."""
    pose = standing(len(m.time), m.body)
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


def dodge(m: Moment) -> np.ndarray:
    """A jump aside, arms drawn in, body bent away."""
    pose = sidestepping(m.time * 2.5, m.body)
    bend = np.sin(np.pi * np.clip(m.progress * 1.2, 0, 1))
    pose[:, ROLL] = 0.0
    pose[:, LEAN] = -0.35 * bend
    pose[:, 2] -= 0.06 * bend
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = stack(
        0.05 + 0.12 * bend, 0.05 + 0.08 * bend, -0.28 + 0.26 * bend
    )
    return pose


def applaud(m: Moment) -> np.ndarray:
    """Claps towards the other."""
    return clap(m)


def wave_to(m: Moment) -> np.ndarray:
    """A raised hand that swings to and fro along the line of sight."""
    pose = wave(m)
    swing = m.wave(1.7)
    pose[:, RIGHT_HAND] = stack(0.02 + 0.16 * swing, 0.05, 0.27 - 0.05 * swing**2)
    return pose


def lead(m: Moment) -> np.ndarray:
    """Walks ahead; one arm reaches back and holds the other's hand."""
    pose = walking(m.phase, m.body)
    hand = _reach(m, 0.5, _meeting_height(m, 0.52))
    pose[:, LEFT_HAND] = hand * (-1, 0, 1) + (0, 0.0, 0)
    return pose


def led(m: Moment) -> np.ndarray:
    """Walks behind; one arm reaches forward to the hand that leads."""
    pose = walking(m.phase, m.body)
    pose[:, LEFT_HAND] = _reach(m, 0.5, _meeting_height(m, 0.52)) + (0, 0.09, 0)
    return pose


def on_foot(m: Moment) -> np.ndarray:
    """A walk, whatever its aim."""
    return walking(m.phase, m.body)


def at_a_run(m: Moment) -> np.ndarray:
    """A run without a reaching arm."""
    return running(m.phase, m.body)


def chase(m: Moment) -> np.ndarray:
    """A run with an arm stretched out after the other."""
    pose = running(m.phase, m.body)
    pose[:, RIGHT_HAND] = stack(0.27, 0.0, -0.02 + 0.03 * np.cos(4 * np.pi * m.phase))
    pose[:, LEAN] = 0.3
    return pose


ENCOUNTERS: dict[str, Callable[[Moment], np.ndarray]] = {
    'follow': on_foot,
    'approach': on_foot,
    'leave': on_foot,
    'accompany': on_foot,
    'chase': chase,
    'flee': at_a_run,
    'bring': carry,
} | {
    f.__name__: f
    for f in (
        hug,
        shake_hands,
        talk,
        push,
        pass_ball,
        receive_ball,
        throw_ball,
        catch_ball,
        give,
        receive_box,
        point,
        watch,
        photograph,
        dance_with,
        dodge,
        applaud,
        wave_to,
        lead,
        led,
    )
}
