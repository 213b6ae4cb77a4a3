"""Joining the pieces of broken trajectories by how they move."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...registry import TASK_UTILS
from ...structures import Trajectories
from ...utils.number_ranges import (
    COUNT,
    FRACTION,
    NON_NEGATIVE,
    NumberRange,
    require_numbers,
)
from ..trackers.association import associate_by_weight
from .tracklet_ends import TrackletEnds, normalize_end_pairs

OWN_WEIGHTS = Path(__file__).with_name('aflink.safetensors')


@TASK_UTILS.register_module()
class AFLink:
    """Appearance-free link (Du et al., StrongSORT, TMM 2023, section 3.3).

    A small network looks at the end of one tracklet and the start of another, frame
    numbers and positions alone, and says how likely they are one object. Of all pairs
    that are near enough in time and space and likely enough, the assignment takes as
    many as fit together and among these the likeliest, as the release does. Chains of
    links become one trajectory under the id of its first piece. Tracklets that share a
    frame are never joined (the release joins those that share one).

    Args:
        weights: Checkpoint of :class:`~.link_network.LinkNetwork` of any width:
            safetensors, or a ``.pth`` of the authors or of MMDetection. ``None`` for the
            weights that come with the package: a small network, trained on simulated
            walks alone by ``tools/train_aflink.py`` with its default options.
        max_gap: The later tracklet starts fewer than this many frames after the last
            frame of the former; frame numbers are those of the original video.
        max_distance: Furthest that the later one's first box may lie from the former's
            last, left top corner to left top corner, in pixels.
        min_probability: Pairs below are not linked. The package's weights call nine of
            ten right at 0.8, the default; take the paper's 0.95 with the authors'
            weights (their release takes 0.9 for weaker trackers).
        batch_size: Most pairs in one pass, to bound the memory.

    Raises:
        FileNotFoundError: There is no such checkpoint.
        ValueError: It belongs to another network, or holds more than weights, or a
            number is out of range.
    """

    hold_frames = None  # it links over the whole video

    def __init__(
        self,
        *,
        weights: str | os.PathLike | None = None,
        max_gap: int = 30,
        max_distance: float = 75.0,
        min_probability: float = 0.8,
        batch_size: int = 4096,
    ) -> None:
        require_numbers('AFLink', NumberRange(2, integer=True), max_gap=max_gap)
        require_numbers('AFLink', NON_NEGATIVE, max_distance=max_distance)
        require_numbers('AFLink', FRACTION, min_probability=min_probability)
        require_numbers('AFLink', COUNT, batch_size=batch_size)
        self.weights = weights
        self.max_gap = max_gap
        self.max_distance = max_distance
        self.min_probability = min_probability
        self.batch_size = batch_size
        from .link_network import read_link_network  # here: it imports torch

        self._network = read_link_network(OWN_WEIGHTS if weights is None else weights)

    def __call__(
        self, trajectories: Trajectories, frame_ids: np.ndarray | None = None
    ) -> Trajectories:
        ends = TrackletEnds.of(trajectories, self.fill)
        former, later = ends.candidates(self.max_gap, self.max_distance)
        probability = self.link_probability(ends.tails[former], ends.heads[later])
        good = probability >= self.min_probability
        links = assign_links(former[good], later[good], probability[good])
        ids = ends.ids[_chain_starts(*links, ends.first[:, 0])]
        return replace(
            trajectories, ids=ids[np.searchsorted(ends.ids, trajectories.ids)]
        )

    @property
    def fill(self) -> str:
        """What the network has learnt short tracklets to be filled with."""
        return self._network.fill

    def link_probability(self, former: np.ndarray, later: np.ndarray) -> np.ndarray:
        """(P,) float64 probability that a pair is one object.

        Args:
            former: (P, 30, 3) ends of the former tracklets (``TrackletEnds.tails``).
            later: (P, 30, 3) starts of the later ones (``TrackletEnds.heads``).
        """
        import torch

        parts = [np.empty(0)]
        with torch.inference_mode():
            for start in range(0, len(former), self.batch_size):
                rows = slice(start, start + self.batch_size)
                pair = map(
                    torch.from_numpy, normalize_end_pairs(former[rows], later[rows])
                )
                logits = self._network(*pair).double()
                parts.append(logits.softmax(dim=1)[:, 1].numpy())
        return np.concatenate(parts)


def assign_links(
    former: np.ndarray, later: np.ndarray, probability: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The most links that fit together, and among these the likeliest.

    Args:
        former: (P,) int64, of each pair that may be linked.
        later: (P,) int64.
        probability: (P,) in [0, 1].

    Returns:
        Formers and laters of the links; each stands at most once in either.
    """
    rows, row = np.unique(former, return_inverse=True)
    columns, column = np.unique(later, return_inverse=True)
    weights = np.zeros((len(rows), len(columns)))
    # One link more outweighs any gain in probability, as the release's large cost of a
    # barred pair does.
    weights[row, column] = len(rows) + 1 + probability
    i, j = associate_by_weight(weights)
    return rows[i], columns[j]


def _chain_starts(
    former: np.ndarray, later: np.ndarray, start_frames: np.ndarray
) -> np.ndarray:
    """(K,) position of the tracklet that each tracklet's chain begins with."""
    origin = np.arange(len(start_frames))
    # A link leads forward in time: its former piece is settled before its later one.
    for k in np.argsort(start_frames[later], kind='stable'):
        origin[later[k]] = origin[former[k]]
    return origin
