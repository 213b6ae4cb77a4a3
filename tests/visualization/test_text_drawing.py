"""Texts in any script are drawn, or a warning names the script that cannot be."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import features

from mmsmot.visualization import text_drawing
from mmsmot.visualization.text_drawing import (
    MAX_LETTERS,
    MISSING,
    cut_text,
    draw_text,
    drawable_text,
    fitting_text_length,
    text_width,
)

CHINESE = '一个男人在踢球'


@pytest.fixture
def no_system_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which matplotlib's own fonts are all."""
    monkeypatch.setattr(text_drawing, '_system_fonts', tuple)
    for function in (
        text_drawing.font_path,
        text_drawing._warn_of_script,
        text_drawing._runs,
    ):
        function.cache_clear()
    yield
    for function in (
        text_drawing.font_path,
        text_drawing._warn_of_script,
        text_drawing._runs,
    ):
        function.cache_clear()


def drawn(text: str, size: int = 20) -> np.ndarray:
    """(H, W) where a text is, white on black."""
    image = np.zeros((60, 400, 3), np.uint8)
    draw_text(image, text, (10, 40), (255, 255, 255), size)
    return image[..., 0]


@pytest.mark.parametrize(
    'text',
    ['Мужчина идёт', 'Ο άνδρας', 'Un garçon très âgé', '“café” – so’s…', 'Ğüş ø ß'],
)
def test_alphabets_that_come_along(no_system_fonts: None, text: str) -> None:
    assert drawable_text(text) == text
    pictures = {letter: drawn(letter).tobytes() for letter in set(text) - {' '}}
    assert len(set(pictures.values())) == len(pictures)  # no sign stands for two
    assert drawn(MISSING).tobytes() not in pictures.values()


@pytest.mark.skipif(not features.check('raqm'), reason='Pillow comes without Raqm')
def test_from_right_to_left(no_system_fonts: None) -> None:
    """Hebrew: the first letter, a thin vav, stands rightmost."""
    assert drawable_text('ומ') == 'ומ'
    right = drawn('ומ').any(axis=0).nonzero()[0].max()
    alone = drawn('מ').any(axis=0).nonzero()[0].max()
    assert right > alone
    assert (drawn('ומ')[:, :20] == drawn('מ')[:, :20]).mean() > 0.98


def test_without_layout_nothing_is_written_backwards(
    no_system_fonts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_drawing.features, 'check', lambda name: False)
    assert drawable_text('a שלום b') == f'a {4 * MISSING} b'


def test_a_script_without_a_font_is_told_once(no_system_fonts: None, logged) -> None:
    assert drawable_text(f'a {CHINESE} b') == f'a {MISSING * len(CHINESE)} b'
    drawable_text(CHINESE)
    drawable_text('가나')
    texts = [record.getMessage() for record in logged]
    assert [text.split(':')[0] for text in texts] == [
        f'Drawn texts show {MISSING} for {script}' for script in ('CJK', 'Hangul')
    ]
    assert 'apt-get install fonts-noto-core fonts-noto-cjk' in texts[0]


def test_a_system_font_is_taken_for_what_the_first_lacks(
    no_system_fonts: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One that cannot be read is no font; the text is of two fonts on one line."""
    damaged = tmp_path / 'damaged.ttf'
    damaged.write_bytes(b'no font')
    folder = Path(matplotlib.get_data_path()) / 'fonts' / 'ttf'
    other = str(folder / 'STIXGeneral.ttf')
    extra = text_drawing._charmap(other) - text_drawing._charmap(
        text_drawing._base_font()
    )
    letter = next(chr(c) for c in sorted(extra) if chr(c).isalpha() and c < 0xE000)
    monkeypatch.setattr(text_drawing, '_system_fonts', lambda: (str(damaged), other))
    text_drawing.font_path.cache_clear()
    assert text_drawing.font_path(letter) == other
    assert drawable_text(letter) == letter
    assert text_width(f'a{letter}b') > text_width('ab')
    assert drawn(f'a{letter}b').any()


def test_one_line_without_controls() -> None:
    assert drawable_text('a\n b\x00\x1b[31m\u202ec\u0301') == 'a b[31m\u0107'
    assert drawable_text('\ud800') == MISSING


def test_texts_are_bounded() -> None:
    assert len(drawable_text('w' * 10**6)) == MAX_LETTERS
    assert drawable_text('w' * 10**6).endswith('w…')


def test_cut_text_fits() -> None:
    assert cut_text('a man', 400) == 'a man'
    text = 'a man walks to the right'
    cut = cut_text(text, 100)
    assert text_width(cut) <= 100 < text_width(text)
    assert cut.endswith('…')
    assert cut_text(text, 0) == '…'
    assert text_width(text[: fitting_text_length(text, 100)]) <= 100


def test_what_lies_beyond_the_image_is_left_out() -> None:
    image = np.zeros((10, 10, 3), np.uint8)
    draw_text(image, 'WWW', (-5, 12), (0, 0, 255))
    assert image[..., 2].any()
    assert not image[..., :2].any()
    draw_text(image, 'WWW', (500, 500), (255, 0, 0))
    assert not image[..., 0].any()
