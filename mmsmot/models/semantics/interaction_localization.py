"""Temporal localisation of interactions, by scoring sliding windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from ...structures import Interactions
from ..trajectory import TrajectoryTokens

STEPS = 16  # frames of a pair that windows begin and end at, evenly spread
MIN_WINDOW = 2  # frames: in a single one nothing moves
SHARE = 0.5  # of the highest support; an interaction ends below it
CHUNK = 64  # pieces of pairs at once


def localize_interactions(
    interactions: Interactions,
    ids: Sequence[int],
    verbs: Sequence[int],
    tracks: TrajectoryTokens,
    score: Callable[[TrajectoryTokens], torch.Tensor],
    parts: int = 4,
) -> Interactions:
    """The interactions with their first and last frames (ours).

    BenSMOT does not annotate when an interaction happens, so there is nothing to learn it
    from. But a head that classifies an interaction from two whole trajectories mostly does
    so from the part in which it happens. So a window slides over the frames that both
    share; the pair is scored on the boxes in the window; and the support of a frame is the
    mean score of the windows over it. The span reaches from the best supported frame as far
    as the support is at least half of that.

    Args:
        interactions: R rows, predicted from whole trajectories.
        ids: (M,) ids of the trajectories.
        verbs: (R,) column of each row's verb in the scores.
        tracks: M trajectories with frame numbers.
        score: 2 P trajectories, subject, object, subject, object, ..., to (P, verbs) in
            [0, 1].
        parts: A window is one part in so many of the frames.

    Returns:
        The same rows; a span is 0, not known, where the two share no time.
    """
    place = {track_id: row for row, track_id in enumerate(ids)}
    pairs = [
        (place[j], place[k])
        for j, k in zip(
            interactions.subject_ids.tolist(),
            interactions.object_ids.tolist(),
            strict=True,
        )
    ]
    frames = [
        frame_ids[mask].cpu().numpy()
        for frame_ids, mask in zip(_frame_ids(tracks), tracks.mask, strict=True)
    ]
    rows_of: dict[tuple[int, int], list[int]] = {}
    for row, pair in enumerate(pairs):
        rows_of.setdefault(pair, []).append(row)
    sweeps = {
        pair: _Sweep.over(frames[pair[0]], frames[pair[1]], parts) for pair in rows_of
    }
    scores = _window_scores(sweeps, tracks, score, max(verbs, default=0) + 1)
    starts, ends = np.zeros((2, len(interactions)), np.int64)
    verb = np.asarray(verbs, np.int64)
    for pair, rows in rows_of.items():
        if len(sweeps[pair].frames):
            starts[rows], ends[rows] = sweeps[pair].spans(scores[pair][:, verb[rows]].T)
    return replace(interactions, start_frames=starts, end_frames=ends)


@dataclass(frozen=True, eq=False)
class _Sweep:
    """A window that slides over the frames of a pair.

    Attributes:
        frames: (S,) sampled from the frames that both share, ascending; S <= 16.
        size: Window length in these.
    """

    frames: np.ndarray
    size: int

    @classmethod
    def over(
        cls, subject_frames: np.ndarray, object_frames: np.ndarray, parts: int
    ) -> _Sweep:
        """A sweep over the time that two trajectories share.

        Args:
            subject_frames: Frame numbers of the subject, ascending.
            object_frames: Those of the object.
            parts: A window is one part in so many of them.
        """
        frames = np.union1d(subject_frames, object_frames)
        start = max(subject_frames[0], object_frames[0])
        end = min(subject_frames[-1], object_frames[-1])
        frames = frames[(frames >= start) & (frames <= end)]
        if len(frames) > STEPS:
            frames = frames[np.linspace(0, len(frames) - 1, STEPS).round().astype(int)]
        return cls(frames, max(MIN_WINDOW, -(-len(frames) // parts)))

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
        covered = np.maximum(over.sum(1), 1)  # a frame without a window has no score
        support = (over * scores[:, None]).sum(2) / covered
        best = support.argmax(axis=1)[:, None]
        weak = support < SHARE * np.take_along_axis(support, best, axis=1)
        low = np.where(weak & (step < best), step, -1).max(axis=1) + 1
        high = np.where(weak & (step > best), step, count).min(axis=1) - 1
        # The time between two sampled frames is split between them.
        starts = np.where(low == 0, frames[0], (frames[low - 1] + frames[low] + 1) // 2)
        after = np.minimum(high + 1, count - 1)
        is_last = high == count - 1
        ends = np.where(is_last, frames[-1], (frames[high] + frames[after]) // 2)
        return starts, ends


def _window_scores(
    sweeps: dict[tuple[int, int], _Sweep],
    tracks: TrajectoryTokens,
    score: Callable[[TrajectoryTokens], torch.Tensor],
    verbs: int,
) -> dict[tuple[int, int], np.ndarray]:
    """(W, verbs) of each pair; 0 for a window without boxes of both."""
    counts = [len(sweep.windows) for sweep in sweeps.values()]
    windows = np.concatenate([sweep.windows for sweep in sweeps.values()])
    device = tracks.tokens.device
    window = torch.from_numpy(windows).to(device)[:, None, :, None]
    rows = torch.tensor(list(sweeps), device=device).reshape(-1, 2)
    rows = rows.repeat_interleave(torch.tensor(counts, device=device), dim=0)
    frame_ids = _frame_ids(tracks)[rows]  # (W, 2, N) of all pairs' windows
    in_window = (frame_ids >= window[:, :, 0]) & (frame_ids <= window[:, :, 1])
    in_window &= tracks.mask[rows]
    with_both = in_window.any(-1).all(-1).nonzero()[:, 0]
    chunks = [
        score(tracks.parts(rows[part].flatten(), in_window[part].flatten(0, 1)))
        for part in with_both.split(CHUNK)
        if len(part)
    ]
    scores = np.zeros((len(windows), verbs))
    if chunks:
        scores[with_both.cpu().numpy()] = (
            torch.cat(chunks)[:, :verbs].cpu().double().numpy()
        )
    ends = np.cumsum(counts)
    return {
        pair: scores[end - count : end]
        for pair, end, count in zip(sweeps, ends, counts, strict=True)
    }


def _frame_ids(tracks: TrajectoryTokens) -> torch.Tensor:
    if tracks.frame_ids is None:
        raise ValueError(
            'localize_interactions: the trajectories have no frame numbers'
        )
    return tracks.frame_ids
