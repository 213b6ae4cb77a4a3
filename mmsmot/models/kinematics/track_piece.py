"""The part of a track that is on one person."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .box_changes import WINDOW, depth_change, peak_rows, windowed_medians
from .clothing import FITTING, SURE
from .motion_options import MotionOptions
from .track_kinematics import HIDDEN, MAX_SPACING, Kinematics

WALKING_SPEED = 0.8  # body heights a second, 1.4 m/s (Browning et al., 2006)
# Logarithm of height and width: a box on somebody else is larger or smaller in both. What
# hides a part changes one of them, and a fast walker's distance from the camera less.
MIN_SIZE_CHANGE = 0.15
MAX_PEAK = 1.0  # seconds: a box around two people for so long, then around one again
# Views of a median of colours, and how much they differ at least: sums over both body parts
# of the shares that change their term, 0 to 4. Along GT tracks of PETS09-S2L1 and TUD 2.6 %
# of the places differ by more, of two people of a video 67 % do. So it counts only where
# the box may have gone to somebody else: beside a hidden, a lost or a changed box.
VIEWS, MAX_COLOUR_CHANGE = 4, 1.75
MAX_VIEW_OCCLUSION = 0.1
SUSPECT_SECONDS, SUSPECT_SIZE_CHANGE = 0.6, 0.1


def longest_piece(track: Kinematics, options: MotionOptions, *, width: int) -> slice:
    """The rows between two jumps of the box to somebody else, the longest in time.

    Args:
        track: Its samples, one or more.
        options: How far somebody can get.
        width: Of the image, pixels.
    """
    points = track.samples['turn'] * (track.x + 1j * track.feet)
    points = points + track.samples['shift']
    sizes = np.abs(track.samples['turn']) * track.height
    is_jump = _is_place_jump(track, points, sizes, options)
    epochs = track.samples['epoch']
    is_jump &= epochs[1:] == epochs[:-1]  # else nobody knows
    size_changes = _size_changes(track, width)
    is_jump[_size_jumps(size_changes, track.time)] = True
    is_jump[_colour_jumps(track, size_changes, options)] = True
    if not is_jump.any():
        return slice(0, len(track))
    edges = [0, *(np.flatnonzero(is_jump) + 1).tolist(), len(track)]
    pieces = [slice(a, b) for a, b in zip(edges, edges[1:], strict=False)]
    return max(pieces, key=lambda rows: np.ptp(track.time[rows]))


def _is_place_jump(
    track: Kinematics, points: np.ndarray, sizes: np.ndarray, options: MotionOptions
) -> np.ndarray:
    """(N - 1,) whether the box goes further than its person can to the next sample."""
    gap, travel = np.diff(track.time), np.abs(np.diff(points))
    size = np.minimum(sizes[1:], sizes[:-1])
    is_jump = travel > size * np.maximum(options.jump_travel, options.jump_speed * gap)
    is_jump &= track.samples['cut'][1:] == track.samples['cut'][:-1]
    lost_rows = np.flatnonzero(gap > options.max_gap)
    if not len(lost_rows):
        return is_jump
    spacing = float(np.median(gap))
    for row in lost_rows:
        missed, speed = _missed(points, track.time, int(row)) / size[row]
        # From one sample to the next somebody may turn round; while lost, hardly.
        is_regular = gap[row] <= MAX_SPACING * spacing
        turn_allowance = 2 * max(speed, WALKING_SPEED) * gap[row] if is_regular else 0.0
        is_jump[row] |= missed > options.jump_travel + turn_allowance
    return is_jump


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


def _size_changes(track: Kinematics, width: int) -> np.ndarray:
    """(N - 1,) how much larger (above 0) or smaller the box is after each sample.

    Logarithms, beyond what the distance from the camera explains, of the one of height and
    width that changes less; 0 where both do not change alike. Of boxes that nothing cuts or
    hides.
    """
    changes = np.zeros(max(len(track) - 1, 0))
    is_whole = (track.samples['cut'] == 0) & (track.samples['occlusion'] < HIDDEN)
    rows = np.flatnonzero(is_whole)
    boxes, scale = track.samples['box'][rows], np.abs(track.samples['turn'][rows])
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 1.0).T
    columns = np.stack([*np.log(scale * sides), sides[1], track.time[rows]])
    former, latter = windowed_medians(columns, 0)
    wider, higher, _, elapsed = latter - former
    limit = depth_change(elapsed, np.maximum(former[2], latter[2]), width=width)
    size = np.minimum(np.abs(wider), np.abs(higher)) - limit
    is_alike = (wider * higher > 0) & (size > 0)
    last_rows = rows[WINDOW - 1 : WINDOW - 1 + len(size)]
    changes[last_rows] = np.where(is_alike, size * np.sign(higher), 0.0)
    return changes


def _size_jumps(changes: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Rows after which the box is on somebody of another size.

    One that is as before within :data:`MAX_PEAK` was around two in between.
    """
    sudden_changes = np.where(np.abs(changes) > MIN_SIZE_CHANGE, changes, 0.0)
    jumps: list[int] = []
    for row in peak_rows(sudden_changes, WINDOW).tolist():
        is_back = jumps and changes[jumps[-1]] * changes[row] < 0
        if is_back and time[row] - time[jumps[-1]] <= MAX_PEAK:
            jumps.pop()
        else:
            jumps.append(row)
    return np.array(jumps, int)


def _colour_jumps(
    track: Kinematics, size_changes: np.ndarray, options: MotionOptions
) -> np.ndarray:
    """Rows after which clothes have other colours, where the box may have moved on."""
    samples = track.samples
    is_clear = (samples['cut'] == 0) & (samples['occlusion'] <= MAX_VIEW_OCCLUSION)
    views = np.flatnonzero(is_clear & samples['shares'].any(axis=(1, 2)))
    if len(views) < 2 * VIEWS:
        return views[:0]
    suspect_times = track.time[_suspect_rows(track, size_changes, options)]
    if not len(suspect_times):
        return views[:0]
    terms = np.s_[SURE.start : FITTING.stop]
    shares = samples['shares'][views, :, terms].reshape(len(views), -1) / 255
    medians = np.median(sliding_window_view(shares, VIEWS, axis=0), axis=2)
    changes = np.abs(medians[VIEWS:] - medians[:-VIEWS]).sum(axis=1) / 2
    changes[changes < MAX_COLOUR_CHANGE] = 0.0
    jumps = []
    for row in (peak_rows(changes, VIEWS) + VIEWS).tolist():
        begin, end = track.time[views[row - 1]], track.time[views[row]]
        is_near = suspect_times >= begin - SUSPECT_SECONDS
        if (is_near & (suspect_times <= end + SUSPECT_SECONDS)).any():
            # What lies between the two views belongs to nobody for sure.
            jumps += [views[row - 1], views[row] - 1]
    return np.array(jumps, int)


def _suspect_rows(
    track: Kinematics, size_changes: np.ndarray, options: MotionOptions
) -> np.ndarray:
    """Rows where the box may have gone to somebody else."""
    is_suspect = track.samples['occlusion'] > MAX_VIEW_OCCLUSION
    is_suspect[:-1] |= np.abs(size_changes) > SUSPECT_SIZE_CHANGE
    gaps = np.diff(track.time)
    is_suspect[:-1] |= gaps > max(options.max_gap, MAX_SPACING * np.median(gaps))
    return np.flatnonzero(is_suspect)
