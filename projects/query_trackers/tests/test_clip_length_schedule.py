"""Clips become longer at the paper's epochs."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from mmengine.dataset import ConcatDataset, RepeatDataset

from mmsmot.datasets import MOTChallengeDataset
from projects.query_trackers.clip_length_schedule import ClipLengthSchedule


@pytest.fixture(scope='module')
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sequences of 30 and 45 frames; files of the first image alone."""
    root = tmp_path_factory.mktemp('mot')
    for name, count in (('short', 30), ('long', 45)):
        folder = root / name
        (folder / 'img1').mkdir(parents=True)
        for number in range(1, count + 1):
            path = folder / 'img1' / f'{number:06d}.png'
            assert cv2.imwrite(str(path), np.zeros((4, 4, 3), np.uint8))
        (folder / 'seqinfo.ini').write_text(
            f'[Sequence]\nname={name}\nimDir=img1\nframeRate=20\nseqLength={count}\n'
            'imWidth=4\nimHeight=4\nimExt=.png\n'
        )
        (folder / 'gt').mkdir()
        (folder / 'gt' / 'gt.txt').write_text(
            ''.join(f'{k},1,1,1,2,2,1,1,1\n' for k in range(1, count + 1))
        )
    return root


def runner(dataset: object, epoch: int = 0, **loader) -> SimpleNamespace:
    loader = dict(num_workers=2, persistent_workers=False) | loader
    return SimpleNamespace(
        epoch=epoch, train_dataloader=SimpleNamespace(dataset=dataset, **loader)
    )


def motr_schedule() -> ClipLengthSchedule:
    return ClipLengthSchedule(epochs=[50, 90, 150], lengths=[2, 3, 4, 5], interval=10)


def test_lengths_of_motr_on_clips_of_real_videos(root: Path) -> None:
    """Every epoch draws, through a RepeatDataset, from the video that is long enough."""
    videos = MOTChallengeDataset(data_root=str(root), num_frames=2, run_length=41)
    dataset = RepeatDataset(videos, times=3)
    assert len(dataset) == 3  # the short one is left out from the first epoch on
    hook = motr_schedule()
    hook.before_train(runner(dataset))
    lengths = {}
    for epoch in (0, 49, 50, 89, 90, 149, 150, 199):
        hook.before_train_epoch(runner(dataset, epoch))
        clip = dataset[0]
        lengths[epoch] = len(clip['inputs']), videos.run_length
    assert [n for n, _ in lengths.values()] == [2, 2, 3, 3, 4, 4, 5, 5]
    assert lengths[0] == (2, 11) and lengths[199] == (5, 41)


def test_datasets_that_cannot_follow_are_refused(root: Path) -> None:
    def load(**options) -> MOTChallengeDataset:
        return MOTChallengeDataset(data_root=str(root), num_frames=2, **options)

    for dataset, message in (
        (load(run_length=11), 'runs of 41, .*run_length=11 .*set run_length=41'),
        (load(stride=2), 'leave out stride'),
        (load(run_length='video'), 'leave out stride'),
        (ConcatDataset([load(run_length=41)]), 'not ConcatDataset'),
    ):
        with pytest.raises(ValueError, match=message):
            motr_schedule().before_train(runner(dataset))


def test_workers_that_would_not_see_it_are_refused(root: Path) -> None:
    hook = ClipLengthSchedule(epochs=[1], lengths=[2, 3])
    dataset = MOTChallengeDataset(data_root=str(root), num_frames=3)
    with pytest.raises(ValueError, match='persistent_workers=False'):
        hook.before_train_epoch(runner(dataset, persistent_workers=True))
    hook.before_train_epoch(runner(dataset, num_workers=0, persistent_workers=True))


def test_numbers_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match='one more than'):
        ClipLengthSchedule(epochs=[50], lengths=[2])
    with pytest.raises(ValueError, match='ascend'):
        ClipLengthSchedule(epochs=[50, 40], lengths=[2, 3, 4])
