"""From classes frame by frame to events with a first and a last frame."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mmsmot.structures.runs import equal_runs


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


def smoothed(probabilities: np.ndarray, width: int) -> np.ndarray:
    """Moving average over time, of an odd ``width``, shorter at both ends.

    Args:
        probabilities: (T, ...).
        width: Frames; 1 changes nothing.
    """
    radius = width // 2
    total = np.concatenate([np.zeros_like(probabilities[:1]), probabilities.cumsum(0)])
    at = np.arange(len(probabilities))
    low, high = (
        (at - radius).clip(min=0),
        (at + radius + 1).clip(max=len(probabilities)),
    )
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
    best = verbs.argmax(axis=1)
    events = []
    for start, end in equal_runs(best):
        verb = int(best[start])
        score = float(verbs[start:end, verb].mean())
        if verb and end - start >= min_frames and score >= threshold:
            partner = int(partners[start:end].mean(axis=0).argmax())
            events.append(Event(verb, role, partner, start, end - 1, min(score, 1.0)))
    return events
