"""What is a box, and how two overlap, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.structures import paired_iou, pairwise_iou, valid_boxes, warp_boxes
from mmsmot.structures.boxes import as_boxes, boxes_in_image, require_valid_boxes


@pytest.mark.parametrize(
    ('side', 'valid'),
    [(1e-9, True), (0.99e-9, False), (1e9, True), (1.01e9, False), (np.nan, False)],
)
def test_the_smallest_and_the_largest_box(side: float, valid: bool) -> None:
    for box in ([0, 0, side, 5], [0, 0, 5, side]):
        assert valid_boxes(np.array([box])).tolist() == [valid]


@pytest.mark.parametrize(
    ('box', 'defect'),
    [
        ([0, 0, np.inf, 5], 'not finite'),
        ([0, 0, 0, 5], 'empty or inverted'),
        ([5, 0, 0, 5], 'empty or inverted'),
        ([0, 0, 2e9, 5], 'larger than any image'),
    ],
)
def test_the_first_bad_box_is_named(box: list, defect: str) -> None:
    boxes = np.array([[0.0, 0, 1, 1], box, [0, 0, 1, 1], box])
    with pytest.raises(
        ValueError, match=f'Tracks: box 1 is {defect}.*2 such boxes of 4'
    ):
        require_valid_boxes(boxes, 'Tracks')


def test_shapes() -> None:
    assert as_boxes([], 'Tracks').shape == (0, 4)
    assert as_boxes([[1, 2, 3, 4]], 'Tracks').tolist() == [[1, 2, 3, 4]]
    for wrong in ([7.0], [[7.0]], [1.0, 2, 3, 4], np.zeros((2, 5))):
        with pytest.raises(ValueError, match=r'Tracks: boxes must be \(N, 4\)'):
            as_boxes(wrong, 'Tracks')


def test_overlap_of_two_boxes() -> None:
    boxes = np.array([[0.0, 0, 9, 9]])
    other_boxes = np.array([[5.0, 0, 14, 9], [9, 0, 18, 9], [40, 40, 50, 50]])
    assert pairwise_iou(boxes, other_boxes)[0] == pytest.approx([4 / 14, 0, 0])
    # Counting pixels a box is 10 wide, and boxes that touch share a column.
    pixels = [5 / 15, 1 / 19, 0]
    assert pairwise_iou(boxes, other_boxes, pixel_offset=1)[0] == pytest.approx(pixels)
    repeated = np.repeat(boxes, 3, axis=0)
    assert paired_iou(repeated, other_boxes) == pytest.approx([4 / 14, 0, 0])
    assert paired_iou(repeated, other_boxes, 1.0) == pytest.approx(pixels)


def test_a_box_moves_and_grows_with_the_camera() -> None:
    boxes = np.array([[10.0, 20, 30, 60]])
    moved = warp_boxes(boxes, np.array([[1.0, 0, 5], [0, 1, -2]]))
    assert moved.tolist() == [[15, 18, 35, 58]]
    # Twice as near: the centre (20, 40) goes to (40, 80), sides double.
    assert warp_boxes(boxes, np.array([[2.0, 0, 0], [0, 2, 0]])).tolist() == [
        [20, 40, 60, 120]
    ]
    # A quarter roll turns the centre to (-40, 20), and leaves the box upright.
    rolled = warp_boxes(boxes, np.array([[0.0, -1, 0], [1, 0, 0]]))
    assert rolled.tolist() == [[-50, 0, -30, 40]]
    assert warp_boxes(np.tile(boxes, (2, 3, 1)), np.eye(2, 3)).shape == (2, 3, 4)


def test_boxes_of_which_a_part_lies_in_their_image() -> None:
    boxes = np.array([[-4.0, 0, 0, 9], [-4, 0, 1, 9], [8, 0, 9, 9], [7, 8, 9, 12]])
    boxes = np.concatenate([boxes, np.full((1, 4), np.nan)])
    expected = [False, True, False, True, False]
    assert boxes_in_image(boxes, np.array([8, 9])).tolist() == expected
    sizes = np.array([[8, 9]] * 2 + [[9, 9], [7, 9], [8, 9]])  # each its own image
    expected = [False, True, True, False, False]
    assert boxes_in_image(boxes, sizes).tolist() == expected
    assert boxes_in_image(boxes[:0], np.array([8, 9])).shape == (0,)
