"""The part of a track that is on one person."""

from __future__ import annotations

import numpy as np

from .motion_options import MotionOptions
from .track_kinematics import MAX_SPACING, Kinematics

WALKING_SPEED = 0.8  # body heights a second, 1.4 m/s (Browning et al., 2006)


def longest_piece(track: Kinematics, options: MotionOptions) -> slice:
    """The rows between two jumps of the box to somebody else, the longest in time."""
    points = track.samples['turn'] * (track.x + 1j * track.feet)
    points = points + track.samples['shift']
    sizes = np.abs(track.samples['turn']) * track.height
    gap, travel = np.diff(track.time), np.abs(np.diff(points))
    size = np.minimum(sizes[1:], sizes[:-1])
    is_jump = travel > size * np.maximum(options.jump_travel, options.jump_speed * gap)
    is_jump &= track.samples['cut'][1:] == track.samples['cut'][:-1]
    lost_rows = np.flatnonzero(gap > options.max_gap)
    if not is_jump.any() and not len(lost_rows):
        return slice(0, len(track))
    spacing = float(np.median(gap))
    for row in lost_rows:
        missed, speed = _missed(points, track.time, int(row)) / size[row]
        # From one sample to the next somebody may turn round; while lost, hardly.
        is_regular = gap[row] <= MAX_SPACING * spacing
        turn_allowance = 2 * max(speed, WALKING_SPEED) * gap[row] if is_regular else 0.0
        is_jump[row] |= missed > options.jump_travel + turn_allowance
    epochs = track.samples['epoch']
    is_jump &= epochs[1:] == epochs[:-1]  # else nobody knows
    edges = [0, *(np.flatnonzero(is_jump) + 1).tolist(), len(track)]
    pieces = [slice(a, b) for a, b in zip(edges, edges[1:], strict=False)]
    return max(pieces, key=lambda rows: np.ptp(track.time[rows]))


def _missed(points: np.ndarray, time: np.ndarray, row: int) -> np.ndarray:
    """How far a track is after a gap from where it was going, and how fast that was.

    Forwards in time or backwards, whichever fits better.
    """
    misses = []
    for edge, target, sign in ((row, row + 1, -1), (row + 1, row, 1)):
        window = sign * (time - time[edge])
        rows = np.flatnonzero((window >= 0) & (window <= 1.0))
        # The way across the edge: the second of it that is known.
        span = time[rows[-1]] - time[rows[0]]
        velocity = (points[rows[-1]] - points[rows[0]]) / span if span > 0 else 0j
        guess = points[edge] + velocity * (time[target] - time[edge])
        misses.append((abs(points[target] - guess), abs(velocity)))
    return np.array(min(misses))
