"""A video with everything that can be annotated, and how to compare two of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmsmot.datasets.ground_truth import GroundTruth
from mmsmot.datasets.image_sequence import ImageSequence
from mmsmot.structures import (
    CoordinateSpace,
    Interactions,
    ReferringExpression,
    Trajectories,
    VideoInfo,
)

FRAMES = np.array([1, 2, 4, 7])  # with holes


@pytest.fixture
def make_video(tmp_path: Path) -> Callable[..., ImageSequence]:
    """Makes a video of four images, each of its own grey."""

    def make(name: str = 'cooking/0001', suffix: str = '.png') -> ImageSequence:
        folder = tmp_path / 'source' / name
        folder.mkdir(parents=True)
        paths = [str(folder / f'{frame:03d}{suffix}') for frame in FRAMES]
        for frame, path in zip(FRAMES.tolist(), paths, strict=True):
            assert cv2.imwrite(path, np.full((48, 64, 3), 20 * frame, np.uint8))
        return ImageSequence(VideoInfo(name, str(folder), 8.0, 64, 48), FRAMES, paths)

    return make


@pytest.fixture
def gt() -> GroundTruth:
    """Ids 2, 3 and 10; the second has no caption; spans known and not."""
    boxes = Trajectories(
        frame_ids=[1, 2, 4, 1, 2, 4, 7],
        ids=[2, 2, 2, 10, 10, 3, 3],
        boxes=np.array([5.25, 5, 15.5, 30]) + np.arange(7)[:, None],
        scores=[1, 1, 0, 1, 1, 1, 1],
        labels=[1, 1, 1, 1, 1, 7, 7],
        visibility=[1, 0.5, 0.25, 1, 1, 1, 1],
        space=CoordinateSpace(width=64, height=48),
    )
    interactions = Interactions(
        [2, 2, 10, 2],
        [10, 10, 2, 3],
        ['follow.v.01', 'follow.v.01', 'look.v.01', 'talk.v.01'],
        [1, 4, 0, 2],
        [2, 7, 0, 4],
    )
    return GroundTruth(
        boxes,
        {2: 'A man: he waves.', 10: 'Ein Mädchen “läuft”.'},
        interactions,
        'Two people\nand a  dog.',
        [ReferringExpression('people who wave', {1: (2,), 4: (2, 3)})],
    )


def same(gt: GroundTruth, expected: GroundTruth) -> bool:
    """Whether both say the same; blanks in texts and the order of rows are no matter."""
    return _plain(gt) == _plain(expected)


def _plain(gt: GroundTruth) -> dict:
    boxes, deeds = gt.trajectories, gt.interactions
    rows = np.column_stack(
        [
            boxes.frame_ids,
            boxes.ids,
            boxes.boxes,
            boxes.scores,
            boxes.labels,
            boxes.visibility,
        ]
    )
    return dict(
        boxes=sorted(rows.round(3).tolist()),
        captions=gt.captions,
        caption=gt.video_caption and ' '.join(gt.video_caption.split()),
        expressions=gt.expressions,
        interactions=deeds
        and sorted(
            zip(
                deeds.subject_ids.tolist(),
                deeds.object_ids.tolist(),
                deeds.verbs.tolist(),
                deeds.start_frames.tolist(),
                deeds.end_frames.tolist(),
                strict=True,
            )
        ),
    )


@pytest.fixture
def says_the_same() -> Callable[[GroundTruth, GroundTruth], bool]:
    """Compares truths."""
    return same
