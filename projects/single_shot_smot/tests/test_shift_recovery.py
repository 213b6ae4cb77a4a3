"""The share of boxes that are recovered after a shift."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.structures import Frame, SMOTDataSample, Trajectories
from projects.single_shot_smot.shift_recovery import shift_recovery
from projects.single_shot_smot.tests.grid_detector import VIDEO, frames


class Reader:
    """Gives frames as a VideoReader does."""

    def batches(self, size: int):
        sequence = frames(1, 5)
        return (sequence[k : k + size] for k in range(0, 5, size))


BOXES = np.tile([[10.0, 10, 30, 50], [50, 20, 90, 80]], (5, 1))
IDS = np.repeat(np.arange(1, 6), 2)


@pytest.fixture
def videos() -> list:
    gt = Trajectories(IDS, np.tile([1, 2], 5), BOXES)
    return [(Reader(), SMOTDataSample(gt_trajectories=gt, metainfo=dict(video=VIDEO)))]


def test_a_box_that_stays_is_recovered_while_it_overlaps(videos: list) -> None:
    def unmoved_boxes(frames: list[Frame], boxes: list[np.ndarray]) -> list:
        return [(b, np.ones(len(b))) for b in boxes]

    # (1 - s)^2 / (2 - (1 - s)^2): .68 at .1, .51 at .18, .39 at .25
    shares = shift_recovery(unmoved_boxes, videos, (0.0, 0.1, 0.18, 0.25), 0.4)
    assert shares == {0.0: 1.0, 0.1: 1.0, 0.18: 1.0, 0.25: 0.0}


def test_what_goes_back_is_recovered_where_its_score_is_enough(videos: list) -> None:
    def gt_boxes(frames: list[Frame], boxes: list[np.ndarray]) -> list:
        return [(BOXES[:2], np.array([0.9, 0.3])) for _ in boxes]

    assert shift_recovery(gt_boxes, videos, (0.45,), 0.4) == {0.45: 0.5}
    assert shift_recovery(gt_boxes, videos, (0.45,), 0.3) == {0.45: 1.0}


def test_boxes_are_shifted_to_all_four_corners(videos: list) -> None:
    shifted_boxes = []

    def redetect(frames: list[Frame], boxes: list[np.ndarray]) -> list:
        shifted_boxes.extend(boxes)
        return [(b, np.ones(len(b))) for b in boxes]

    shift_recovery(redetect, videos, (0.25,), 0.4)
    fractions = (np.concatenate(shifted_boxes) - BOXES)[:, :2] / (
        BOXES[:, 2:] - BOXES[:, :2]
    )
    corners = {(x, y) for x in (-0.25, 0.25) for y in (-0.25, 0.25)}
    assert {*map(tuple, fractions.tolist())} == corners


def test_without_boxes_it_is_nan() -> None:
    assert np.isnan(shift_recovery(lambda f, b: [], [], (0.1,), 0.4)[0.1])
