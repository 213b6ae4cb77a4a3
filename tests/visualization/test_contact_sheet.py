"""Crops show what the boxes enclose, wherever they lie."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.visualization.contact_sheet import (
    GT_COLOR,
    PRED_COLOR,
    contact_sheet,
    evenly_spaced_frames,
)

NOBODY = np.empty((0, 4))


def test_a_crop_is_centred_on_the_boxes() -> None:
    picture = np.zeros((100, 200, 3), np.uint8)
    picture[40:60, 90:110] = 255
    box = np.array([[80.0, 30, 120, 70]])
    sheet = contact_sheet([picture], [box], [NOBODY], side=180)
    assert sheet.shape == (180, 180, 3)
    assert (sheet[80:100, 80:100] == 255).all()  # the white square is the middle
    # 40 px of 72 (40 and .4 of it on both sides) at 180: edges at 40 and 140.
    assert tuple(sheet[90, 40]) == tuple(sheet[40, 90]) == GT_COLOR
    assert tuple(sheet[90, 140]) == GT_COLOR
    assert not sheet[10, 10].any()


def test_true_and_predicted_boxes_and_frames_side_by_side() -> None:
    picture = np.zeros((50, 50, 3), np.uint8)
    true, said = np.array([[10.0, 10, 30, 30]]), np.array([[12.0, 10, 32, 30]])
    sheet = contact_sheet([picture] * 3, [true, NOBODY, NOBODY], [said, said, NOBODY])
    assert sheet.shape == (160, 480, 3)
    colours = [
        {tuple(c) for c in part.reshape(-1, 3).tolist()}
        for part in np.split(sheet, 3, 1)
    ]
    assert GT_COLOR in colours[0]
    assert PRED_COLOR in colours[0]
    assert GT_COLOR not in colours[1]
    assert PRED_COLOR in colours[1]
    assert colours[2] == {(0, 0, 0)}


def test_a_box_beyond_the_image() -> None:
    picture = np.full((20, 20, 3), 9, np.uint8)
    sheet = contact_sheet([picture], [np.array([[-50.0, -50, 5, 5]])], [NOBODY], 100)
    assert (sheet == 9).any()
    assert (sheet == 0).any()


def test_no_image() -> None:
    with pytest.raises(ValueError, match='no image'):
        contact_sheet([], [], [])


def test_spread_over_keeps_both_ends() -> None:
    frames = np.array([1, 2, 4, 8, 9, 11, 12])
    assert evenly_spaced_frames(frames, 3).tolist() == [1, 8, 12]
    assert evenly_spaced_frames(frames, 50).tolist() == frames.tolist()


def test_boxes_that_are_none_are_left_out() -> None:
    picture = np.full((60, 60, 3), 9, np.uint8)
    good = [10.0, 10, 30, 30]
    none = [[10.0, 10, 10, 10], [np.nan] * 4, [0, 0, np.inf, 5]]
    expected = contact_sheet([picture], [np.array([good])], [NOBODY])
    sheet = contact_sheet([picture], [np.array([good, *none])], [np.array(none)])
    assert (sheet == expected).all()
    nothing = contact_sheet([picture], [np.array(none)], [NOBODY])
    assert (nothing == contact_sheet([picture], [NOBODY], [NOBODY])).all()
