"""When an interaction happens, by asking again about parts of the time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from ...structures import Interactions
from ..trajectory import TrajectoryTokens

STEPS = 16  # frames of a pair that windows begin and end at, evenly spread
LEAST = 2  # frames in a window: in a single one nothing moves
SHARE = 0.5  # of the highest support; below it an interaction is over
CHUNK = 64  # pieces of pairs at once


def localize_interactions(
    found: Interactions,
    ids: Sequence[int],
    verbs: Sequence[int],
    tracks: TrajectoryTokens,
    score: Callable[[TrajectoryTokens], torch.Tensor],
    parts: int = 4,
) -> Interactions:
    """The interactions with their first and last frames (ours).

    BenSMOT does not annotate when somebody does something to somebody, so there is
    nothing to learn it from. But a head that knows a deed from two whole trajectories
    mostly knows it from the part in which it is done. So a window runs over the frames in
    which both are there; the pair is scored by what the window shows of the two; and the
    support of a frame is the mean score of the windows over it. The span reaches from the
    best supported frame as far as the support is at least half of that.

    Args:
        found: What was found over all of the time, R rows.
        ids: (M,) ids of the trajectories.
        verbs: (R,) column of each row's verb in what ``score`` gives.
        tracks: M trajectories with frame numbers.
        score: 2 P trajectories, subject, object, subject, object, ..., to (P, verbs) in
            [0, 1].
        parts: A window is one part in so many of the frames.

    Returns:
        The same rows; a span is 0, not known, where the two are never there at a time.
    """
    place = {track_id: row for row, track_id in enumerate(ids)}
    pairs = [
        (place[j], place[k])
        for j, k in zip(
            found.subject_ids.tolist(), found.object_ids.tolist(), strict=True
        )
    ]
    frames = [
        numbers[mask].cpu().numpy()
        for numbers, mask in zip(tracks.frame_ids, tracks.mask, strict=True)
    ]
    rows_of: dict[tuple[int, int], list[int]] = {}
    for row, pair in enumerate(pairs):
        rows_of.setdefault(pair, []).append(row)
    sweeps = {
        pair: _Sweep.over(*(frames[row] for row in pair), parts) for pair in rows_of
    }
    scores = _scored(sweeps, tracks, score, max(verbs, default=0) + 1)
    starts, ends = np.zeros((2, len(found)), np.int64)
    verb = np.asarray(verbs, np.int64)
    for pair, rows in rows_of.items():
        if len(sweeps[pair].frames):
            starts[rows], ends[rows] = sweeps[pair].spans(scores[pair][:, verb[rows]].T)
    return replace(found, start_frames=starts, end_frames=ends)


@dataclass(frozen=True, eq=False)
class _Sweep:
    """A window that runs over the frames of a pair.

    Attributes:
        frames: (S,) of the frames looked at while both are there, ascending; S <= 16.
        size: So many of them are in a window, and whatever lies between.
    """

    frames: np.ndarray
    size: int

    @classmethod
    def over(cls, subject: np.ndarray, other: np.ndarray, parts: int) -> _Sweep:
        """A sweep over what two trajectories have in common.

        Args:
            subject: Its frame numbers, ascending.
            other: Those of the other.
            parts: A window is one part in so many of them.
        """
        both = np.union1d(subject, other)
        first = max(subject[0], other[0])
        last = min(subject[-1], other[-1])
        both = both[(both >= first) & (both <= last)]
        if len(both) > STEPS:
            both = both[np.linspace(0, len(both) - 1, STEPS).round().astype(int)]
        return cls(both, max(LEAST, -(-len(both) // parts)))

    @property
    def windows(self) -> np.ndarray:
        """(W, 2) first and last frame of each window; none where one would be all."""
        count = len(self.frames) - self.size + 1
        if count < 2:
            return np.empty((0, 2), np.int64)
        return np.stack([self.frames[:count], self.frames[self.size - 1 :]], axis=1)

    def spans(self, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """First and last frames (V,), by the (V, W) scores of V verbs in the windows.

        A verb without a score anywhere has all of the frames.
        """
        frames, count = self.frames, len(self.frames)
        step, start = np.arange(count), np.arange(scores.shape[1])
        over = (start <= step[:, None]) & (step[:, None] < start + self.size)
        covered = np.maximum(over.sum(1), 1)  # of no window there is no score
        support = (over * scores[:, None]).sum(2) / covered
        best = support.argmax(axis=1)[:, None]
        weak = support < SHARE * np.take_along_axis(support, best, axis=1)
        low = np.where(weak & (step < best), step, -1).max(axis=1) + 1
        high = np.where(weak & (step > best), step, count).min(axis=1) - 1
        # What happens between two frames that were looked at is shared by both.
        first = np.where(low == 0, frames[0], (frames[low - 1] + frames[low] + 1) // 2)
        after = np.minimum(high + 1, count - 1)
        is_last = high == count - 1
        last = np.where(is_last, frames[-1], (frames[high] + frames[after]) // 2)
        return first, last


def _scored(
    sweeps: dict[tuple[int, int], _Sweep],
    tracks: TrajectoryTokens,
    score: Callable[[TrajectoryTokens], torch.Tensor],
    verbs: int,
) -> dict[tuple[int, int], np.ndarray]:
    """(W, verbs) of each pair; 0 for a window that does not show both."""
    counts = [len(sweep.windows) for sweep in sweeps.values()]
    windows = np.concatenate([sweep.windows for sweep in sweeps.values()])
    device = tracks.tokens.device
    window = torch.from_numpy(windows).to(device)[:, None, :, None]
    rows = torch.tensor(list(sweeps), device=device).reshape(-1, 2)
    rows = rows.repeat_interleave(torch.tensor(counts, device=device), dim=0)
    numbers = tracks.frame_ids[rows]  # (W, 2, N) of all pairs' windows
    kept = (numbers >= window[:, :, 0]) & (numbers <= window[:, :, 1])
    kept &= tracks.mask[rows]
    shown = kept.any(-1).all(-1).nonzero()[:, 0]
    found = [
        score(tracks.parts(rows[part].flatten(), kept[part].flatten(0, 1)))[:, :verbs]
        for part in shown.split(CHUNK)
        if len(part)
    ]
    scores = np.zeros((len(windows), verbs))
    if found:
        scores[shown.cpu().numpy()] = torch.cat(found).cpu().double().numpy()
    ends = np.cumsum(counts)
    return {
        pair: scores[end - count : end]
        for pair, end, count in zip(sweeps, ends, counts, strict=True)
    }
