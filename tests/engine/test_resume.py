"""A training that was stopped goes on as if it had not been."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.hooks import Hook
from torch import nn

from mmsmot.datasets.seeded_index import sample_generator
from mmsmot.utils.checkpoint import load_checkpoint
from tests.engine import tiny_training
from tests.engine.tiny_training import SHUFFLED, Clips, Losses, runner
from tests.models.semantics.test_trajectory_semantics import frames

DRAWING = dict(
    type='ClipTraining',
    detection_frames=1,
    num_grad_frames=2,
    teacher_forcing_ratio=0.5,
    box_noise=0.1,
)


class DrawnClips(Clips):
    """Images are drawn, as by a transform."""

    def __getitem__(self, index: int) -> dict[str, Any]:
        picture = int(sample_generator(index).integers(1000))
        return {**super().__getitem__(index), 'inputs': frames(3, picture)}


class Killed(RuntimeError):
    pass


class Kill(Hook):
    """Stops training before an iteration."""

    def __init__(self, before: int) -> None:
        self.before = before

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        if runner.iter == self.before:
            raise Killed


def model_that_draws(**training: Any) -> nn.Module:
    """With dropout, which is drawn as well."""
    built = MODEL(**DRAWING | training)
    built.semantics.interaction.attention.dropout = 0.3
    return built


MODEL = tiny_training.model


def schedule(loop: str, num_workers: int) -> dict:
    options = copy.deepcopy(SHUFFLED[loop.removesuffix('-amidst')])
    if loop == 'epochs-amidst':
        options['checkpoint'] = dict(
            type='CheckpointHook',
            by_epoch=False,
            interval=3,
            filename_tmpl='iter_{}.pth',
        )
    return options | dict(num_workers=num_workers)


def train(
    folder: Path,
    plan: dict,
    *hooks: Hook,
    resume: bool = False,
    batch_size: int = 2,
) -> list[dict]:
    losses = Losses()
    training = runner(
        folder,
        [losses, *hooks],
        schedule=plan,
        resume=resume,
        dataset=DrawnClips(),
        batch_size=batch_size,
    )
    try:
        training.train()
    except Killed:
        assert hooks
    return losses.seen


@pytest.mark.parametrize('num_workers', [0, 2])
@pytest.mark.parametrize('loop', ['epochs', 'iterations', 'epochs-amidst'])
def test_resumed_training_ends_on_the_same_weights(
    loop: str, num_workers: int, tmp_path: Path, monkeypatch
) -> None:
    """Bit for bit: frames, images, teacher forcing, dropout; no persistent workers."""
    monkeypatch.setattr(tiny_training, 'model', model_that_draws)
    whole = train(tmp_path / 'whole', schedule(loop, 0))
    plan = schedule(loop, num_workers)
    train(tmp_path / 'killed', plan, Kill(before=5))
    rest = train(tmp_path / 'killed', plan, resume=True)
    assert 1 < len(rest) < 6
    assert rest == whole[-len(rest) :]
    name = 'epoch_3.pth' if loop == 'epochs' else 'iter_6.pth'
    expected, found = (
        load_checkpoint(tmp_path / run / name)['state_dict']
        for run in ('whole', 'killed')
    )
    assert expected.keys() == found.keys()
    assert all(torch.equal(found[key], weight) for key, weight in expected.items())


class EpochClips(Hook):
    """The clips of each epoch."""

    def __init__(self) -> None:
        self.epochs: list[list[int]] = []

    def before_train_epoch(self, runner) -> None:
        self.epochs.append([])

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        self.epochs[-1] += [s.clip for s in data_batch['data_samples']]


@pytest.mark.parametrize('batch_size', [1, 4])
def test_resumed_within_an_epoch_with_another_batch_size(
    batch_size: int, tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    """The epoch begins anew, and a second resume knows where that was."""
    plan = schedule('epochs-amidst', 0)
    train(tmp_path, plan, Kill(before=4))  # the checkpoint is of iteration 3 of 6
    first, second = EpochClips(), EpochClips()
    stop = 8 if batch_size == 1 else 10**6
    train(tmp_path, plan, first, Kill(stop), resume=True, batch_size=batch_size)
    assert 'epoch 2 begins anew' in capfd.readouterr().out
    assert sorted(first.epochs[0]) == [0, 1, 2, 3]
    if batch_size == 4:
        assert sorted(first.epochs[1]) == [0, 1, 2, 3]
        return
    # Epoch 2 is iterations 3 to 6, and the checkpoint of iteration 6 lacks one clip.
    train(tmp_path, plan, second, resume=True, batch_size=batch_size)
    assert 'begins anew' not in capfd.readouterr().out
    assert [len(clips) for clips in second.epochs] == [1, 4]
    assert second.epochs[0] == first.epochs[0][-1:]


def test_a_finished_epoch_resumes_with_any_batch_size(
    tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    plan = schedule('epochs', 0)
    train(tmp_path, plan, Kill(before=3))
    clock = EpochClips()
    train(tmp_path, plan, clock, resume=True, batch_size=1)
    assert 'begins anew' not in capfd.readouterr().out
    assert [sorted(clips) for clips in clock.epochs] == [[0, 1, 2, 3]] * 2


def test_two_epochs_draw_differently(tmp_path: Path) -> None:
    pictures: list[int] = []

    class Note(Hook):
        def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
            for step in data_batch['inputs'][:1]:
                pictures.extend(int(frame.image.sum()) for frame in step)

    train(tmp_path, schedule('epochs', 2), Note())
    assert len(pictures) == len(set(pictures)) == 12
