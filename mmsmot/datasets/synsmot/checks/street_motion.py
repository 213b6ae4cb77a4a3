"""Motions that an expression of the street names, against boxes that move."""

from __future__ import annotations

import numpy as np

from .clip_evidence import ClipEvidence
from .findings import Findings

MIN_RUN = 5  # frames of a run of frames, to judge motion
STILL = 0.10  # of the box's size, that a standing object may move in a run
MOVES = 0.08  # of the box's size, that a moving one must; far ones creep
# Of those who surely move: least way in three frames, in sizes of the box, and the
# greatest share of it that is up or down of one who surely goes to the left or right.
SURE_WAY, SURE_LATERAL, HALF_RUN = 0.3, 0.1, 3
SURE_DIRECTIONS = {
    'moving': 0,
    'walking': 0,
    'moving to the left': -1,
    'walking to the left': -1,
    'moving to the right': 1,
    'walking to the right': 1,
}


def check_street_motion(
    clip: ClipEvidence,
    findings: Findings,
    sentence: str,
    motion: str,
    listed_boxes: set[tuple[int, int]],
) -> None:
    """Over each run of listed frames the box moves as the words say."""
    for number in sorted({number for _, number in listed_boxes}):
        frames = np.array(sorted(f for f, n in listed_boxes if n == number))
        for run in np.split(frames, np.flatnonzero(np.diff(frames) > 1) + 1):
            rows = clip.rows[
                (clip.rows[:, 1] == number) & np.isin(clip.rows[:, 0], run)
            ]
            # A box that the image's edge cuts off has no place that can be measured.
            if len(run) < MIN_RUN or _is_cut(clip, rows):
                continue
            reason = _motion_error(rows, motion)
            text = f'{sentence}: {clip.name(number)} {run[0]}-{run[-1]} {reason}'
            findings.test('expression: motion', not reason, clip.folder, text)


def clear_motion_frames(clip: ClipEvidence, number: int, motion: str) -> list[int]:
    """Frames in which the boxes leave no doubt that an object moves so.

    Three frames before and three after it the object is in full view and goes the same
    way. Of motions that are not in :data:`SURE_DIRECTIONS` nothing is sure.
    """
    rows = clip.rows[clip.rows[:, 1] == number]
    direction = SURE_DIRECTIONS.get(motion)
    frames = []
    for middle in range(HALF_RUN, len(rows) - HALF_RUN):
        run = rows[middle - HALF_RUN : middle + HALF_RUN + 1]
        is_whole = run[-1, 0] - run[0, 0] == 2 * HALF_RUN and run[:, 6].min() >= 0.9
        if direction is None or not is_whole or _is_cut(clip, run):
            continue
        size = float(np.sqrt(run[:, 4] * run[:, 5]).mean())
        foot = np.stack([run[:, 2] + run[:, 4] / 2, run[:, 3] + run[:, 5]], 1)
        halves = (foot[HALF_RUN] - foot[0], foot[-1] - foot[HALF_RUN])
        is_sure = all(np.hypot(*way) >= SURE_WAY * size for way in halves)
        if direction:
            is_sure &= all(
                way[0] * direction > 0 and abs(way[1]) <= SURE_LATERAL * abs(way[0])
                for way in halves
            )
        if is_sure:
            frames.append(int(run[HALF_RUN, 0]))
    return frames


def _is_cut(clip: ClipEvidence, rows: np.ndarray) -> bool:
    """Whether some box touches the image's edge."""
    height, width = clip.image(1).shape[:2]
    x, y, w, h = rows[:, 2:6].T
    return bool(((x <= 0) | (y <= 0) | (x + w >= width) | (y + h >= height)).any())


def _motion_error(rows: np.ndarray, motion: str) -> str:
    """Why boxes cannot move as said, '' where they may."""
    x = rows[:, 2] + rows[:, 4] / 2
    y = rows[:, 3] + rows[:, 5]
    size = float(np.sqrt(rows[:, 4] * rows[:, 5]).mean())
    way = np.hypot(np.ptp(x), np.ptp(y)) / size
    dx, dy = (x[-1] - x[0]) / size, (y[-1] - y[0]) / size
    if motion in ('waiting', 'parking', 'standing still'):
        return '' if way <= STILL + 2 / size else f'moves {way:.2f}'
    if motion in ('facing the camera', 'facing away', 'seen from the side'):
        return _facing_error(dx, dy, way, motion)
    if way < MOVES:
        return f'moves {way:.2f} only'
    if motion in ('turning left', 'turning right'):
        return _turn_error(x, y, size, motion)
    wrong = {
        # Traffic keeps right: on the near side of the road it goes to the right.
        'moving in the counter direction': dx >= 0,
        'coming towards the camera': dy <= 0,
        'moving away from the camera': dy >= 0,
        'moving to the left': dx >= 0,
        'walking to the left': dx >= 0,
        'moving to the right': dx <= 0,
        'walking to the right': dx <= 0,
    }.get(motion, False)
    return f'way {dx:.2f}, {dy:.2f}' if wrong else ''


def _facing_error(dx: float, dy: float, way: float, motion: str) -> str:
    """Who moves goes where he faces; of who stands nothing is told by boxes."""
    if way < 0.5:
        return ''
    wrong = {
        'facing the camera': dy < 0,
        'facing away': dy > 0,
        'seen from the side': abs(dx) < abs(dy),
    }[motion]
    return f'way {dx:.2f}, {dy:.2f}' if wrong else ''


def _turn_error(x: np.ndarray, y: np.ndarray, size: float, motion: str) -> str:
    """To the left the way bends against the clock, as the ground is seen from above."""
    third = max(len(x) // 3, 1)
    initial = x[third] - x[0], y[0] - y[third]
    final = x[-1] - x[-1 - third], y[-1 - third] - y[-1]
    if min(np.hypot(*initial), np.hypot(*final)) < 0.08 * size:
        return ''  # too slow at one end to have a direction
    cross = initial[0] * final[1] - initial[1] * final[0]
    bends_left = cross > 0
    return '' if bends_left == (motion == 'turning left') else f'bends {cross:.1f}'
