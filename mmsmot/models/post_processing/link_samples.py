"""Pairs of tracklets to learn links from, made by breaking true trajectories."""

from __future__ import annotations

import numpy as np

from ...structures import Trajectories
from .tracklet_ends import TrackletEnds

# A little beyond where AFLink looks, so that its gates lie inside of what is learnt.
MAX_GAP = 40  # frames
MAX_DISTANCE = 110.0  # pixels


def break_trajectories(
    truth: Trajectories, rng: np.random.Generator
) -> tuple[Trajectories, np.ndarray]:
    """What an imperfect detector and tracker would make of a truth.

    Boxes tremble; people who are hidden, and others now and then, are missed; a
    trajectory breaks at most misses; short pieces are not reported. How bad it is is
    drawn anew for each call.

    Args:
        truth: Complete trajectories of one video.
        rng: Draws everything.

    Returns:
        The tracklets, and (K,) the true id of each in the order of their ids.
    """
    order = np.lexsort((truth.frame_ids, truth.ids))
    missed = _misses(truth, rng)
    order = order[~missed[order]]
    ids, frame_ids = truth.ids[order], truth.frame_ids[order]
    patience, loyalty = rng.choice([1, 1, 3, 10, 30]), rng.uniform(0.5, 1)
    step = np.diff(frame_ids, prepend=frame_ids[:1])
    breaks = (step > patience) | ((step > 1) & (rng.random(len(step)) > loyalty))
    breaks |= rng.random(len(step)) < rng.uniform(0, 0.01)
    breaks |= np.diff(ids, prepend=ids[:1]) != 0
    piece = np.cumsum(breaks)
    lengths = np.bincount(piece, minlength=1)
    lasting = lengths[piece] >= rng.integers(1, 8)
    order, piece = order[lasting], piece[lasting]
    boxes = _tremble(truth.boxes[order], rng)
    first = np.unique(piece, return_index=True)[1]
    broken = Trajectories(
        truth.frame_ids[order], piece, boxes, labels=truth.labels[order]
    )
    return broken, truth.ids[order[first]]


def sample_link_pairs(
    truth: Trajectories, rng: np.random.Generator, fill: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of tracklets of one video, and which of them are one object.

    All pairs of broken trajectories that lie near each other, as AFLink meets them,
    and for each pair of one object one that is none: turned round in time, or with its
    later tracklet moved in time or in space (StrongSORT, section 3.3; shifts as in the
    release).

    Args:
        truth: Complete trajectories of one video.
        rng: Draws everything.
        fill: What short tracklets are filled with, see
            :class:`~.tracklet_ends.TrackletEnds`.

    Returns:
        Formers (P, 30, 3) and laters (P, 30, 3) as in
        :class:`~.tracklet_ends.TrackletEnds`, and (P,) int64, 1 for one object.
    """
    broken, owners = break_trajectories(truth, rng)
    ends = TrackletEnds.of(broken, fill)
    former, later = ends.candidates(MAX_GAP, MAX_DISTANCE)
    is_same_owner = owners[former] == owners[later]
    tails, heads = ends.tails[former], ends.heads[later]
    wrong_tails, wrong_heads = _never_one(
        ends, former[is_same_owner], later[is_same_owner], rng
    )
    return (
        np.concatenate([tails, wrong_tails]),
        np.concatenate([heads, wrong_heads]),
        np.concatenate([is_same_owner, np.zeros(len(wrong_tails), bool)]).astype(
            np.int64
        ),
    )


def _misses(truth: Trajectories, rng: np.random.Generator) -> np.ndarray:
    """(R,) mask of the boxes that no detection reports."""
    missed = truth.visibility < rng.uniform(0.1, 0.6)
    missed |= rng.random(len(truth)) < rng.uniform(0, 0.08)
    # Runs of misses: a span of frames, for one object each.
    starts = np.flatnonzero(rng.random(len(truth)) < rng.uniform(0, 0.015))
    lengths = rng.geometric(1 / rng.uniform(2, 20), len(starts))
    for row, length in zip(starts, lengths, strict=True):
        ahead = truth.frame_ids - truth.frame_ids[row]
        missed |= (truth.ids == truth.ids[row]) & (ahead >= 0) & (ahead < length)
    return missed


def _tremble(boxes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Boxes with noise in place and size in proportion to their size."""
    size = boxes[:, 2:] - boxes[:, :2]
    level = rng.uniform(0.003, 0.05)
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2 + level * size * rng.normal(
        0, 1, size.shape
    )
    size = size * np.exp(level * rng.normal(0, 1, size.shape))
    return np.concatenate([centre - size / 2, centre + size / 2], axis=1)


def _never_one(
    ends: TrackletEnds, former: np.ndarray, later: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The paper's wrong pairs, one of its three kinds for each right one."""
    tails, heads = ends.tails[former], ends.heads[later]
    kind = rng.integers(3, size=len(former))
    reversed_samples = kind == 0
    tails[reversed_samples], heads[reversed_samples] = (
        ends.tails[later[reversed_samples]],
        ends.heads[former[reversed_samples]],
    )
    sign = rng.choice([-1, 1], (len(former), 3))
    shift = sign * np.column_stack(
        [
            rng.integers(30, 101, len(former)) * (kind == 1),
            rng.integers(100, 501, (len(former), 2)) * (kind == 2)[:, None],
        ]
    )
    has_frame = (heads[..., :1] > 0).astype(np.float64)  # frames count from 1
    return tails, heads + has_frame * shift[:, None]
