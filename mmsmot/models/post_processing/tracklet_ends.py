"""The ends of tracklets, as the link network sees them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...structures import Trajectories
from ...structures.runs import positions_in_runs
from ...utils.number_ranges import require_choice

LENGTH = 30  # rows of a tracklet that the network looks at
EPSILON = 1e-5
FILLS = ('edge', 'zeros')


@dataclass(frozen=True, eq=False)
class TrackletEnds:
    """First and last rows of every trajectory of a video.

    A row is frame number, left and top of the box, as in the authors' release (the
    paper says "positions"). Trajectories shorter than 30 rows are filled, tails in
    front, heads behind: with their outermost row (``'edge'``), or with zeros as the
    release does (``'zeros'``), which lets the origin of frames and pixels set the scale.

    Attributes:
        ids: (K,) int64, ascending.
        tails: (K, 30, 3) float64, the last 30 rows.
        heads: (K, 30, 3) float64, the first 30 rows.
        first: (K, 3) float64, the first row.
        last: (K, 3) float64, the last row.
        first_label: (K,) int64.
        last_label: (K,) int64.
    """

    ids: np.ndarray
    tails: np.ndarray
    heads: np.ndarray
    first: np.ndarray
    last: np.ndarray
    first_label: np.ndarray
    last_label: np.ndarray

    @classmethod
    def of(cls, trajectories: Trajectories, fill: str) -> TrackletEnds:
        """The ends of K trajectories, the short ones filled with ``fill``.

        Raises:
            ValueError: ``fill`` is neither ``'edge'`` nor ``'zeros'``.
        """
        require_choice('TrackletEnds', FILLS, fill=fill)
        order = np.lexsort((trajectories.frame_ids, trajectories.ids))
        ids, starts, counts = np.unique(
            trajectories.ids[order], return_index=True, return_counts=True
        )
        rows = np.column_stack([trajectories.frame_ids, trajectories.boxes[:, :2]])
        rows, labels = rows[order], trajectories.labels[order]
        first, last = starts, starts + counts - 1
        back = np.arange(-LENGTH, 0) + 1
        tails = _rows_between(rows, last[:, None] + back, first, last, fill)
        heads = _rows_between(rows, first[:, None] - back[::-1], first, last, fill)
        return cls(
            ids, tails, heads, rows[first], rows[last], labels[first], labels[last]
        )

    def __len__(self) -> int:
        return len(self.ids)

    def candidates(
        self, max_gap: int, max_distance: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Pairs that could be one object: near in time and space, and of one class.

        Args:
            max_gap: The later starts after the former's last frame, and fewer than this
                many frames after it.
            max_distance: Furthest that the later's first box lies from the former's
                last, left top corner to left top corner, in pixels.

        Returns:
            Positions of the former and of the later trajectory, (P,) each.
        """
        by_start = np.argsort(self.first[:, 0], kind='stable')
        start_frames = self.first[by_start, 0]
        low = np.searchsorted(start_frames, self.last[:, 0], 'right')
        high = np.searchsorted(start_frames, self.last[:, 0] + max_gap, 'left')
        counts = np.maximum(high - low, 0)
        former = np.repeat(np.arange(len(self)), counts)
        later = by_start[low[former] + positions_in_runs(counts)]
        distance = np.linalg.norm(self.first[later, 1:] - self.last[former, 1:], axis=1)
        alike = self.first_label[later] == self.last_label[former]
        good = alike & (distance <= max_distance)
        return former[good], later[good]


def normalize_end_pairs(
    former: np.ndarray, later: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Scale each pair to [-1, 1] in time, x and y by its own extremes.

    What fills short tracklets takes part, as in the authors' release: its weights have
    learnt the zeros so.

    Args:
        former: (P, 30, 3) tails.
        later: (P, 30, 3) heads.

    Returns:
        Both as (P, 30, 3) float32.
    """
    pairs = np.concatenate([former, later], axis=1)
    low, high = pairs.min(axis=1, keepdims=True), pairs.max(axis=1, keepdims=True)
    centre, half_range = (high + low) / 2, (high - low) / 2 + EPSILON
    return (
        ((former - centre) / half_range).astype(np.float32),
        ((later - centre) / half_range).astype(np.float32),
    )


def _rows_between(
    rows: np.ndarray, index: np.ndarray, first: np.ndarray, last: np.ndarray, fill: str
) -> np.ndarray:
    """(K, 30, 3) rows at an index (K, 30); filled outside of first to last (K,)."""
    if not len(rows):
        return np.zeros((0, LENGTH, 3))
    inside = np.clip(index, first[:, None], last[:, None])
    filled_rows = rows[inside]
    return filled_rows if fill == 'edge' else filled_rows * (inside == index)[..., None]
