"""A loss that is no number ends training, and says where."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from mmengine.hooks import Hook

from mmsmot.engine.hooks import StopAtNaN
from mmsmot.utils.checkpoint import load_checkpoint
from tests.engine.tiny_training import runner


class Break(Hook):
    """Makes a weight NaN before an iteration, or after it."""

    priority = 'VERY_HIGH'

    def __init__(self, before: int = -1, after: int = -1) -> None:
        self.before, self.after = before, after

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        self._break(runner, self.before)

    def after_train_iter(
        self, runner, batch_idx, data_batch=None, outputs=None
    ) -> None:
        self._break(runner, self.after)

    @staticmethod
    def _break(runner, at: int) -> None:
        if runner.iter == at:
            weight = runner.model.semantics.video_caption.project[0].weight
            weight.data[0, 0] = torch.nan


def test_names_loss_batch_and_the_last_good_checkpoint(tmp_path: Path) -> None:
    training = runner(tmp_path, [Break(before=2), StopAtNaN()], max_epochs=3)
    with pytest.raises(FloatingPointError) as error:
        training.train()
    message = str(error.value)
    assert 'loss, loss_video_caption is not finite in iteration 3' in message
    assert 'clip (frames 1 to 3); clip (frames 1 to 3)' in message
    assert f'last good checkpoint is {tmp_path}/epoch_1.pth' in message
    weights = load_checkpoint(tmp_path / 'epoch_1.pth')['state_dict']
    assert all(w.isfinite().all() for w in weights.values())
    assert [p.name for p in tmp_path.glob('*.pth')] == ['epoch_1.pth']


def test_weights_that_broke_in_the_last_step_are_not_saved(tmp_path: Path) -> None:
    training = runner(tmp_path, [Break(after=3), StopAtNaN()], max_epochs=3)
    with pytest.raises(
        FloatingPointError, match=r'project.0.weight is not finite after'
    ):
        training.train()
    assert [p.name for p in tmp_path.glob('*.pth')] == ['epoch_1.pth']
