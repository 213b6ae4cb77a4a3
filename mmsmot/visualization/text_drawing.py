"""Drawing a line of text in any script: fonts, widths, colours."""

from __future__ import annotations

import logging
import os
import unicodedata
from functools import lru_cache
from itertools import groupby
from pathlib import Path

import numpy as np
from mmengine.logging import print_log
from PIL import Image, ImageDraw, ImageFont, features

TEXT_SIZE = 13  # pixels of an em
# A panel of 1,280 pixels shows as much in 13 lines. Longer texts are cut here, since the
# time to wrap and draw them would grow without a bound; the page has them whole.
MAX_LETTERS = 2000
ELLIPSIS = '…'
MISSING = '□'  # in place of a character that no font has
# A desktop may have thousands of fonts, and each is opened to see what it has.
MAX_SYSTEM_FONTS = 400
# Looked into first: plain faces of families that were made for many scripts.
PREFERRED_FONTS = (
    'notosans',
    'droidsans',
    'arialuni',
    'wqy',
    'unifont',
    'sans',
    'gothic',
)
# Their glyphs are bitmaps, boxes or nothing.
UNSUITABLE_FONTS = ('color', 'emoji', 'lastresort', 'adobeblank')
# Luma of a plate. Black and white have the same contrast on a grey of 117 (WCAG 2); a
# little less, since thin strokes of white on a colour fray.
DARK_INK_FROM = 110
JOINERS = '\u200c\u200d'  # invisible, but they shape the letters beside them


def drawable_text(text: str) -> str:
    """A text as it can be drawn: one line of at most ``MAX_LETTERS`` characters.

    Control characters go. A character that no font of this machine has becomes ``□``,
    and a logged warning names its script, once for each.
    """
    text = ' '.join(text[: 4 * MAX_LETTERS].split())
    letters = [c for c in unicodedata.normalize('NFC', text) if _is_visible(c)]
    if len(letters) > MAX_LETTERS:
        letters[MAX_LETTERS - 1 :] = ELLIPSIS
    return ''.join(c if font_path(c) else _missing(c) for c in letters)


def text_width(text: str, size: int = TEXT_SIZE) -> int:
    """Width of a drawable text in pixels."""
    return round(sum(_font(p, size).getlength(run) for p, run in _runs(text)))


def cut_text(text: str, width: int, size: int = TEXT_SIZE) -> str:
    """The start of a drawable text that fits into a width in pixels; ``…`` where cut."""
    if text_width(text, size) <= width:
        return text
    return (
        text[: fitting_text_length(text, width - text_width(ELLIPSIS, size), size)]
        + ELLIPSIS
    )


def fitting_text_length(text: str, width: int, size: int = TEXT_SIZE) -> int:
    """How many characters of a drawable text fit into a width in pixels."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if text_width(text[:middle], size) <= width:
            low = middle
        else:
            high = middle - 1
    return low


def draw_text(
    image: np.ndarray,
    text: str,
    origin: tuple[int, int],
    color: tuple[int, int, int],
    size: int = TEXT_SIZE,
) -> None:
    """Draw a line of text into an image.

    Args:
        image: (H, W, 3) uint8 BGR, written to. What lies beyond it is left out.
        text: One line; see :func:`drawable_text`.
        origin: x, y in pixels of where its baseline starts.
        color: BGR.
        size: Pixels of an em.
    """
    rows, columns, opacity = _glyph_pixels(text, size)
    rows, columns = rows + origin[1], columns + origin[0]
    height, width = image.shape[:2]
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    if not inside.all():
        rows, columns, opacity = rows[inside], columns[inside], opacity[inside]
    below = image[rows, columns].astype(np.float32)
    mixed = below + (np.array(color, np.float32) - below) * opacity[:, None]
    image[rows, columns] = np.round(mixed).astype(np.uint8)


def text_color_on(color: tuple[int, int, int]) -> tuple[int, int, int]:
    """Black or white (BGR), whichever can be read on a colour."""
    blue, green, red = color
    luma = 0.114 * blue + 0.587 * green + 0.299 * red  # ITU-R BT.601
    return (0, 0, 0) if luma > DARK_INK_FROM else (255, 255, 255)


@lru_cache(maxsize=65536)
def font_path(character: str) -> str | None:
    """The first font file that has a character: DejaVu Sans, then the system's."""
    if _needs_layout(character) and not features.check('raqm'):
        return None
    base = _base_font()
    if character in JOINERS or ord(character) in _charmap(base):
        return base
    return next((p for p in _system_fonts() if ord(character) in _charmap(p)), None)


def font_families(text: str) -> list[str]:
    """The families, as matplotlib names them, of the fonts that a drawable text takes."""
    paths = dict.fromkeys([_base_font(), *(path for path, _ in _runs(text))])
    return [_family(path) for path in paths]


@lru_cache(maxsize=1 + MAX_SYSTEM_FONTS)
def _family(path: str) -> str:
    from matplotlib.font_manager import fontManager

    # matplotlib's own list may be older than the font.
    fontManager.addfont(path)
    return _font(path, TEXT_SIZE).getname()[0] or Path(path).stem


@lru_cache(maxsize=1)
def _base_font() -> str:
    """DejaVu Sans as matplotlib ships it: Latin, Greek, Cyrillic, Hebrew, Arabic, ..."""
    import matplotlib  # not at the top: it takes a third of a second

    return os.path.join(matplotlib.get_data_path(), 'fonts', 'ttf', 'DejaVuSans.ttf')


@lru_cache(maxsize=1)
def _system_fonts() -> tuple[str, ...]:
    from matplotlib.font_manager import findSystemFonts

    def rank(path: str) -> tuple[int, int, str]:
        name = Path(path).stem.lower()
        family = (n for n, part in enumerate(PREFERRED_FONTS) if part in name)
        styled = any(part in name for part in ('bold', 'italic', 'oblique', 'serif'))
        return styled, next(family, len(PREFERRED_FONTS)), path

    suitable = (
        path
        for path in findSystemFonts()
        if not any(part in Path(path).stem.lower() for part in UNSUITABLE_FONTS)
    )
    return tuple(sorted(suitable, key=rank)[:MAX_SYSTEM_FONTS])


@lru_cache(maxsize=1 + MAX_SYSTEM_FONTS)
def _charmap(path: str) -> frozenset[int]:
    """The code points of a font; none of one that cannot be read or drawn with."""
    from matplotlib.ft2font import FT2Font

    try:
        _font(path, TEXT_SIZE)
        return frozenset(FT2Font(path).get_charmap())
    except (OSError, RuntimeError) as error:  # damaged, or bitmaps of one size
        print_log(f'font {path} is left out: {error}', 'current', logging.DEBUG)
        return frozenset()


@lru_cache(maxsize=128)
def _font(path: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size)


@lru_cache(maxsize=4096)
def _runs(text: str) -> tuple[tuple[str, str], ...]:
    """A text in pieces of one font each: (path, piece)."""
    # A character that nothing has draws the base font's own sign for that.
    paths = [font_path(c) or _base_font() for c in text]
    runs = groupby(zip(paths, text, strict=True), key=lambda pair: pair[0])
    return tuple((path, ''.join(c for _, c in run)) for path, run in runs)


@lru_cache(maxsize=512)  # labels come again in each frame, captions do not
def _glyph_pixels(text: str, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(N,) rows and columns relative to the origin, and (N,) opacities from 0 to 1."""
    # An em to all sides, for marks far above and letters that lean out.
    canvas = Image.new('L', (text_width(text, size) + 2 * size, 3 * size))
    draw = ImageDraw.Draw(canvas)
    x, y = float(size), 2 * size
    for path, run in _runs(text):
        draw.text((x, y), run, fill=255, font=_font(path, size), anchor='ls')
        x += _font(path, size).getlength(run)
    alpha = np.asarray(canvas)
    rows, columns = np.nonzero(alpha)
    opacity = alpha[rows, columns] / np.float32(255)
    return (rows - y).astype(np.int32), (columns - size).astype(np.int32), opacity


def _is_visible(character: str) -> bool:
    return character in JOINERS or unicodedata.category(character) not in ('Cc', 'Cf')


def _needs_layout(character: str) -> bool:
    """Whether it is written from the right, or joins or moves its neighbours."""
    from_right = unicodedata.bidirectional(character) in ('R', 'AL')
    return from_right or unicodedata.category(character) == 'Mc'


def _missing(character: str) -> str:
    _warn_of_script(_script(character))
    return MISSING


def _script(character: str) -> str:
    """``'Hangul'`` of ``'가'``, as Unicode's names begin."""
    if unicodedata.category(character)[0] in 'SC':
        return 'symbols'
    script = unicodedata.name(character, 'unknown').split()[0]
    return script if script == 'CJK' else script.title()


@lru_cache(maxsize=256)
def _warn_of_script(script: str) -> None:
    """Cached, so that each script is logged once."""
    print_log(
        f'Drawn texts show {MISSING} for {script}: no font of this machine has it, or '
        'Pillow comes without Raqm to lay it out. Install one (on Debian, apt-get '
        'install fonts-noto-core fonts-noto-cjk). JSON files and pages have the text.',
        'current',
        logging.WARNING,
    )
