"""Text that is wrapped, cut and drawn."""

from __future__ import annotations

import time

import numpy as np
import pytest

from mmsmot.visualization.text_drawing import MAX_LETTERS, text_width
from mmsmot.visualization.text_panel import (
    FAINT,
    LINE_HEIGHT,
    MARGIN,
    PAPER,
    TextEntry,
    count_panel_lines,
    draw_text_panel,
    wrap_panel_text,
)

LONG = 'a man in a red shirt walks to the right and then hugs a woman in white ' * 3


@pytest.mark.parametrize('width', [60, 200, 640])
def test_lines_fit_and_no_word_is_lost(width: int) -> None:
    lines = wrap_panel_text(LONG, width)
    assert max(map(text_width, lines)) <= width
    assert ' '.join(lines) == ' '.join(LONG.split())


def test_a_word_wider_than_the_panel_is_cut() -> None:
    lines = wrap_panel_text('so ' + 'w' * 50 + ' much', 100)
    assert max(map(text_width, lines)) <= 100
    assert ''.join(lines).replace(' ', '') == 'so' + 'w' * 50 + 'much'


def test_a_width_for_nothing_still_ends() -> None:
    assert wrap_panel_text('abc', 1) == ('a', 'b', 'c')


def test_the_panel_is_as_high_as_its_lines() -> None:
    entries = [TextEntry(LONG), TextEntry('short', '3', (0, 0, 255))]
    lines = count_panel_lines(entries, 300)
    panel = draw_text_panel(entries, 300)
    assert lines > 4
    assert panel.shape == (2 * MARGIN + lines * LINE_HEIGHT, 300, 3)
    assert (panel[-LINE_HEIGHT - MARGIN :] == (0, 0, 255)).all(axis=2).sum() > 50


def test_a_fixed_height_cuts_the_text_or_leaves_room() -> None:
    few = draw_text_panel([TextEntry(LONG)], 300, lines=2)
    assert few.shape[0] == 2 * MARGIN + 2 * LINE_HEIGHT
    whole = draw_text_panel([TextEntry(LONG)], 300)
    first, second = (slice(MARGIN + n * LINE_HEIGHT, None) for n in (0, 1))
    assert (few[first][:LINE_HEIGHT] == whole[first][:LINE_HEIGHT]).all()
    assert (few[second][:LINE_HEIGHT] != whole[second][:LINE_HEIGHT]).any()
    empty = draw_text_panel([], 300, lines=3)
    assert empty.shape[0] == 2 * MARGIN + 3 * LINE_HEIGHT
    assert (empty == PAPER).all()


def test_faint_entries_have_no_colour() -> None:
    panel = draw_text_panel([TextEntry('gone', '7', (0, 0, 255), faint=True)], 200)
    assert not (panel == (0, 0, 255)).all(axis=2).any()
    assert (panel == FAINT).all(axis=2).sum() > 50
    assert np.ptp(panel.astype(int), axis=2).max() == 0


@pytest.mark.parametrize('text', ['w' * 100_000, 'walks ' * 10_000])
def test_a_text_without_an_end_is_cut_soon(text: str) -> None:
    wrap_panel_text.cache_clear()
    start = time.perf_counter()
    lines = wrap_panel_text(text, 640)
    assert time.perf_counter() - start < 2  # 100,000 letters once took many minutes
    assert max(map(text_width, lines)) <= 640
    assert len(''.join(lines)) <= MAX_LETTERS
    assert lines[-1].endswith('…')
