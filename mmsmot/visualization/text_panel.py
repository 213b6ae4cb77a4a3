"""A panel of wrapped text, as is put below a picture."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

FONT = cv2.FONT_HERSHEY_SIMPLEX
PAPER, INK, FAINT = (32, 32, 32), (235, 235, 235), (130, 130, 130)  # BGR
TEXT_SCALE = 0.45
LINE_HEIGHT = 18  # pixels, of a line of TEXT_SCALE
MARGIN = 8  # pixels, around the text
INDENT = 34  # pixels at least, of a text behind its badge
# Marks that OpenCV's fonts lack and NFKD does not take apart.
_PLAIN = str.maketrans({'‘': "'", '’': "'", '“': '"', '”': '"', '–': '-', '—': '-'})


@dataclass(frozen=True)
class TextEntry:
    """A text of the panel.

    Attributes:
        text: Of any length.
        badge: A short text before it, such as an id, on a plate.
        color: BGR of the plate.
        faint: Whether text and plate are grey, for what cannot be seen right now.
    """

    text: str
    badge: str = ''
    color: tuple[int, int, int] = INK
    faint: bool = False


def plain_text(text: str) -> str:
    """The text in ASCII on one line, which is all that OpenCV's fonts can write."""
    decomposed = unicodedata.normalize('NFKD', text.translate(_PLAIN))
    base = ''.join(c for c in decomposed if not unicodedata.combining(c))
    return ' '.join(base.encode('ascii', 'replace').decode().split())


def text_width(text: str, scale: float = TEXT_SCALE) -> int:
    """Width of a plain text in pixels."""
    return cv2.getTextSize(text, FONT, scale, 1)[0][0]


def ink_on(color: tuple[int, int, int]) -> tuple[int, int, int]:
    """Black or white (BGR), whichever can be read on a colour."""
    blue, green, red = color
    luma = 0.114 * blue + 0.587 * green + 0.299 * red  # ITU-R BT.601
    return (0, 0, 0) if luma > 110 else (255, 255, 255)


def wrap(text: str, width: int, scale: float = TEXT_SCALE) -> list[str]:
    """Lines of at most ``width`` pixels; a longer word is cut where it must be."""
    lines: list[str] = []
    line = ''
    for word in plain_text(text).split(' '):
        longer = f'{line} {word}' if line else word
        if text_width(longer, scale) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        while len(word) > 1 and text_width(word, scale) > width:
            cut = next(
                n
                for n in range(len(word) - 1, 0, -1)
                if n == 1 or text_width(word[:n], scale) <= width
            )
            lines.append(word[:cut])
            word = word[cut:]
        line = word
    return [*lines, line]


def panel_lines(entries: Sequence[TextEntry], width: int) -> int:
    """The number of lines that the texts take in a panel of a width in pixels."""
    return sum(len(_lines(entry, width)) for entry in entries)


def text_panel(
    entries: Sequence[TextEntry], width: int, lines: int | None = None
) -> np.ndarray:
    """The texts one below the other.

    Args:
        entries: The texts; there may be none.
        width: Width of the panel in pixels.
        lines: Number of lines there is room for, ``None`` for as many as needed. What
            does not fit is cut, and the last line ends in ``...``.

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
        rows = [*rows[: lines - 1], (_cut(text, _room(entry, width)), first, entry)]
    panel = np.full((2 * MARGIN + lines * LINE_HEIGHT, width, 3), PAPER, np.uint8)
    for number, (text, first, entry) in enumerate(rows[:lines]):
        base = MARGIN + number * LINE_HEIGHT + LINE_HEIGHT - 5
        if first is not None and first.badge:
            _draw_badge(panel, first, base)
        left = MARGIN + _indent(entry)
        ink = FAINT if entry.faint else INK
        cv2.putText(panel, text, (left, base), FONT, TEXT_SCALE, ink, 1, cv2.LINE_AA)
    return panel


def _indent(entry: TextEntry) -> int:
    """Pixels that the badge and the gap behind it take."""
    if not entry.badge:
        return 0
    return max(INDENT, text_width(plain_text(entry.badge)) + 14)


def _room(entry: TextEntry, width: int) -> int:
    return width - 2 * MARGIN - _indent(entry)


def _lines(entry: TextEntry, width: int) -> list[str]:
    return wrap(entry.text, _room(entry, width))


def _cut(text: str, width: int) -> str:
    while text and text_width(f'{text}...') > width:
        text = text[:-1]
    return f'{text}...'


def _draw_badge(panel: np.ndarray, entry: TextEntry, base: int) -> None:
    text = plain_text(entry.badge)
    color = FAINT if entry.faint else entry.color
    right = MARGIN + text_width(text) + 6
    cv2.rectangle(panel, (MARGIN, base - 13), (right, base + 4), color, cv2.FILLED)
    place = (MARGIN + 3, base)
    cv2.putText(panel, text, place, FONT, TEXT_SCALE, ink_on(color), 1, cv2.LINE_AA)
