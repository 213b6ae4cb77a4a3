"""Numbers and lists in English text."""

from __future__ import annotations

from collections.abc import Sequence

WORDS = (
    *('no', 'one', 'two', 'three', 'four', 'five', 'six'),
    *('seven', 'eight', 'nine', 'ten', 'eleven', 'twelve'),
)


def number_word(count: int) -> str:
    """``'seven'``; from 13 on ``'13'``."""
    return WORDS[count] if count < len(WORDS) else str(count)


def duration_words(seconds: float) -> str:
    """``'about four seconds'``, ``'about half a minute'``, ``'about two minutes'``."""
    if seconds < 1.5:
        return 'about a second'
    if seconds < 24.5:
        return f'about {number_word(round(seconds))} seconds'
    if seconds < 37:
        return 'about half a minute'
    if seconds < 55:
        return f'about {5 * round(seconds / 5)} seconds'
    minutes = round(seconds / 60)
    return 'about a minute' if minutes == 1 else f'about {number_word(minutes)} minutes'


def clock_text(seconds: float) -> str:
    """``'1:07'``, as on the page of a video."""
    minutes, seconds = divmod(round(seconds), 60)
    return f'{minutes}:{seconds:02}'


def capitalized(text: str) -> str:
    """A text with a capital at its beginning."""
    return text[0].upper() + text[1:]


def joined_words(parts: Sequence[str]) -> str:
    """``'a'``, ``'a and b'``, ``'a, b and c'``."""
    if len(parts) < 2:
        return ''.join(parts)
    return f'{", ".join(parts[:-1])} and {parts[-1]}'
