"""A panel of wrapped text, drawn below an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from .text_drawing import (
    cut_text,
    draw_text,
    drawable_text,
    fitting_text_length,
    text_color_on,
    text_width,
)

PAPER, INK, FAINT = (32, 32, 32), (235, 235, 235), (130, 130, 130)  # BGR
LINE_HEIGHT = 18  # pixels, of a line of TEXT_SIZE
MARGIN = 8  # pixels, around the text
INDENT = 34  # pixels at least, of a text behind its badge
MAX_BADGE = 12  # characters


@dataclass(frozen=True)
class TextEntry:
    """A text of the panel.

    Attributes:
        text: Of any length.
        badge: A short text before it, such as an id, on a plate.
        color: BGR of the plate.
        faint: Whether text and plate are grey, for ids without a box in the frame.
    """

    text: str
    badge: str = ''
    color: tuple[int, int, int] = INK
    faint: bool = False


@lru_cache(maxsize=1024)  # a video's panel has the same texts in every frame
def wrap_panel_text(text: str, width: int) -> tuple[str, ...]:
    """Lines of at most ``width`` pixels; a longer word is cut where it must be.

    Of a text longer than :data:`~.text_drawing.MAX_LETTERS` the rest is left out.
    """
    lines: list[str] = []
    line = ''
    for word in drawable_text(text).split(' '):
        longer = f'{line} {word}' if line else word
        if text_width(longer) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        while len(word) > 1 and text_width(word) > width:
            cut = max(1, fitting_text_length(word, width))
            lines.append(word[:cut])
            word = word[cut:]
        line = word
    return (*lines, line)


def count_panel_lines(entries: Sequence[TextEntry], width: int) -> int:
    """The number of lines that the texts take in a panel of a width in pixels."""
    return sum(len(_lines(entry, width)) for entry in entries)


def draw_text_panel(
    entries: Sequence[TextEntry], width: int, lines: int | None = None
) -> np.ndarray:
    """The texts one below the other.

    Args:
        entries: The texts; there may be none.
        width: Width of the panel in pixels.
        lines: Number of lines there is room for, ``None`` for as many as needed. What
            does not fit is cut, and the last line ends in ``…``.

    Returns:
        (2 * MARGIN + lines * LINE_HEIGHT, width, 3) uint8 BGR.
    """
    rows = [
        (text, entry if number == 0 else None, entry)
        for entry in entries
        for number, text in enumerate(_lines(entry, width))
    ]
    lines = len(rows) if lines is None else lines
    if len(rows) > lines > 0:
        text, first, entry = rows[lines - 1]
        text = cut_text(f'{text} …', _room(entry, width))
        rows = [*rows[: lines - 1], (text, first, entry)]
    panel = np.full((2 * MARGIN + lines * LINE_HEIGHT, width, 3), PAPER, np.uint8)
    for number, (text, first, entry) in enumerate(rows[:lines]):
        base = MARGIN + number * LINE_HEIGHT + LINE_HEIGHT - 5
        if first is not None and first.badge:
            _draw_badge(panel, first, base)
        x = MARGIN + _indent(entry)
        ink = FAINT if entry.faint else INK
        draw_text(panel, text, (x, base), ink)
    return panel


def _indent(entry: TextEntry) -> int:
    """Pixels that the badge and the gap behind it take."""
    if not entry.badge:
        return 0
    return max(INDENT, text_width(_badge_text(entry)) + 14)


def _room(entry: TextEntry, width: int) -> int:
    return width - 2 * MARGIN - _indent(entry)


def _lines(entry: TextEntry, width: int) -> tuple[str, ...]:
    return wrap_panel_text(entry.text, _room(entry, width))


def _badge_text(entry: TextEntry) -> str:
    return drawable_text(entry.badge[:MAX_BADGE])


def _draw_badge(panel: np.ndarray, entry: TextEntry, base: int) -> None:
    text = _badge_text(entry)
    color = FAINT if entry.faint else entry.color
    right = MARGIN + text_width(text) + 6
    cv2.rectangle(panel, (MARGIN, base - 13), (right, base + 4), color, cv2.FILLED)
    draw_text(panel, text, (MARGIN + 3, base), text_color_on(color))
