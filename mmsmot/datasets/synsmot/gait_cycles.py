"""Gait cycles: poses of walking, running, riding and sidestepping by phase."""

from __future__ import annotations

import numpy as np

from .pose import (
    HIP,
    LEAN,
    LEFT_FOOT,
    LEFT_HAND,
    RIGHT_FOOT,
    RIGHT_HAND,
    ROLL,
    TWIST,
    PoseProportions,
    standing_pose,
)

# Of two steps: length in body heights, and the fraction a foot is on the ground.
WALK_STRIDE, WALK_STANCE = 0.68, 0.58
RUN_STRIDE, RUN_STANCE = 1.25, 0.36
CRANK = 0.085


def walk_cycle(phase: np.ndarray, body: PoseProportions) -> np.ndarray:
    """(T, WIDTH) a walk; phase in cycles of two steps."""
    pose = standing_pose(len(phase), body)
    for foot, hand, shift in ((LEFT_FOOT, RIGHT_HAND, 0), (RIGHT_FOOT, LEFT_HAND, 0.5)):
        _step(
            pose, foot, phase + shift, WALK_STRIDE * WALK_STANCE / 2, WALK_STANCE, 0.055
        )
        swing = np.cos(2 * np.pi * (phase + shift))
        pose[:, hand] = np.stack(
            [0.03 + 0.15 * swing, np.full_like(swing, 0.03), -0.295 + 0.04 * swing**2],
            axis=1,
        )
    pose[:, 2] = body.hip - 0.02 - 0.014 * np.cos(4 * np.pi * (phase - 0.02))
    pose[:, LEAN] = 0.05
    pose[:, TWIST] = -0.12 * np.cos(2 * np.pi * phase)
    return pose


def run_cycle(phase: np.ndarray, body: PoseProportions) -> np.ndarray:
    """(T, WIDTH) a run: leaning, knees high, elbows bent, both feet off the ground."""
    pose = standing_pose(len(phase), body)
    for foot, hand, shift in ((LEFT_FOOT, RIGHT_HAND, 0), (RIGHT_FOOT, LEFT_HAND, 0.5)):
        _step(pose, foot, phase + shift, RUN_STRIDE * RUN_STANCE / 2, RUN_STANCE, 0.2)
        swing = np.cos(2 * np.pi * (phase + shift))
        pose[:, hand] = np.stack(
            [0.07 + 0.15 * swing, np.full_like(swing, 0.0), -0.14 + 0.07 * swing],
            axis=1,
        )
    pose[:, 2] = body.hip - 0.02 - 0.025 * np.cos(4 * np.pi * (phase - 0.1))
    pose[:, LEAN] = 0.24
    pose[:, TWIST] = -0.2 * np.cos(2 * np.pi * phase)
    return pose


def pedal_cycle(phase: np.ndarray, body: PoseProportions) -> np.ndarray:
    """(T, WIDTH) someone on a bicycle; phase in turns of the crank."""
    pose = standing_pose(len(phase), body)
    pose[:, HIP] = (-0.1, 0, body.hip + 0.03)
    for foot, shift in ((LEFT_FOOT, 0.0), (RIGHT_FOOT, 0.5)):
        angle = 2 * np.pi * (phase + shift)
        pose[:, foot.start] = 0.04 + CRANK * np.cos(angle)
        pose[:, foot.start + 2] = 0.11 - CRANK * np.sin(angle)
    pose[:, LEAN] = 0.42
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = (0.27, -0.01, -0.15)
    return pose


def sidestep_cycle(phase: np.ndarray, body: PoseProportions) -> np.ndarray:
    """(T, WIDTH) small quick steps without a direction."""
    pose = standing_pose(len(phase), body)
    for foot, shift in ((LEFT_FOOT, 0.0), (RIGHT_FOOT, 0.5)):
        lift = np.maximum(0, np.sin(2 * np.pi * (phase + shift)))
        pose[:, foot.start + 2] = 0.07 * lift
    pose[:, 2] = body.hip - 0.05
    pose[:, ROLL] = 0.06 * np.sin(2 * np.pi * phase)
    return pose


def _step(
    pose: np.ndarray,
    foot: slice,
    phase: np.ndarray,
    reach: float,
    stance: float,
    lift: float,
) -> None:
    """A foot that stays where it stands on the ground and swings forward through the air."""
    phase = phase % 1.0
    ground = phase < stance
    swing = np.clip((phase - stance) / (1 - stance), 0, 1)
    eased = (1 - np.cos(np.pi * swing)) / 2
    pose[:, foot.start] = np.where(
        ground, reach * (1 - 2 * phase / stance), reach * (2 * eased - 1)
    )
    pose[:, foot.start + 2] = np.where(ground, 0, lift * np.sin(np.pi * swing**0.8))
