"""Clips become longer at the paper's epochs."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from projects.query_trackers.clip_length_schedule import ClipLengthSchedule


def runner(epoch: int, **loader) -> SimpleNamespace:
    dataset = SimpleNamespace(num_frames=0, run_length=0)
    loader = dict(num_workers=2, persistent_workers=False) | loader
    return SimpleNamespace(
        epoch=epoch, train_dataloader=SimpleNamespace(dataset=dataset, **loader)
    )


def test_lengths_of_motr() -> None:
    hook = ClipLengthSchedule(epochs=[50, 90, 150], lengths=[2, 3, 4, 5], interval=10)
    lengths = {}
    for epoch in (0, 49, 50, 89, 90, 149, 150, 199):
        training = runner(epoch)
        hook.before_train_epoch(training)
        dataset = training.train_dataloader.dataset
        lengths[epoch] = dataset.num_frames, dataset.run_length
    assert [n for n, _ in lengths.values()] == [2, 2, 3, 3, 4, 4, 5, 5]
    assert lengths[0] == (2, 11) and lengths[199] == (5, 41)


def test_workers_that_would_not_see_it_are_refused() -> None:
    hook = ClipLengthSchedule(epochs=[1], lengths=[2, 3])
    with pytest.raises(ValueError, match='persistent_workers=False'):
        hook.before_train_epoch(runner(0, persistent_workers=True))
    hook.before_train_epoch(runner(0, num_workers=0, persistent_workers=True))


def test_numbers_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match='one more than'):
        ClipLengthSchedule(epochs=[50], lengths=[2])
    with pytest.raises(ValueError, match='ascend'):
        ClipLengthSchedule(epochs=[50, 40], lengths=[2, 3, 4])
