"""The part of a track that is on one person."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ...structures.runs import run_slices
from .box_changes import WINDOW, depth_change, median_pairs, peak_rows, running_medians
from .clothing import FITTING, SURE
from .motion_options import MotionOptions
from .track_kinematics import HIDDEN, MAX_SPACING, Kinematics
from .track_samples import LEFT, RIGHT

WALKING_SPEED = 0.8  # body heights a second, 1.4 m/s (Browning et al., 2006)
# Logarithm of height and width: a box on somebody else is larger or smaller in both. What
# hides a part changes one of them, and a fast walker's distance from the camera less.
MIN_SIZE_CHANGE = 0.15
# A box that goes out of the image and is lost does not come back from inside; so far it goes
# in the last seconds, body heights, beyond noise.
BORDER_SECONDS, MIN_BORDER_TRAVEL = 0.6, 0.05
MAX_PEAK = 1.0  # seconds: a box around two people for so long, then around one again
# Views of a median of colours, and how much they differ at least: sums over both body parts
# of the shares that change their term, 0 to 4. Along GT tracks of PETS09-S2L1 and TUD 2.6 %
# of the places differ by more, of two people of a video 62 % do. So it counts only where
# the box may have gone to somebody else: beside a hidden, a lost or a changed box.
VIEWS, MAX_COLOUR_CHANGE = 4, 1.75
# Colours that differ by more cut a track anywhere: .2 % of the places (in one GT track of 27)
# do, and 11 % of two people of a video.
SURE_COLOUR_CHANGE = 3.0
MAX_VIEW_OCCLUSION = 0.1
SUSPECT_SECONDS, SUSPECT_SIZE_CHANGE = 0.6, 0.1
MAX_SUSPECT = 0.5  # of a track; of one that is mostly suspect nothing is told apart


def longest_pieces(
    tracks: Kinematics, options: MotionOptions, *, width: int
) -> list[slice]:
    """Of each track the rows between two jumps to somebody else, the longest in time.

    Args:
        tracks: By id, then by time.
        options: How far somebody can get.
        width: Of the image, pixels.
    """
    samples = tracks.samples
    track_rows = run_slices(samples['id'])
    is_jump = _is_place_jump(tracks, track_rows, options)
    size_changes = _size_changes(tracks, width)
    is_suspect = _is_suspect(tracks, size_changes, options)
    pieces = []
    for rows in track_rows:
        jumps = [
            _size_jumps(size_changes[rows], tracks.time[rows]),
            _colour_jumps(samples[rows], tracks.time[rows], is_suspect[rows]),
        ]
        edges = np.flatnonzero(is_jump[rows]).tolist()
        if not (edges or jumps[0] or jumps[1]):
            pieces.append(rows)
            continue
        edges = rows.start + 1 + np.unique([*edges, *jumps[0], *jumps[1]]).astype(int)
        bounds = [rows.start, *edges.tolist(), rows.stop]
        parts = [slice(a, b) for a, b in zip(bounds, bounds[1:], strict=False) if b > a]
        pieces.append(max(parts, key=lambda part: np.ptp(tracks.time[part])))
    return pieces


def _is_place_jump(
    tracks: Kinematics, track_rows: Sequence[slice], options: MotionOptions
) -> np.ndarray:
    """(N,) whether the box goes further than its person can to the next sample."""
    samples, time = tracks.samples, tracks.time
    points = samples['turn'] * (tracks.x + 1j * tracks.feet) + samples['shift']
    sizes = np.abs(samples['turn']) * tracks.height
    gap, travel = np.diff(time), np.abs(np.diff(points))
    size = np.minimum(sizes[1:], sizes[:-1])
    is_jump = travel > size * np.maximum(options.jump_travel, options.jump_speed * gap)
    is_jump &= samples['cut'][1:] == samples['cut'][:-1]
    is_lost = gap > options.max_gap
    for rows in track_rows if is_lost.any() else ():
        lost_rows = np.flatnonzero(is_lost[rows.start : rows.stop - 1])
        if len(lost_rows):
            is_jump[rows.start + lost_rows] |= _is_jump_while_lost(
                samples[rows], points[rows], size[rows], lost_rows, options
            )
    epochs = samples['epoch']
    is_jump &= epochs[1:] == epochs[:-1]  # else nobody knows
    return np.append(is_jump & (samples['id'][1:] == samples['id'][:-1]), False)


def _is_jump_while_lost(
    samples: np.ndarray,
    points: np.ndarray,
    sizes: np.ndarray,
    lost_rows: np.ndarray,
    options: MotionOptions,
) -> np.ndarray:
    """(L,) whether a track is not where its person can be after each gap.

    Args:
        samples: (M,) of one track.
        points: (M,) where the feet are, the camera at rest.
        sizes: Of the smaller box beside each row's gap, by rows.
        lost_rows: (L,) the last ones before the gaps.
        options: How far somebody can get.
    """
    time = samples['time']
    gaps = np.diff(time)
    spacing = float(np.median(gaps))
    is_jump = np.zeros(len(lost_rows), bool)
    for number, row in enumerate(lost_rows.tolist()):
        miss, speed = _prediction_miss(points, time, row) / sizes[row]
        # From one sample to the next somebody may turn round; while lost, hardly.
        is_regular = gaps[row] <= MAX_SPACING * spacing
        # Outside of the image they turn round, too, and come back over its border.
        is_outside = _is_outside(samples['cut'], row)
        can_turn = is_regular or is_outside
        allowance = 2 * max(speed, WALKING_SPEED) * gaps[row] * can_turn
        is_jump[number] = miss > options.jump_travel + allowance or (
            not is_outside and _crosses_border(samples, row)
        )
    return is_jump


def _prediction_miss(points: np.ndarray, time: np.ndarray, row: int) -> np.ndarray:
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


def _is_outside(cut: np.ndarray, row: int) -> bool:
    """Whether one lateral border of the image cuts a box before a gap and after it.

    Args:
        cut: (N,) of one track.
        row: The last one before the gap.
    """
    sides = (cut[row : row + 2] & (LEFT | RIGHT)).tolist()
    return sides in ([LEFT, LEFT], [RIGHT, RIGHT])


def _crosses_border(samples: np.ndarray, row: int) -> bool:
    """Whether a box goes out of the image before a gap, or comes in after it.

    Args:
        samples: (N,) of one track.
        row: The last one before the gap.
    """
    time, boxes = samples['time'], samples['box']
    for edge, sign in ((row, -1), (row + 1, 1)):
        cut = int(samples['cut'][edge]) & (LEFT | RIGHT)
        if cut not in (LEFT, RIGHT):
            continue
        window = sign * (time - time[edge])
        rows = np.flatnonzero((window >= 0) & (window <= BORDER_SECONDS))
        inner_side = boxes[:, 0 if cut == RIGHT else 2]
        travel = inner_side[edge] - inner_side[rows[0 if sign < 0 else -1]]
        outwards = travel if cut == RIGHT else -travel
        if outwards > MIN_BORDER_TRAVEL * (boxes[edge, 3] - boxes[edge, 1]):
            return True
    return False


def _size_changes(tracks: Kinematics, width: int) -> np.ndarray:
    """(N,) how much larger (above 0) or smaller the box is after each sample.

    Logarithms, beyond what the distance from the camera explains, of the one of height and
    width that changes less; 0 where both do not change alike. Of boxes that nothing cuts or
    hides.
    """
    samples = tracks.samples
    changes = np.zeros(len(tracks))
    is_whole = (samples['cut'] == 0) & (samples['occlusion'] < HIDDEN)
    rows = np.flatnonzero(is_whole)
    boxes, scale = samples['box'][rows], np.abs(samples['turn'][rows])
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 1.0).T
    columns = np.stack([*np.log(scale * sides), sides[1], tracks.time[rows]])
    former, latter = median_pairs(running_medians(columns), 0)
    width_change, height_change, _, elapsed = latter - former
    limit = depth_change(elapsed, np.maximum(former[2], latter[2]), width=width)
    size = np.minimum(np.abs(width_change), np.abs(height_change)) - limit
    is_alike = (width_change * height_change > 0) & (size > 0)
    first_rows, end_rows = rows[: len(size)], rows[len(rows) - len(size) :]
    for name in ('id', 'epoch'):  # across two epochs the zoom is not known
        is_alike &= samples[name][first_rows] == samples[name][end_rows]
    last_rows = rows[WINDOW - 1 : WINDOW - 1 + len(size)]
    changes[last_rows] = np.where(is_alike, size * np.sign(height_change), 0.0)
    return changes


def _size_jumps(changes: np.ndarray, time: np.ndarray) -> list[int]:
    """Rows of a track after which the box is on somebody of another size.

    One that is as before within :data:`MAX_PEAK` was around two in between.
    """
    sudden_changes = np.where(np.abs(changes) > MIN_SIZE_CHANGE, changes, 0.0)
    jumps: list[int] = []
    rows = peak_rows(sudden_changes, WINDOW).tolist() if sudden_changes.any() else ()
    for row in rows:
        is_back = jumps and changes[jumps[-1]] * changes[row] < 0
        if is_back and time[row] - time[jumps[-1]] <= MAX_PEAK:
            jumps.pop()
        else:
            jumps.append(row)
    return jumps


def _colour_jumps(
    samples: np.ndarray, time: np.ndarray, is_suspect: np.ndarray
) -> list[int]:
    """Rows of a track after which clothes have other colours.

    Near suspect rows, if no more than :data:`MAX_SUSPECT` of them are; a change beyond doubt
    anywhere.
    """
    is_clear = (samples['cut'] == 0) & (samples['occlusion'] <= MAX_VIEW_OCCLUSION)
    views = np.flatnonzero(is_clear & samples['shares'].any(axis=(1, 2)))
    if len(views) < 2 * VIEWS:
        return []
    terms = np.s_[SURE.start : FITTING.stop]
    shares = samples['shares'][views][:, :, terms].reshape(len(views), -1) / 255
    medians = np.median(sliding_window_view(shares, VIEWS, axis=0), axis=2)
    changes = np.abs(medians[VIEWS:] - medians[:-VIEWS]).sum(axis=1) / 2
    changes[changes < MAX_COLOUR_CHANGE] = 0.0
    if not changes.any():
        return []
    suspects_count = is_suspect.mean() <= MAX_SUSPECT
    suspect_times = time[is_suspect & suspects_count]
    jumps: list[int] = []
    for row in (peak_rows(changes, VIEWS) + VIEWS).tolist():
        begin, end = time[views[row - 1]], time[views[row]]
        is_near = suspect_times >= begin - SUSPECT_SECONDS
        is_near &= suspect_times <= end + SUSPECT_SECONDS
        if changes[row - VIEWS] > SURE_COLOUR_CHANGE or is_near.any():
            # What lies between the two views belongs to nobody for sure.
            jumps += [int(views[row - 1]), int(views[row]) - 1]
    return jumps


def _is_suspect(
    tracks: Kinematics, size_changes: np.ndarray, options: MotionOptions
) -> np.ndarray:
    """(N,) whether the box may have gone to somebody else at a sample, or after it."""
    is_suspect = tracks.samples['occlusion'] > MAX_VIEW_OCCLUSION
    is_suspect |= np.abs(size_changes) > SUSPECT_SIZE_CHANGE
    gaps = np.diff(tracks.time)
    is_lost = (gaps > options.max_gap) & (np.diff(tracks.samples['id']) == 0)
    is_suspect[:-1] |= is_lost
    return is_suspect
