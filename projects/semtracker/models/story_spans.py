"""From classes frame by frame to events with a first and a last frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Event:
    """An interaction of the target.

    Attributes:
        verb: Class from 1; 0 is none.
        role: 0 where the target is the subject, 1 where it is the object.
        partner: Class of the other side.
        first_row: Position of its first frame among those of the track.
        last_row: Of its last one, inclusive.
        score: Mean probability of the verb.
    """

    verb: int
    role: int
    partner: int
    first_row: int
    last_row: int
    score: float

    def moved(self, rows: int) -> Event:
        """The same event so many rows later."""
        first_row, last_row = self.first_row + rows, self.last_row + rows
        return replace(self, first_row=first_row, last_row=last_row)


def unbroken_rows(positions: Sequence[int]) -> list[tuple[int, int]]:
    """Start and end (exclusive) of each stretch of rows that follow each other.

    Args:
        positions: (T,) which frame of the video each row is, ascending.
    """
    cuts = np.flatnonzero(np.diff(positions) != 1) + 1
    edges = [0, *cuts.tolist(), len(positions)]
    return [*zip(edges[:-1], edges[1:], strict=True)]


def smoothed(probabilities: np.ndarray, width: int) -> np.ndarray:
    """Moving average over time, of an odd ``width``, shorter at both ends.

    Args:
        probabilities: (T, ...).
        width: Frames; 1 changes nothing.
    """
    half = width // 2
    total = np.concatenate([np.zeros_like(probabilities[:1]), probabilities.cumsum(0)])
    at = np.arange(len(probabilities))
    low, high = (at - half).clip(min=0), (at + half + 1).clip(max=len(probabilities))
    count = (high - low).reshape(-1, *[1] * (probabilities.ndim - 1))
    return (total[high] - total[low]) / count


def role_events(
    verbs: np.ndarray,
    partners: np.ndarray,
    role: int,
    min_frames: int,
    threshold: float,
) -> list[Event]:
    """Runs of the likeliest verb.

    Args:
        verbs: (T, 1 + V) probabilities, class 0 for none.
        partners: (T, C) probabilities.
        role: As of :class:`Event`.
        min_frames: Shorter runs are left out.
        threshold: Least mean probability.
    """
    if not len(verbs):
        return []
    best = verbs.argmax(axis=1)
    starts = np.flatnonzero(np.diff(best, prepend=-1))
    ends = np.append(starts[1:], len(best)) - 1
    events = []
    for first, last in zip(starts.tolist(), ends.tolist(), strict=True):
        verb = int(best[first])
        score = float(verbs[first : last + 1, verb].mean())
        if verb and last - first + 1 >= min_frames and score >= threshold:
            partner = int(partners[first : last + 1].mean(axis=0).argmax())
            events.append(Event(verb, role, partner, first, last, min(score, 1.0)))
    return events
