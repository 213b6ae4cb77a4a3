"""Filling and smoothing trajectories after the fact."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
from mmengine.logging import print_log

from .boxes import valid_boxes
from .runs import positions_in_runs
from .trajectories import Trajectories

WINDOW = 368  # boxes, 10^3 / e: with the paper's tau of 10 their scale is 10 frames


def interpolate_linearly(
    trajectories: Trajectories,
    max_gap: int = 20,
    frame_ids: np.ndarray | None = None,
    min_boxes: int = 1,
) -> Trajectories:
    """Fill the frames a trajectory misses on a straight line.

    Boxes and scores are interpolated between the boxes before and after the gap, where both
    are of one class; ``det_index`` is -1 (ByteTrack, section 4, "tracklet
    interpolation"; StrongSORT, section 3.4).

    Args:
        trajectories: R rows.
        max_gap: The longest gap that is filled, in missed frames of the original video,
            looked at or not.
        frame_ids: (T,) original numbers of the frames that were tracked, the only ones
            to be filled; ``None`` for all. Videos read with a stride, or with numbers
            that have holes, need it: a box on a frame that was not read has no ground truth
            to be scored against.
        min_boxes: A trajectory of fewer boxes stays as it is.

    Returns:
        The rows given and those filled in.
    """
    prev_rows, next_rows, counts = _gaps(trajectories, max_gap, min_boxes)
    if not len(counts):
        return trajectories
    step = positions_in_runs(counts) + 1
    weight = step / (np.repeat(counts, counts) + 1)
    prev_rows, next_rows = np.repeat(prev_rows, counts), np.repeat(next_rows, counts)
    if frame_ids is not None:
        is_frame = np.isin(trajectories.frame_ids[prev_rows] + step, frame_ids)
        prev_rows, next_rows, step, weight = (
            column[is_frame] for column in (prev_rows, next_rows, step, weight)
        )

    def blend(values: np.ndarray) -> np.ndarray:
        w = weight if values.ndim == 1 else weight[:, None]
        return values[prev_rows] * (1 - w) + values[next_rows] * w

    filled = Trajectories(
        frame_ids=trajectories.frame_ids[prev_rows] + step,
        ids=trajectories.ids[prev_rows],
        boxes=blend(trajectories.boxes),
        scores=blend(trajectories.scores),
        labels=trajectories.labels[prev_rows],
        visibility=blend(trajectories.visibility),
        space=trajectories.space,
    )
    return trajectories.concatenated(filled)


def _gaps(
    trajectories: Trajectories, max_gap: int, min_boxes: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The gaps to fill: the rows before and behind each, and the frames missed, (G,)."""
    order = np.lexsort((trajectories.frame_ids, trajectories.ids))
    ids, frames = trajectories.ids[order], trajectories.frame_ids[order]
    labels = trajectories.labels[order]
    is_continued = (ids[1:] == ids[:-1]) & (labels[1:] == labels[:-1])
    missed = np.where(is_continued, frames[1:] - frames[:-1] - 1, 0)
    _, track_rows, box_counts = np.unique(ids, return_inverse=True, return_counts=True)
    is_long = box_counts[track_rows][1:] >= min_boxes
    gaps = np.flatnonzero((missed > 0) & (missed <= max_gap) & is_long)
    return order[gaps], order[gaps + 1], missed[gaps]


def smooth_gaussian(
    trajectories: Trajectories,
    tau: float = 10.0,
    noise: float = 1.0,
    window: int | None = WINDOW,
) -> Trajectories:
    """Smooth each trajectory's boxes by Gaussian process regression over time.

    Gaussian-smoothed interpolation (GSI) of StrongSORT (section 3.4, eqs. 8 to 10):
    each box coordinate is a Gaussian process of the frame number with an RBF kernel of
    length scale ``clip(tau * log(tau^3 / l), 1 / tau, tau^2)`` for a trajectory of ``l``
    boxes. The paper leaves mean and variances open: the mean is a straight line (a
    constant one would flatten the motion of short trajectories, whose scale is longest),
    and the signal's variance is that of the coordinate around it. Run
    :func:`interpolate_linearly` first. Where a trajectory changes its class, what is
    before and what is behind are smoothed by themselves.

    At ``tau^3 / e`` boxes the scale is ``tau``; from there it sinks fast, at ``tau^3``
    nothing is smoothed any more, and the time grows with the third power of the boxes.
    So trajectories of more than ``window`` boxes go in windows of so many (ours), each
    smoothed as a trajectory of its own and faded into the next one over half of its
    length. On walks with 1 pixel of noise that is within 0.1 pixels (root mean square; 1
    pixel at most) of one regression over all boxes with the window's scale. Trajectories of
    up to ``window`` boxes get the published formula itself.

    The corners are smoothed on their own, so that those of a small box may cross: such a
    box stays as it was, which is counted in the log.

    Args:
        trajectories: R rows.
        tau: The smoothness hyper-parameter, 10 in the paper.
        noise: Standard deviation of the boxes' noise in pixels.
        window: Boxes; ``None``: the published formula whatever the length.

    Returns:
        The same rows with smoothed boxes.
    """
    boxes = trajectories.boxes.copy()
    order = np.lexsort((trajectories.frame_ids, trajectories.ids))
    ids, labels = trajectories.ids[order], trajectories.labels[order]
    is_start = (ids[1:] != ids[:-1]) | (labels[1:] != labels[:-1])
    for rows in np.split(order, np.flatnonzero(is_start) + 1) if len(order) else []:
        time = trajectories.frame_ids[rows].astype(np.float64)
        boxes[rows] = _smoothed(time, boxes[rows], tau, noise, window or len(rows))
    crossed = ~valid_boxes(boxes)
    if crossed.any():
        boxes[crossed] = trajectories.boxes[crossed]
        print_log(
            f'{int(crossed.sum())} of {len(boxes)} boxes would be empty when smoothed; '
            'left as they were',
            logger='current',
            level=logging.INFO,
        )
    return replace(trajectories, boxes=boxes)


def _smoothed(
    time: np.ndarray, boxes: np.ndarray, tau: float, noise: float, window: int
) -> np.ndarray:
    """The boxes (l, 4) of one trajectory at the times (l,), smoothed."""
    length = min(len(time), window)
    scale = np.clip(tau * np.log(tau**3 / length), 1 / tau, tau**2)
    last_start = len(time) - length
    if not last_start:
        return _Kernel(scale).regress(time, boxes, noise)
    steps = -(-last_start // max(length // 2, 1))
    starts = np.linspace(0, last_start, steps + 1).astype(int)
    # How much each box of a window counts beside those of its neighbours.
    weight = np.minimum(np.arange(length) + 1, np.arange(length, 0, -1))[:, None]
    total, weights = np.zeros_like(boxes), np.zeros((len(time), 1))
    kernel = _Kernel(scale)
    for start in starts:
        part = slice(start, start + length)
        total[part] += weight * kernel.regress(time[part], boxes[part], noise)
        weights[part] += weight
    return total / weights


class _Kernel:
    """An RBF kernel over times, decomposed once for windows with the same steps."""

    def __init__(self, scale: float) -> None:
        self.scale = scale
        self._offsets = np.empty(0)

    def regress(self, time: np.ndarray, boxes: np.ndarray, noise: float) -> np.ndarray:
        """The mean (l, 4) of the process at the times (l,) of the boxes (l, 4)."""
        offsets = time - time[0]
        if not np.array_equal(offsets, self._offsets):
            kernel = np.exp(-0.5 * ((time[:, None] - time) / self.scale) ** 2)
            # One eigendecomposition serves the coordinates, whose variances differ.
            self._values, self._vectors = np.linalg.eigh(kernel)
            self._offsets = offsets
        line = np.column_stack([np.ones(len(time)), time - time.mean()])
        mean = line @ np.linalg.lstsq(line, boxes, rcond=None)[0]
        residual = boxes - mean
        signal = np.maximum(self._values, 0)[:, None] * residual.var(axis=0)
        gain = signal / (signal + noise**2)
        return mean + self._vectors @ (gain * (self._vectors.T @ residual))
