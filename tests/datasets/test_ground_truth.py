"""Tests of the truth of a video: what of it is left in some frames or boxes."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip('torch')

from mmsmot.datasets.ground_truth import GroundTruth  # noqa: E402
from mmsmot.structures import (  # noqa: E402
    Interactions,
    ReferringExpression,
    SMOTDataSample,
    Trajectories,
)


@pytest.fixture
def gt() -> GroundTruth:
    """Persons 1 (frames 1-4), 2 (frames 1-2) and 3 (frame 4)."""
    rows = [(1, 1), (2, 1), (3, 1), (4, 1), (1, 2), (2, 2), (4, 3)]
    frames, ids = zip(*rows, strict=True)
    boxes = np.tile([0.0, 0, 5, 5], (7, 1))
    return GroundTruth(
        Trajectories(frames, ids, boxes),
        {1: 'one', 2: 'two', 3: 'three'},
        Interactions([1, 1, 3], [2, 3, 1], ['a', 'b', 'c'], [1, 0, 4], [2, 0, 4]),
        'all',
        [ReferringExpression('x', {1: [1, 2], 4: [1, 3]}, {2: [2]})],
    )


def test_on_frames(gt) -> None:
    part = gt.on_frames(np.array([3, 4]))
    assert list(part.captions) == [1, 3]
    assert part.interactions.verbs.tolist() == ['b', 'c']
    assert part.expressions[0].labels == {4: (1, 3)}
    assert part.video_caption == 'all'
    part = gt.on_frames(np.array([3]))
    assert list(part.captions) == [1] and not len(part.interactions)
    part = gt.on_frames(np.array([1, 3]))
    assert part.interactions.verbs.tolist() == ['a']


def test_for_boxes(gt) -> None:
    boxes = gt.trajectories
    keep = ~((boxes.ids == 3) | ((boxes.frame_ids == 1) & (boxes.ids == 2)))
    part = gt.for_boxes(boxes[keep])
    assert list(part.captions) == [1, 2]
    assert part.interactions.verbs.tolist() == ['a']
    assert part.expressions[0].labels == {1: (1,), 4: (1,)}
    assert part.expressions[0].ignore == {2: (2,)}
    assert list(gt.captions) == [1, 2, 3]  # untouched


def test_nothing_annotated_stays_so() -> None:
    sample = SMOTDataSample()
    GroundTruth().on_frames(np.array([1])).set_gt_fields(sample)
    assert not sample.keys()
    gt = GroundTruth(Trajectories.empty())
    part = gt.for_boxes(Trajectories.empty())
    assert part.captions is None and part.expressions is None
    assert not gt.is_described


def test_into_a_sample_and_back(gt) -> None:
    sample = SMOTDataSample()
    gt.set_gt_fields(sample)
    assert GroundTruth.of(sample) == gt
    assert gt.is_described
