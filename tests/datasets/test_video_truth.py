"""Tests of the truth of a video: what of it is left in some frames or boxes."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip('torch')

from mmsmot.datasets.video_truth import VideoTruth  # noqa: E402
from mmsmot.structures import (  # noqa: E402
    Interactions,
    ReferringExpression,
    SMOTDataSample,
    Trajectories,
)


@pytest.fixture
def truth() -> VideoTruth:
    """Persons 1 (frames 1-4), 2 (frames 1-2) and 3 (frame 4)."""
    rows = [(1, 1), (2, 1), (3, 1), (4, 1), (1, 2), (2, 2), (4, 3)]
    frames, ids = zip(*rows, strict=True)
    boxes = np.tile([0.0, 0, 5, 5], (7, 1))
    return VideoTruth(
        Trajectories(frames, ids, boxes),
        {1: 'one', 2: 'two', 3: 'three'},
        Interactions([1, 1, 3], [2, 3, 1], ['a', 'b', 'c'], [1, 0, 4], [2, 0, 4]),
        'all',
        [ReferringExpression('x', {1: [1, 2], 4: [1, 3]}, {2: [2]})],
    )


def test_on_frames(truth) -> None:
    part = truth.on_frames(np.array([3, 4]))
    assert list(part.captions) == [1, 3]
    assert part.interactions.verbs.tolist() == ['b', 'c']
    assert part.expressions[0].labels == {4: (1, 3)}
    assert part.video_caption == 'all'
    part = truth.on_frames(np.array([3]))
    assert list(part.captions) == [1] and not len(part.interactions)
    part = truth.on_frames(np.array([1, 3]))
    assert part.interactions.verbs.tolist() == ['a']


def test_for_boxes(truth) -> None:
    boxes = truth.trajectories
    keep = ~((boxes.ids == 3) | ((boxes.frame_ids == 1) & (boxes.ids == 2)))
    part = truth.for_boxes(boxes[keep])
    assert list(part.captions) == [1, 2]
    assert part.interactions.verbs.tolist() == ['a']
    assert part.expressions[0].labels == {1: (1,), 4: (1,)}
    assert part.expressions[0].ignore == {2: (2,)}
    assert list(truth.captions) == [1, 2, 3]  # untouched


def test_nothing_annotated_stays_so() -> None:
    sample = SMOTDataSample()
    VideoTruth().on_frames(np.array([1])).put_into(sample)
    assert not sample.keys()
    truth = VideoTruth(Trajectories.empty())
    part = truth.for_boxes(Trajectories.empty())
    assert part.captions is None and part.expressions is None
    assert not truth.is_described


def test_into_a_sample_and_back(truth) -> None:
    sample = SMOTDataSample()
    truth.put_into(sample)
    assert VideoTruth.of(sample) == truth
    assert truth.is_described
