"""From the script to where everyone is and how everyone's limbs are, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .actions import ACTIONS
from .gait_cycles import RUN_STRIDE, WALK_STRIDE
from .pair_poses import PAIR_POSES
from .pose import ADULT, CHILD, GAZE, RIGHT_HAND, PoseProportions, pose_joints
from .script import Actor, Script, ScriptedAction
from .solo_poses import SOLO_POSES, PoseInput

POSES = SOLO_POSES | PAIR_POSES
BLEND = 2  # frames in which one pose passes into the next
TURN_FRAMES = 3  # a turn is spread over that many


@dataclass(frozen=True)
class ActorMotion:
    """One person over the T frames of a clip.

    Attributes:
        place: (T, 2) metres on the ground.
        heading: (T,) where the body looks, radians.
        gaze: (T,) how far the head is turned to the body's left.
        joints: Name to (T, 3), see :func:`~.pose.pose_joints`.
    """

    place: np.ndarray
    heading: np.ndarray
    gaze: np.ndarray
    joints: dict[str, np.ndarray]


def animate_actor_motion(script: Script) -> list[ActorMotion]:
    """Everyone's motion, in the order of ``script.actors``."""
    frames = script.num_frames
    places = [actor_motion_path(actor, frames) for actor in script.actors]
    motions = []
    for actor, place in zip(script.actors, places, strict=True):
        heading = _headings(actor, place, places)
        body = CHILD if actor.look.is_child else ADULT
        pose = _poses(script, actor, place, places, body)
        if actor.umbrella:
            pose[:, RIGHT_HAND] = (0.11, -0.04, -0.04)
        joints = pose_joints(pose, body, actor.look.build)
        motions.append(ActorMotion(place, heading, pose[:, GAZE], joints))
    return motions


def actor_motion_path(actor: Actor, frames: int) -> np.ndarray:
    """(T, 2) along each state's way at an even pace."""
    place = np.empty((frames, 2))
    for state in actor.states:
        corners = np.array([state.begin, *state.via, state.finish])
        steps = np.hypot(*np.diff(corners, axis=0).T)
        along = np.concatenate([[0], np.cumsum(steps)])
        share = np.arange(state.stop - state.start) / (state.stop - state.start)
        for axis in range(2):
            place[state.start : state.stop, axis] = np.interp(
                share * along[-1], along, corners[:, axis]
            )
    return place


def _headings(actor: Actor, place: np.ndarray, places: list[np.ndarray]) -> np.ndarray:
    """(T,) as the script says, along the way, or towards the partner; turns take time."""
    heading = np.zeros(len(place))
    for state in actor.states:
        span = slice(state.start, state.stop)
        if state.heading is not None:
            heading[span] = state.heading
            continue
        way = np.diff(place[state.start : state.stop + 1], axis=0)
        if ACTIONS[state.action].pace and len(way):
            way = np.concatenate(
                [way, np.tile(way[-1], (state.stop - state.start - len(way), 1))]
            )
        elif state.partner:
            way = places[state.partner - 1][span] - place[span]
        else:
            way = np.tile([0.0, -1.0], (state.stop - state.start, 1))
        heading[span] = np.arctan2(way[:, 1], way[:, 0])
    heading = np.unwrap(heading)
    padded = np.pad(heading, TURN_FRAMES // 2, mode='edge')
    return np.convolve(padded, np.ones(TURN_FRAMES) / TURN_FRAMES, mode='valid')


def _poses(
    script: Script,
    actor: Actor,
    place: np.ndarray,
    places: list[np.ndarray],
    body: PoseProportions,
) -> np.ndarray:
    """(T, WIDTH): each state's pose, blended into the next."""
    way = np.hypot(*np.diff(place, axis=0, prepend=place[:1]).T).cumsum()
    parts = []
    for state in actor.states:
        # Computed a little beyond its end, to blend with what follows.
        stop = min(state.stop + BLEND, script.num_frames)
        parts.append(_state_pose(script, actor, state, stop, way, place, places, body))
    pose = np.concatenate(
        [p[: s.stop - s.start] for p, s in zip(parts, actor.states, strict=True)]
    )
    for index, state in enumerate(actor.states[1:]):
        before = actor.states[index]
        tail = parts[index][before.stop - before.start :]
        for k, late in enumerate(tail[: state.stop - state.start]):
            share = (k + 1) / (BLEND + 1)
            frame = state.start + k
            pose[frame] = share * pose[frame] + (1 - share) * late
    return pose


def _state_pose(
    script: Script,
    actor: Actor,
    state: ScriptedAction,
    stop: int,
    way: np.ndarray,
    place: np.ndarray,
    places: list[np.ndarray],
    body: PoseProportions,
) -> np.ndarray:
    frames = np.arange(state.start, stop)
    length = max(state.stop - state.start - 1, 1)
    stride = RUN_STRIDE if ACTIONS[state.action].pace == 'run' else WALK_STRIDE
    gap, other = np.ones(len(frames)), 1.7
    if state.partner:
        gap = np.hypot(*(places[state.partner - 1][frames] - place[frames]).T)
        other = script.actor(state.partner).look.stature
    moment = PoseInput(
        body=body,
        stature=actor.look.stature,
        time=(frames - state.start) / script.fps,
        progress=np.clip((frames - state.start) / length, 0, 1),
        phase=way[frames] / (stride * actor.look.stature) + actor.beat,
        beat=actor.beat,
        gap=gap,
        other=other,
    )
    return POSES[state.action](moment)
