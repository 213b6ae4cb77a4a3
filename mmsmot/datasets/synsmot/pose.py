"""Poses as arrays, and from them the joints of a body by inverse kinematics.

A pose is a row of :data:`WIDTH` numbers in units of the body height, in the body's own
frame: forward, to the body's left, up. Hands are measured from their shoulder, with the
second coordinate outwards, so that both sides are described alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

HIP = slice(0, 3)
LEAN, ROLL, TWIST, NOD, GAZE = range(3, 8)  # radians
LEFT_FOOT, RIGHT_FOOT = slice(8, 11), slice(11, 14)
LEFT_HAND, RIGHT_HAND = slice(14, 17), slice(17, 20)
WIDTH = 20

ANKLE = 0.04
UPPER_ARM, LOWER_ARM = 0.165, 0.155


@dataclass(frozen=True)
class PoseProportions:
    """Lengths as fractions of the body height."""

    hip: float
    torso: float
    head: tuple[float, float]
    shoulders: float
    pelvis: float

    @property
    def leg(self) -> tuple[float, float]:
        """Thigh and shin; stretched they are a little longer than the hip is high."""
        length = self.hip - ANKLE + 0.006
        return 0.51 * length, 0.49 * length


ADULT = PoseProportions(
    hip=0.505, torso=0.305, head=(0.062, 0.078), shoulders=0.1, pelvis=0.05
)
CHILD = PoseProportions(
    hip=0.455, torso=0.295, head=(0.082, 0.096), shoulders=0.1, pelvis=0.05
)


def standing_pose(num_frames: int, body: PoseProportions) -> np.ndarray:
    """(T, WIDTH) someone who stands at ease."""
    pose = np.zeros((num_frames, WIDTH))
    pose[:, HIP] = (0, 0, body.hip)
    pose[:, LEFT_FOOT] = (0.0, 0.05, 0)
    pose[:, RIGHT_FOOT] = (0.0, -0.05, 0)
    pose[:, LEFT_HAND] = pose[:, RIGHT_HAND] = (0.025, 0.035, -0.3)
    return pose


def pose_joints(
    pose: np.ndarray, body: PoseProportions, build: float
) -> dict[str, np.ndarray]:
    """The joints of a body, (T, 3) each, in body heights in the body's own frame.

    Two bones reach for each hand and foot (the law of cosines); knees bend forward,
    elbows backward and down. What is out of reach is reached for.
    """
    hip = pose[:, HIP]
    lean, roll, twist = pose[:, LEAN], pose[:, ROLL], pose[:, TWIST]
    spine = np.stack(
        [np.sin(lean) * np.cos(roll), np.sin(roll), np.cos(lean) * np.cos(roll)], axis=1
    )
    neck = hip + body.torso * spine
    side = np.stack([-np.sin(twist), np.cos(twist), np.zeros_like(twist)], axis=1)
    joints = {'hip': hip, 'neck': neck, 'spine': spine}
    head_way = spine + np.stack([0.6 * pose[:, NOD], 0 * lean, 0 * lean], axis=1)
    head_way /= np.linalg.norm(head_way, axis=1, keepdims=True)
    joints['head'] = neck + head_way * (0.02 + body.head[1] * 1.05)
    for name, sign, foot, hand in (
        ('left', 1, LEFT_FOOT, LEFT_HAND),
        ('right', -1, RIGHT_FOOT, RIGHT_HAND),
    ):
        shoulder = neck - 0.025 * spine + sign * body.shoulders * build * side
        reach = pose[:, hand] * (1, sign, 1)
        elbow_way = np.array([-0.7, 0.45 * sign, -0.6])
        elbow, wrist = _two_bones(
            shoulder, shoulder + reach, UPPER_ARM, LOWER_ARM, elbow_way
        )
        root = hip + sign * body.pelvis * build * side
        ankle = pose[:, foot] + (0, 0, ANKLE)
        knee, ankle = _two_bones(
            root, ankle, *body.leg, np.array([1.0, 0.1 * sign, 0.15])
        )
        joints |= {
            f'{name}_shoulder': shoulder,
            f'{name}_elbow': elbow,
            f'{name}_wrist': wrist,
            f'{name}_root': root,
            f'{name}_knee': knee,
            f'{name}_ankle': ankle,
        }
    return joints


def _two_bones(
    start: np.ndarray, goal: np.ndarray, upper: float, lower: float, bend: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The middle joint and the end of two bones that reach for a goal, (T, 3) each."""
    way = goal - start
    length = np.linalg.norm(way, axis=1, keepdims=True)
    way = way / np.maximum(length, 1e-6)
    length = np.clip(length, abs(upper - lower) + 0.02, upper + lower - 1e-4)
    along = (upper**2 - lower**2 + length**2) / (2 * length)
    off = np.sqrt(np.maximum(upper**2 - along**2, 0))
    across = bend - way * (way @ bend)[:, None]
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-6)
    return start + way * along + across * off, start + way * length
