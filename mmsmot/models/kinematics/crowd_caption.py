"""The caption of a video: how many people, and what they do most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .grammar import DEPTHS, GrammarSpeaker
from .number_words import capitalized, joined_words, number_word


@dataclass(frozen=True)
class CrowdSummary:
    """What a video caption tells.

    Attributes:
        count: So many people were there at the same time, at least.
        shares: Of the time of all tracks, by ``'left'``, ``'right'``, ``'nearer'``,
            ``'away'`` and ``'still'``.
        is_walk: Whether those who move walk, as far as it is known.
    """

    count: int
    shares: Mapping[str, float]
    is_walk: bool


def video_caption(summary: CrowdSummary, speaker: GrammarSpeaker) -> str:
    """The caption of a video; people are counted with care."""
    count = summary.count
    if count == 0:
        return 'Nobody is tracked for long in this video.'
    people = 'one person' if count == 1 else f'{number_word(count)} people'
    be = 'is' if count == 1 else 'are'
    opening = speaker.choose(
        (f'At least {people} {be} in view', f'The video shows at least {people}'), 4
    )
    if count > 1:
        opening = f'{opening} at the same time'
    return f'{opening}.{_movements(summary)}'


def _movements(summary: CrowdSummary) -> str:
    """What people do most of the time, or part of it."""
    ways = {'left': 'to the left', 'right': 'to the right', **DEPTHS}
    # One at a time may be several people, one after another.
    subject, ending = ('somebody', 's') if summary.count == 1 else ('they', '')
    verb = ('walk' if summary.is_walk else 'move') + ending
    moves = {way: summary.shares.get(way, 0.0) for way in ways}
    still_share = summary.shares.get('still', 0.0)
    main = max(moves, key=lambda way: moves[way])
    if still_share >= 0.6:
        return f' Most of the time {subject} stay{ending} in place.'
    if moves[main] >= 0.6:
        return f' Most of the time {subject} {verb} {ways[main]}.'
    often = [ways[way] for way in ways if moves[way] >= 0.15]
    parts = [f'{verb} {joined_words(often)}'] if often else []
    parts += [f'stay{ending} in place for some time'] if still_share >= 0.15 else []
    return f' {capitalized(subject)} {joined_words(parts)}.' if parts else ''
