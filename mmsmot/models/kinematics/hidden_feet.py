"""Samples in which something that is not tracked hides the feet."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .box_changes import WINDOW, depth_change, median_pairs, peak_rows, running_medians
from .track_samples import BOTTOM, TOP

# Samples between both windows: what hides the feet comes at once or in a step.
GAPS = (0, 2)
# Logarithm of the box's height: of boxes that a network finds a twentieth is noise.
MIN_CHANGE = 0.12
MAX_SHARE = 0.5  # that top and width change by, of what the height does
# Seconds, of which edges take a sample each: a box that is high for less was drawn around
# two, and the feet before and after it are seen.
MIN_LEVEL = 0.75
# Of the time for which a box is low, how long it must be high beside that: one that is too
# high in the first moments does not say that the feet are hidden ever after. Set between
# two cases, 2 s before 8 (hidden) and 2 before 18 (not); not measured on videos.
MIN_HIGH_SHARE = 0.15
# Seconds without a sample, and spacings of a track's samples, after which a change is not
# looked for between both windows.
MAX_GAP, MAX_GAP_SPACINGS = 0.4, 1.5


def has_hidden_feet(samples: np.ndarray, *, width: int) -> np.ndarray:
    """(N,) whether the lower side of a box is that of what stands before the person.

    A bicycle, a car or a hedge hides the legs: the lower side goes up faster than a person
    goes away from the camera, while the upper side stays and the box keeps its width. Until
    it comes back, the box ends above the feet. The same in the other order. While the track
    is lost or the camera goes to another epoch the feet may come back unseen: a box of
    another height after that is not said to end above them.

    Args:
        samples: (N,) of tracks, by id, then by time.
        width: Of the image, pixels.
    """
    is_hidden = np.zeros(len(samples), bool)
    rows, signs = _height_changes(samples, width)
    track_ids = samples['id']
    heights = np.maximum(samples['box'][:, 3] - samples['box'][:, 1], 1)
    for track_id in np.unique(track_ids[rows]).tolist():
        start, stop = np.searchsorted(track_ids, [track_id, track_id + 1]).tolist()
        is_track = track_ids[rows] == track_id
        changes = dict(
            zip((rows[is_track] + 1).tolist(), signs[is_track].tolist(), strict=True)
        )
        for edge in _unseen_edges(samples[start:stop], heights[start:stop]):
            if all(abs(start + edge - row) > WINDOW for row in changes):
                changes[start + edge] = 0
        edges = [start, *sorted(changes), stop]
        directions = [0, *(changes[row] for row in edges[1:-1]), 0]
        for begin, end in _low_levels(edges, directions, samples['time']):
            begin -= _ramp_length(heights[start:begin][::-1])
            end += _ramp_length(heights[end:stop])
            is_hidden[begin:end] = True
    return is_hidden


def _unseen_edges(track: np.ndarray, heights: np.ndarray) -> list[int]:
    """Rows of a track before which its height may have changed where no window sees it.

    Args:
        track: (M,) samples.
        heights: (M,) of boxes, in pixels, since another epoch has another scale.
    """
    gaps = np.diff(track['time'])
    if not len(gaps):
        return []
    is_break = gaps > max(MAX_GAP, MAX_GAP_SPACINGS * float(np.median(gaps)))
    is_break |= np.diff(track['epoch']) != 0
    logarithms = np.log(heights)
    edges = []
    for edge in (np.flatnonzero(is_break) + 1).tolist():
        # Nor do windows see what changes in the few samples beside the break.
        former = _window_medians(logarithms[max(0, edge - 2 * WINDOW) : edge])
        latter = _window_medians(logarithms[edge : edge + 2 * WINDOW])
        if np.abs(latter[:, None] - former).max() > MIN_CHANGE:
            edges.append(edge)
    return edges


def _window_medians(values: np.ndarray) -> np.ndarray:
    """Of the windows at both ends of a few values."""
    return np.array([np.median(values[:WINDOW]), np.median(values[-WINDOW:])])


def _ramp_length(heights: np.ndarray) -> int:
    """How many samples beside a level are between it and those beyond them.

    Args:
        heights: (M,) of the samples from the level's edge on.
    """
    if len(heights) < 2:
        return 0
    level = np.median(
        heights[WINDOW : 2 * WINDOW] if len(heights) > WINDOW else heights
    )
    is_ramp = np.abs(np.log(heights[:WINDOW] / level)) > MIN_CHANGE / 2
    return int(is_ramp.argmin()) if not is_ramp.all() else len(is_ramp)


def _height_changes(samples: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows after which the lower side alone jumps, and whether up (-1) or down (1)."""
    changes = np.zeros(len(samples))
    medians = running_medians(_box_columns(samples))
    for gap in GAPS:
        change = _lower_side_changes(samples, medians, width, gap)
        rows = np.arange(len(change)) + WINDOW - 1 + gap // 2
        changes[rows] = np.where(
            np.abs(change) > np.abs(changes[rows]), change, changes[rows]
        )
    rows = peak_rows(changes, WINDOW + max(GAPS) // 2)
    return rows, np.sign(changes[rows]).astype(int)


def _box_columns(samples: np.ndarray) -> np.ndarray:
    """(5, N): top, logarithms of height and width, the camera at rest; height; time."""
    boxes, scale = samples['box'], np.abs(samples['turn'])
    points = samples['turn'] * (boxes[:, 0] + 1j * boxes[:, 1]) + samples['shift']
    widths, heights = np.maximum(boxes[:, 2:] - boxes[:, :2], 1).T
    logarithms = np.log(scale * heights), np.log(scale * widths)
    return np.stack([points.imag, *logarithms, heights, samples['time']])


def _lower_side_changes(
    samples: np.ndarray, medians: np.ndarray, width: int, gap: int
) -> np.ndarray:
    """(N - 2 * WINDOW - gap + 1,) logarithm of how the height changes, 0 for none.

    Between the medians of two windows with a gap between them, of one track and one epoch
    of the camera, whose boxes the border does not cut.
    """
    former, latter = median_pairs(medians, gap)
    top_change, height_change, width_change, _, elapsed = latter - former
    if not len(height_change):
        return height_change
    size = np.exp(np.maximum(former[1], latter[1]))
    limit = depth_change(elapsed, np.maximum(former[3], latter[3]), width=width)
    amount = np.abs(height_change)
    is_change = amount > MIN_CHANGE + limit
    is_change &= np.abs(top_change) <= MAX_SHARE * amount * size
    is_change &= width_change * np.sign(height_change) <= MAX_SHARE * amount
    length = 2 * WINDOW + gap
    is_whole = samples['cut'] & (TOP | BOTTOM) == 0
    is_change &= sliding_window_view(is_whole, length).all(axis=1)
    for name in ('id', 'epoch'):
        is_change &= samples[name][: len(size)] == samples[name][length - 1 :]
    return np.where(is_change, height_change, 0.0)


def _low_levels(
    edges: list[int], signs: list[int], time: np.ndarray
) -> list[tuple[int, int]]:
    """The parts of a track that end above the feet, as bounds of rows.

    Those that are lower than a part beside them, and those that are higher for so short
    that it is them that are wrong: they do not end at the feet either.

    Args:
        edges: First row, rows where a part begins, and the row after the last.
        signs: Of the change at each edge; 0 at both ends, and where it is not known.
        time: (N,) seconds, of all rows.
    """
    levels: list[tuple[int, int]] = []
    edges, signs = edges.copy(), signs.copy()
    row = 1
    while row < len(edges) - 2:
        is_peak = signs[row] > 0 and signs[row + 1] < 0
        if is_peak and time[edges[row + 1]] - time[edges[row]] < MIN_LEVEL:
            levels.append((edges[row], edges[row + 1]))
            del edges[row : row + 2], signs[row : row + 2]
            row = max(row - 1, 1)  # both sides of it may be a peak now
        else:
            row += 1
    times = [*time[edges[:-1]].tolist(), float(time[edges[-1] - 1])]
    for row in range(len(edges) - 1):
        # Edges of the part, and of all that rises from it.
        high_start, high_end = row, row + 1
        while signs[high_start] < 0:
            high_start -= 1
        while signs[high_end] > 0:
            high_end += 1
        if high_end - high_start == 1:
            continue
        seconds = times[row + 1] - times[row]
        if times[high_end] - times[high_start] - seconds >= MIN_HIGH_SHARE * seconds:
            levels.append((edges[row], edges[row + 1]))
        else:
            levels += [
                (edges[high_start], edges[row]),
                (edges[row + 1], edges[high_end]),
            ]
    return [(begin, end) for begin, end in levels if begin < end]
