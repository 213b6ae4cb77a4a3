"""Tiny folders in the layouts of Refer-KITTI and LaMOT, and of the package's tests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmsmot.structures import ReferringExpression, Trajectories
from projects.referring_mot.evaluation.scored_videos import ScoredVideo
from tests.conftest import test_data

__all__ = ['test_data']

WIDTH, HEIGHT, NUM_FRAMES = 64, 32, 4
# id 1 moves 2 pixels a frame from x 4, id 7 stands at x 40 and is gone in the last frame.
BOXES = {1: (4, 8, 10, 16), 7: (40, 8, 10, 16)}


def kitti_rows(frame: int) -> dict[int, tuple[float, float, float, float]]:
    """x, y, width, height in pixels by id, of a frame from 0."""
    x, *sides = BOXES[1]
    rows = {1: (x + 2 * frame, *sides)}
    return rows if frame == NUM_FRAMES - 1 else rows | {7: BOXES[7]}


@pytest.fixture
def refer_kitti(tmp_path: Path) -> Path:
    """Sequences 0001 (train) and 0005 (test), with three expressions each."""
    root = tmp_path / 'refer-kitti'
    for name in ('0001', '0005'):
        images = root / 'KITTI/training/image_02' / name
        labels = root / 'KITTI/labels_with_ids/image_02' / name
        for folder in (images, labels, root / 'expression' / name):
            folder.mkdir(parents=True)
        kitti = []
        for frame in range(NUM_FRAMES):
            grey = np.full((HEIGHT, WIDTH, 3), 60 + frame, np.uint8)
            cv2.imwrite(str(images / f'{frame:06d}.png'), grey)
            lines = []
            for i, (x, y, w, h) in kitti_rows(frame).items():
                fractions = x / WIDTH, y / HEIGHT, w / WIDTH, h / HEIGHT
                lines.append(' '.join(map(str, (0, i, *fractions))))
                kitti.append(
                    f'{frame} {i} Car 0 0 -1.5 {x} {y} {x + w} {y + h} 1 1 1 0 0 0 0'
                )
            kitti.append(f'{frame} -1 DontCare -1 -1 -10 0 0 5 5 -1 -1 -1 -1 -1 -1 -1')
            (labels / f'{frame:06d}.txt').write_text('\n'.join(lines) + '\n')
        file = root / 'KITTI/training/label_02' / f'{name}.txt'
        file.parent.mkdir(exist_ok=True)
        file.write_text('\n'.join(kitti) + '\n')
        write_expression_file(root, name, 'moving cars', {'0': [1], '1': [1], '2': [1]})
        cars = {str(f): list(kitti_rows(f)) for f in range(NUM_FRAMES)}
        write_expression_file(root, name, 'cars', cars)
        write_expression_file(root, name, 'cars which are braking', {'1': [7]})
    return root


def write_expression_file(root: Path, name: str, sentence: str, label: object) -> Path:
    """An expression in Refer-KITTI's form; its path."""
    path = root / 'expression' / name / f'{sentence.replace(" ", "-")}.json'
    content = dict(label=label, ignore={}, video_name=name, sentence=sentence)
    path.write_text(json.dumps(content))
    return path


SCORED_FRAMES = np.arange(1, 11)


def hand_made_table(ids: Sequence[int]) -> Trajectories:
    """Ids in ten frames; id i stands at x 100 * i."""
    frames, numbers = (
        np.repeat(SCORED_FRAMES, len(ids)),
        np.tile(ids, len(SCORED_FRAMES)),
    )
    x1 = 100.0 * (numbers % 10)
    boxes = np.stack([x1, x1 * 0, x1 + 50, x1 * 0 + 80], axis=1)
    return Trajectories(frames, numbers, boxes)


@pytest.fixture
def scored_video() -> ScoredVideo:
    """Tracks 11 and 12 follow ids 1 and 2; track 13 follows nobody."""
    tracks = hand_made_table([11, 12, 13])
    expressions = [
        ReferringExpression('first', {int(f): (1,) for f in SCORED_FRAMES}),
        ReferringExpression('second early', {int(f): (2,) for f in SCORED_FRAMES[:5]}),
    ]
    is_first = tracks.ids == 11
    is_early = (tracks.ids == 12) & (tracks.frame_ids <= 6)
    scores = np.stack([np.where(is_first, 0.9, 0.2), np.where(is_early, 0.7, 0.1)])
    captions = {1: 'somebody who is first', 2: 'the second'}
    return ScoredVideo(
        'a',
        SCORED_FRAMES,
        hand_made_table([1, 2]),
        captions,
        expressions,
        tracks,
        scores,
    )
