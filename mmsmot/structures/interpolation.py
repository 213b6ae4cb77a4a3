"""Filling and smoothing trajectories after the fact."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .trajectories import Trajectories


def interpolate_linearly(trajectories: Trajectories, max_gap: int = 20) -> Trajectories:
    """Fill the frames a trajectory misses on a straight line.

    Boxes and scores are interpolated between the boxes before and after the gap; labels
    are those before it, ``det_index`` is -1 (ByteTrack, section 4, "tracklet
    interpolation"; StrongSORT, section 3.4).

    Args:
        trajectories: R rows.
        max_gap: The longest gap, in missed frames, that is filled.

    Returns:
        The rows given and those filled in.
    """
    order = np.lexsort((trajectories.frame_ids, trajectories.ids))
    ids, frame_ids = trajectories.ids[order], trajectories.frame_ids[order]
    missed = np.where(ids[1:] == ids[:-1], frame_ids[1:] - frame_ids[:-1] - 1, 0)
    gaps = np.flatnonzero((missed > 0) & (missed <= max_gap))
    if not len(gaps):
        return trajectories
    counts = missed[gaps]
    before, after = order[np.repeat(gaps, counts)], order[np.repeat(gaps + 1, counts)]
    # 1, 2, ... inside each gap
    step = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    weight = step / (np.repeat(counts, counts) + 1)

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
    boxes. The paper leaves the variances open; the signal's is that of the coordinate
    itself, around its mean. Run :func:`interpolate_linearly` first.

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
        mean = boxes[rows].mean(axis=0)
        signal = np.maximum(values, 0)[:, None] * boxes[rows].var(axis=0)
        gain = signal / (signal + noise**2)
        boxes[rows] = mean + vectors @ (gain * (vectors.T @ (boxes[rows] - mean)))
    return replace(trajectories, boxes=boxes)
