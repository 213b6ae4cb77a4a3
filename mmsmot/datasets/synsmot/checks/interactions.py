"""Annotated interactions against the boxes of the two over its span."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .clip_evidence import ClipEvidence, EvidenceTrack
from .findings import Findings

AROUND = 4  # frames after a span in which a push or a dodge still shows
TOGETHER = frozenset(
    {'embrace.v.02', 'handshake.n.01', 'talk.v.01', 'dance.v.01', 'accompany.v.02'}
)


@dataclass(frozen=True)
class InteractionPair:
    """Subject and object in the frames of a span in which both have a box.

    Attributes:
        subject, object: (T,) middle of the box, body heights, the camera at rest.
        gap: (T,) between the boxes' nearer sides, body heights; negative: they overlap.
        after: How far the object has got some frames after the span, body heights.
    """

    subject: np.ndarray
    object: np.ndarray
    gap: np.ndarray
    after: float

    @property
    def apart(self) -> np.ndarray:
        """(T,) distance between the middles."""
        return np.abs(self.subject - self.object)

    @property
    def ways(self) -> tuple[float, float]:
        """How far each got, positive to the right."""
        return (
            float(self.subject[-1] - self.subject[0]),
            float(self.object[-1] - self.object[0]),
        )


def _pair(
    one: EvidenceTrack, other: EvidenceTrack, start: int, end: int
) -> InteractionPair | None:
    frames = np.intersect1d(
        one.frames[one.during(start, end)], other.frames[other.during(start, end)]
    )
    if not len(frames):
        return None
    unit = (one.size + other.size) / 2
    a, b = (np.searchsorted(t.frames, frames) for t in (one, other))
    gap = np.maximum(one.left[a], other.left[b]) - np.minimum(
        one.right[a], other.right[b]
    )
    late = other.x[other.during(start, end + AROUND)]
    after = float(late[-1] - late[0]) / unit
    return InteractionPair(one.x[a] / unit, other.x[b] / unit, gap / unit, after)


def _approach(p: InteractionPair) -> str:
    shrunk = p.apart[0] - p.apart[-1]
    return '' if shrunk > 0.3 else f'distance shrinks by {shrunk:.2f}'


def _leave(p: InteractionPair) -> str:
    grown = p.apart[-1] - p.apart[0]
    return '' if grown > 0.3 else f'distance grows by {grown:.2f}'


def _close(most: float) -> Callable[[InteractionPair], str]:
    def rule(p: InteractionPair) -> str:
        gap = float(np.median(p.gap))
        return '' if gap <= most else f'{gap:.2f} between the boxes, not {most}'

    return rule


def _same_way(subject_ahead: bool | None) -> Callable[[InteractionPair], str]:
    """Both get somewhere the same way, one ahead at the end where that is said."""

    def rule(p: InteractionPair) -> str:
        mine, theirs = p.ways
        if mine * theirs <= 0 or min(abs(mine), abs(theirs)) < 0.3:
            return f'ways {mine:.2f} and {theirs:.2f}'
        tail = max(len(p.subject) // 3, 1)
        lead = float(np.median((p.subject - p.object)[-tail:])) * np.sign(mine)
        if subject_ahead is None or (lead > 0) == subject_ahead:
            return ''
        return f'the subject is {lead:.2f} ahead'

    return rule


def _push(p: InteractionPair) -> str:
    away = p.after * np.sign(p.object[0] - p.subject[0])
    if p.gap.min() > 0.35:
        return f'{p.gap.min():.2f} between the boxes'
    return '' if away > 0.25 else f'the object gets {away:.2f} away'


def _dodge(p: InteractionPair) -> str:
    way = abs(p.after)
    if way < 0.5:
        return f'the object comes only {way:.2f} along'
    return '' if p.gap.min() < 0.6 else f'{p.gap.min():.2f} between the boxes'


def _on_the_spot(least: float, most: float) -> Callable[[InteractionPair], str]:
    """The subject stays where it is, the other so far away."""

    def rule(p: InteractionPair) -> str:
        moved, far = float(np.ptp(p.subject)), float(np.median(p.apart))
        if moved > 0.6:
            return f'the subject moves {moved:.2f}'
        return '' if least <= far <= most else f'{far:.2f} apart'

    return rule


PAIR_RULES: dict[str, Callable[[InteractionPair], str]] = {
    'approach.v.01': _approach,
    'leave.v.01': _leave,
    'embrace.v.02': _close(0.0),
    'handshake.n.01': _close(0.2),
    'dance.v.01': _close(0.2),
    'talk.v.01': _close(0.5),
    'follow.v.01': _same_way(False),
    'chase.v.01': _same_way(False),
    'lead.v.01': _same_way(True),
    'flee.v.01': _same_way(True),
    'accompany.v.02': _same_way(None),
    'push.v.01': _push,
    'dodge.v.01': _dodge,
    'give.v.03': _on_the_spot(0.3, 1.0),
    'receive.v.01': _on_the_spot(0.3, 2.6),
    'pass.v.05': _on_the_spot(0.7, 2.6),
    'throw.v.01': _on_the_spot(0.7, 2.6),
    'catch.v.04': _on_the_spot(0.7, 2.6),
    'indicate.v.02': _on_the_spot(0.5, 2.6),
    'beckon.v.01': _on_the_spot(0.5, 2.6),
    'look.v.01': _on_the_spot(0.5, 2.6),
    'applaud.v.01': _on_the_spot(0.5, 2.6),
    'photograph.v.01': _on_the_spot(0.5, 2.6),
}


def check_interactions(clip: ClipEvidence, found: Findings) -> None:
    """Every interaction: the two are there from start to end, and move as it says."""
    all_interactions = set(clip.interaction_rows())
    for interaction in clip.interaction_rows():
        subject, verb, object_, start, end = interaction
        where = clip.folder
        what = f'{clip.name(subject)} {verb} {clip.name(object_)} {start}-{end}'
        known = verb in PAIR_RULES and {subject, object_} <= set(clip.ids)
        known = known and subject != object_ and 1 <= start <= end <= clip.num_frames
        found.test('interaction well-formed', known, where, what)
        if not known:
            continue
        one, other = clip.tracks[subject], clip.tracks[object_]
        ends = all(frame in t.frames for t in (one, other) for frame in (start, end))
        found.test('both there from start to end', ends, where, what)
        if verb in TOGETHER:
            back = (object_, verb, subject, start, end)
            found.test('done together', back in all_interactions, where, what)
        pair = _pair(one, other, start, end)
        wrong = PAIR_RULES[verb](pair) if pair else 'never seen together'
        found.test(f'{verb} in the boxes', not wrong, where, f'{what}: {wrong}')
