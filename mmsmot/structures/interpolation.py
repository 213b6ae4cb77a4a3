"""Filling and smoothing trajectories after the fact."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
from mmengine.logging import print_log

from .boxes import valid_boxes
from .trajectories import Trajectories


def interpolate_linearly(
    trajectories: Trajectories,
    max_gap: int = 20,
    frame_ids: np.ndarray | None = None,
) -> Trajectories:
    """Fill the frames a trajectory misses on a straight line.

    Boxes and scores are interpolated between the boxes before and after the gap; labels
    are those before it, ``det_index`` is -1 (ByteTrack, section 4, "tracklet
    interpolation"; StrongSORT, section 3.4).

    Args:
        trajectories: R rows.
        max_gap: The longest gap that is filled, in missed frames of the original video,
            looked at or not.
        frame_ids: (T,) original numbers of the frames that were looked at, the only ones
            to be filled; ``None`` for all. Videos read with a stride, or with numbers
            that have holes, need it: a box on a frame that nobody looked at has no truth
            to be scored against.

    Returns:
        The rows given and those filled in.
    """
    order = np.lexsort((trajectories.frame_ids, trajectories.ids))
    ids, frames = trajectories.ids[order], trajectories.frame_ids[order]
    missed = np.where(ids[1:] == ids[:-1], frames[1:] - frames[:-1] - 1, 0)
    gaps = np.flatnonzero((missed > 0) & (missed <= max_gap))
    if not len(gaps):
        return trajectories
    counts = missed[gaps]
    before, after = order[np.repeat(gaps, counts)], order[np.repeat(gaps + 1, counts)]
    # 1, 2, ... inside each gap
    step = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    weight = step / (np.repeat(counts, counts) + 1)
    if frame_ids is not None:
        seen = np.isin(trajectories.frame_ids[before] + step, frame_ids)
        before, after, step, weight = (a[seen] for a in (before, after, step, weight))

    def blend(values: np.ndarray) -> np.ndarray:
        w = weight if values.ndim == 1 else weight[:, None]
        return values[before] * (1 - w) + values[after] * w

    filled = Trajectories(
        frame_ids=trajectories.frame_ids[before] + step,
        ids=trajectories.ids[before],
        boxes=blend(trajectories.boxes),
        scores=blend(trajectories.scores),
        labels=trajectories.labels[before],
        visibility=blend(trajectories.visibility),
        space=trajectories.space,
    )
    return trajectories.concatenated(filled)


def smooth_gaussian(
    trajectories: Trajectories, tau: float = 10.0, noise: float = 1.0
) -> Trajectories:
    """Smooth each trajectory's boxes by Gaussian process regression over time.

    Gaussian-smoothed interpolation (GSI) of StrongSORT (section 3.4, eqs. 8 to 10):
    each box coordinate is a Gaussian process of the frame number with an RBF kernel of
    length scale ``clip(tau * log(tau^3 / l), 1 / tau, tau^2)`` for a trajectory of ``l``
    boxes. The paper leaves mean and variances open: the mean is a straight line (a
    constant one would flatten the motion of short trajectories, whose scale is longest),
    and the signal's variance is that of the coordinate around it. Run
    :func:`interpolate_linearly` first.

    The corners are smoothed on their own, so that those of a small box may cross: such a
    box stays as it was, which is counted in the log.

    Args:
        trajectories: R rows.
        tau: The smoothness hyper-parameter, 10 in the paper.
        noise: Standard deviation of the boxes' noise in pixels.

    Returns:
        The same rows with smoothed boxes.
    """
    boxes = trajectories.boxes.copy()
    order = np.argsort(trajectories.ids, kind='stable')
    starts = np.unique(trajectories.ids[order], return_index=True)[1]
    for rows in np.split(order, starts[1:]) if len(order) else []:
        scale = np.clip(tau * np.log(tau**3 / len(rows)), 1 / tau, tau**2)
        time = trajectories.frame_ids[rows].astype(np.float64)
        kernel = np.exp(-0.5 * ((time[:, None] - time) / scale) ** 2)
        # One eigendecomposition serves the four coordinates, whose variances differ.
        values, vectors = np.linalg.eigh(kernel)
        line = np.column_stack([np.ones(len(rows)), time - time.mean()])
        mean = line @ np.linalg.lstsq(line, boxes[rows], rcond=None)[0]
        rest = boxes[rows] - mean
        signal = np.maximum(values, 0)[:, None] * rest.var(axis=0)
        gain = signal / (signal + noise**2)
        boxes[rows] = mean + vectors @ (gain * (vectors.T @ rest))
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
