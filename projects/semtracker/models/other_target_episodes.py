"""Few-shot episodes whose support is of other targets than the query, and earlier."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from projects.semtracker.models.episode_store import EpisodeStore
from projects.semtracker.models.meta_learning import Episodes


class OtherTargetEpisodes:
    """A target in the second half of its video, and the others in the first half.

    Support and query share the video and neither target nor frames, so that repeating the
    support's last label is no answer. ::

        frames of the video   1 ............ middle ............ last
        target A (support)    labels given |
        target C (support)    labels given |
        target B (query)      seen, no labels | judged

    Args:
        store: Cached episodes; each target is one, those of a video have its name.
        frames: (R, d) vectors of its rows.

    Attributes:
        queries: (E,) int64, targets that can be judged: they are there in the second half
            of their video, and another one is in the first.
        is_early: (R,) bool: the row is of its video's first half.
    """

    def __init__(self, store: EpisodeStore, frames: torch.Tensor) -> None:
        self.store, self.frames = store, frames
        lengths = np.diff(store.starts)
        target_of = np.repeat(np.arange(len(store)), lengths)
        _, video_of = np.unique(store.columns['names'], return_inverse=True)
        frame_ids = store.columns['frame_ids']
        first_frames = np.full(video_of.max(initial=0) + 1, np.iinfo(np.int64).max)
        last_frames = np.zeros_like(first_frames)
        np.minimum.at(first_frames, video_of[target_of], frame_ids)
        np.maximum.at(last_frames, video_of[target_of], frame_ids)
        self.is_early = (
            frame_ids <= ((first_frames + last_frames) / 2)[video_of[target_of]]
        )
        num_early = np.bincount(target_of[self.is_early], minlength=len(store))
        self.supports = {
            target: np.flatnonzero(
                (video_of == video_of[target])
                & (np.arange(len(store)) != target)
                & (num_early > 0)
            )
            for target in np.flatnonzero(num_early < lengths).tolist()
        }
        self.supports = {
            t: support for t, support in self.supports.items() if len(support)
        }
        self.queries = np.array([*self.supports], np.int64)

    def batch(self, targets: Sequence[int]) -> tuple[Episodes, Episodes, Episodes]:
        """E episodes.

        Args:
            targets: E of :attr:`queries`.

        Returns:
            Support (E, S, T, ...) and query (E, 1, T, ...), whose masks are of the frames
            that count, and all frames of all of these targets (1, F, T, ...).
        """
        supports = [[self._rows(t, True) for t in self.supports[q]] for q in targets]
        queries = [[self._rows(q)] for q in targets]
        index = self._index(queries)
        query = self._columns(index)
        query.mask[torch.from_numpy(self.is_early[index])] = False
        everybody = [self._rows(t) for q in targets for t in (q, *self.supports[q])]
        support, all_frames = map(self._index, (supports, [everybody]))
        return self._columns(support), query, self._columns(all_frames)

    def support_labels(self, target: int) -> np.ndarray:
        """(R, 2) verbs of the support's frames."""
        rows = [self._rows(target_id, True) for target_id in self.supports[target]]
        return self.store.columns['verbs'][np.concatenate(rows)]

    def query_labels(self, target: int) -> np.ndarray:
        """(R, 2) verbs of the frames that are judged."""
        rows = self._rows(target)
        return self.store.columns['verbs'][rows[~self.is_early[rows]]]

    def _rows(self, target: int, early_only: bool = False) -> np.ndarray:
        rows = np.arange(self.store.starts[target], self.store.starts[target + 1])
        return rows[self.is_early[rows]] if early_only else rows

    def _index(self, rows: Sequence[Sequence[np.ndarray]]) -> np.ndarray:
        """(E, S, T) rows, -1 in the padding."""
        num_targets = max(len(targets) for targets in rows)
        num_frames = max(len(part) for targets in rows for part in targets)
        index = np.full((len(rows), num_targets, num_frames), -1)
        for e, targets in enumerate(rows):
            for s, part in enumerate(targets):
                index[e, s, : len(part)] = part
        return index

    def _columns(self, index: np.ndarray) -> Episodes:
        """The rows (E, S, T) of the store; -1 is padding."""
        mask = index >= 0
        verbs, partners = (
            np.where(mask[..., None], self.store.columns[name][index], -1)
            for name in ('verbs', 'partners')
        )
        frames = self.frames[torch.from_numpy(index.clip(min=0))]
        return Episodes(
            frames * torch.from_numpy(mask)[..., None],
            torch.from_numpy(verbs),
            torch.from_numpy(partners),
            torch.from_numpy(mask),
        )
