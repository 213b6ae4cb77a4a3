"""The figure of a dataset's statistics."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmsmot.datasets.statistics import DatasetStatistics
from mmsmot.visualization.statistics_figure import write_statistics_figure


def test_the_figure_has_six_plots(tmp_path: Path) -> None:
    statistics = DatasetStatistics(
        sequence_seconds=[3.0, 4.5, 6.0],
        trajectory_seconds=[1.5, 2.0, 2.5, 3.0],
        interactions=[0, 1, 4],
        caption_words=[12, 14, 20],
        video_caption_words=[30, 31],
        words=Counter(walk=5, man=4),
    )
    full, empty = tmp_path / 'full.png', tmp_path / 'empty.png'
    write_statistics_figure(statistics, full, 'mine')
    write_statistics_figure(DatasetStatistics(), empty)
    blue = [168, 120, 72]  # of the bars
    picture = cv2.imread(str(full))
    assert picture.shape == (700, 1300, 3)
    bars = (picture == blue).all(axis=2)
    for rows in np.array_split(bars, 2):
        for plot in np.array_split(rows, 3, axis=1):
            assert plot.sum() > 500
    assert not (cv2.imread(str(empty)) == blue).all(axis=2).any()


def test_an_unknown_format_is_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    with pytest.raises(ValueError, match=r'figure\.txt: no image format'):
        write_statistics_figure(DatasetStatistics(), tmp_path / 'figure.txt')
    assert not list(tmp_path.iterdir())


def test_words_of_any_script_and_length(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    """A dollar sign begins no formula, and a long word leaves room for its plot."""
    words = Counter({'一个': 3, 'идёт': 3, 'w' * 100_000: 2, '$\\frac$': 1})
    path = tmp_path / 'figure.png'
    write_statistics_figure(DatasetStatistics(words=words), path, '$a_$ $\\frac$ 一')
    bars = (cv2.imread(str(path)) == [168, 120, 72]).all(axis=2)
    assert bars[350:, 867:].sum() > 500
    assert [str(w.message) for w in recwarn if 'Glyph' in str(w.message)] == []
    assert [str(w.message) for w in recwarn if 'layout' in str(w.message)] == []
