"""Overlaps found by a sweep, against the table of all pairs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmsmot.structures import boxes as boxes_module
from mmsmot.structures import overlapping_box_pairs, pairwise_iou


def crowd(rng: np.random.Generator, count: int) -> np.ndarray:
    """Boxes of all sizes, some on top of each other, some side by side to the pixel."""
    corner = rng.integers(0, 200, (count, 2)).astype(float)
    size = rng.choice([1e-9, 0.5, 8, 20, 150, 4000], (count, 2))
    return np.concatenate([corner, corner + size], axis=1)


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(0, 40), st.integers(0, 40), st.booleans())
def test_the_sweep_is_the_table(seed: int, n: int, m: int, by_pixels: bool) -> None:
    rng = np.random.default_rng(seed)
    boxes, other_boxes = crowd(rng, n), crowd(rng, m)
    table = pairwise_iou(boxes, other_boxes, float(by_pixels))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boxes_module, 'PAIRS', int(rng.choice([1, 7, 1 << 20])))
        patch.setattr(boxes_module, 'TABLE_SIZE', int(rng.choice([-1, 1 << 18])))
        i, j, iou = overlapping_box_pairs(boxes, other_boxes, float(by_pixels))
    rows, columns = np.nonzero(table > 0)
    assert (i.tolist(), j.tolist()) == (rows.tolist(), columns.tolist())
    np.testing.assert_array_equal(iou, table[rows, columns])


@pytest.mark.parametrize('table_size', [-1, 1 << 18])
def test_boxes_that_shrank_to_nothing_overlap_nobody(
    table_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boxes_module, 'TABLE_SIZE', table_size)
    boxes = np.array([[0.0, 0, 10, 10]])
    inverted = np.array([[8.0, 8, 2, 2], [5, 5, 5, 5]])
    assert len(overlapping_box_pairs(boxes, inverted)[0]) == 0
    assert len(overlapping_box_pairs(inverted, boxes)[0]) == 0
