"""The statistics of a dataset as a figure, after Fig. 2 of the BenSMOT paper."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from ..datasets.statistics import histogram, most_frequent_items
from ..utils.atomic import atomic_path
from .text_drawing import ELLIPSIS, drawable_text, font_families

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..datasets.statistics import DatasetStatistics

SIZE = (13, 7)  # inches
DPI = 100
COLOR, MEAN_COLOR = '#4878a8', '#c44e52'
TOP_WORDS = 20
MAX_WORD, MAX_TITLE = 24, 120  # letters


def write_statistics_figure(
    statistics: DatasetStatistics, path: str | os.PathLike, title: str = ''
) -> None:
    """Six plots, written atomically: five distributions and the most frequent words.

    The paper shows the words as a cloud; bars can be read off.

    Args:
        statistics: Of the dataset.
        path: The image file; matplotlib takes its format from the suffix.
        title: Above the figure.

    Raises:
        ValueError: The suffix is no format of matplotlib's.
    """
    figure = Figure(figsize=SIZE, dpi=DPI, layout='constrained')
    formats = figure.canvas.get_supported_filetypes()
    if Path(path).suffix[1:].lower() not in formats:
        raise ValueError(
            f'{path}: no image format that matplotlib writes ({", ".join(formats)})'
        )
    axes = figure.subplots(2, 3).ravel()
    figures = statistics.distributions().items()
    for letter, axis, (name, values) in zip('abcde', axes, figures, strict=False):
        _draw_histogram(axis, f'({letter}) {name}', values)
    _draw_words(axes[5], most_frequent_items(statistics.words, TOP_WORDS))
    if title:
        figure.suptitle(_label(title, MAX_TITLE), **_font_options(title))
    with atomic_path(path) as temporary:
        figure.savefig(temporary)


def _draw_histogram(axis: Axes, title: str, values: Sequence[float]) -> None:
    axis.set_title(title, fontsize=10)
    if not values:
        _say_nothing(axis)
        return
    counts, edges = histogram(list(values))
    axis.bar(edges[:-1], counts, np.diff(edges), align='edge', color=COLOR, ec='white')
    mean = float(np.mean(values))
    axis.axvline(mean, color=MEAN_COLOR, label=f'mean {mean:.1f}')
    axis.legend(fontsize=8, frameon=False)
    axis.set_ylabel('number', fontsize=8)
    axis.tick_params(labelsize=8)


def _draw_words(axis: Axes, words: dict[str, int]) -> None:
    axis.set_title('(f) Most frequent words of captions', fontsize=10)
    if not words:
        _say_nothing(axis)
        return
    places = np.arange(len(words))
    axis.barh(places, list(words.values()), color=COLOR)
    labels = [_label(word, MAX_WORD) for word in words]
    axis.set_yticks(places, labels, fontsize=7, **_font_options(''.join(labels)))
    axis.invert_yaxis()
    axis.tick_params(axis='x', labelsize=8)


def _label(text: str, length: int) -> str:
    text = drawable_text(text)
    return text if len(text) <= length else text[: length - 1] + ELLIPSIS


def _font_options(text: str) -> dict[str, Any]:
    """Fonts with all of its characters; a ``$`` of a text begins no formula."""
    return dict(parse_math=False, family=font_families(drawable_text(text)))


def _say_nothing(axis: Axes) -> None:
    axis.text(0.5, 0.5, 'not annotated', ha='center', transform=axis.transAxes)
    axis.set_axis_off()
