"""A clip whose images show where its boxes are."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest


@pytest.fixture
def make_clip() -> Callable[..., dict]:
    """Makes a clip of T images 80x60 with a bright block for each of two people.

    Person 1 (blue) moves by 4 pixels a frame from (10, 20), 16x24 pixels; person 2
    (green) stands at (60, 10), 10x12 pixels.
    """
    pytest.importorskip('torch')
    from mmsmot.datasets.ground_truth import GroundTruth
    from mmsmot.structures import (
        CoordinateSpace,
        Frame,
        Interactions,
        ReferringExpression,
        SMOTDataSample,
        Trajectories,
        VideoInfo,
    )

    def make(
        num_frames: int = 3, images: bool = True, flippable: bool = True, seed: int = 0
    ) -> dict:
        video = VideoInfo('clip', '/clip', 5.0, 80, 60)
        frames, rows = [], []
        for frame in range(1, num_frames + 1):
            x = 10 + 4 * (frame - 1)
            image = np.zeros((60, 80, 3), np.uint8)
            image[20:44, x : x + 16, 0] = 200
            image[10:22, 60:70, 1] = 200
            rows += [(frame, 1, x, 20, x + 16, 44), (frame, 2, 60, 10, 70, 22)]
            load = partial(np.copy, image) if images else None
            frames.append(Frame(video, frame, frame / 5, load))
        table = np.array(rows, float)
        gt = GroundTruth(
            Trajectories(
                table[:, 0],
                table[:, 1],
                table[:, 2:],
                space=CoordinateSpace(width=80, height=60),
            ),
            {1: 'one', 2: 'two'},
            Interactions([1, 2], [2, 1], ['a', 'b']),
            'two people',
            [
                ReferringExpression(
                    'both', {f: [1, 2] for f in range(1, num_frames + 1)}
                )
            ],
        )
        sample = SMOTDataSample(
            metainfo=dict(
                video=video,
                frame_ids=np.arange(1, num_frames + 1),
                flippable=flippable,
            )
        )
        gt.set_gt_fields(sample)
        generator = np.random.default_rng(seed)
        return dict(inputs=frames, data_samples=sample, generator=generator)

    return make


@pytest.fixture
def seen_boxes() -> Callable[[dict], dict]:
    """Reads each box from the pixels: {(frame, id): [x1, y1, x2, y2]}."""

    def read(clip: dict) -> dict:
        boxes_by_color = {}
        for frame in clip['inputs']:
            for person in (1, 2):
                bright = frame.image[..., person - 1] > 100
                rows, columns = bright.any(axis=1), bright.any(axis=0)
                if rows.any():
                    (y1, y2), (x1, x2) = (
                        np.flatnonzero(side)[[0, -1]] for side in (rows, columns)
                    )
                    boxes_by_color[frame.frame_id, person] = [x1, y1, x2 + 1, y2 + 1]
        return boxes_by_color

    return read


@pytest.fixture
def true_boxes() -> Callable[[dict], dict]:
    """The boxes of the sample, in the same form."""

    def read(clip: dict) -> dict:
        table = clip['data_samples'].gt_trajectories
        keys = zip(table.frame_ids.tolist(), table.ids.tolist(), strict=True)
        return dict(zip(keys, table.boxes.tolist(), strict=True))

    return read
