"""A loss that is no number ends training, and says where."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from mmengine.hooks import Hook

from mmsmot.engine.hooks import CheckInvalidLossHook
from mmsmot.utils.checkpoint import load_checkpoint
from tests.engine.tiny_training import runner

WORDS = 'semantics.video_caption.project.0.weight'


class Break(Hook):
    """Makes a weight NaN before an iteration, or after it."""

    priority = 'VERY_HIGH'

    def __init__(self, before: int = -1, after: int = -1, weight: str = WORDS) -> None:
        self.before, self.after, self.weight = before, after, weight

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        self._break(runner, self.before)

    def after_train_iter(
        self, runner, batch_idx, data_batch=None, outputs=None
    ) -> None:
        self._break(runner, self.after)

    def _break(self, runner, at: int) -> None:
        if runner.iter == at:
            weight = runner.model.get_parameter(self.weight)
            weight.data[0, 0] = torch.nan


class BreakGradient(Hook):
    """Makes a gradient NaN in the third iteration, whose losses are finite."""

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        if runner.iter == 2:
            weight = runner.model.get_parameter(WORDS)
            weight.register_hook(lambda gradient: gradient * torch.nan)


@pytest.mark.parametrize(
    ('what', 'losses', 'iteration'),
    [
        (Break(before=2), 'loss, loss_video_caption', 3),
        (
            Break(
                before=2, weight='estimator.detector.model.bbox_head.conv_reg.weight'
            ),
            'loss, loss_bbox, loss_cls',
            3,
        ),
        (
            Break(before=2, weight='estimator.detector.model.backbone.conv1.weight'),
            'loss, loss_bbox, loss_bigrams, loss_cls, .*',
            3,
        ),
        (BreakGradient(), 'loss, loss_bbox, loss_bigrams, loss_cls, .*', 4),
    ],
    ids=['words', 'boxes', 'features', 'gradient'],
)
def test_names_loss_batch_and_the_last_good_checkpoint(
    tmp_path: Path, what: Hook, losses: str, iteration: int
) -> None:
    optim = dict(clip_grad=dict(max_norm=1.0))
    training = runner(
        tmp_path, [what, CheckInvalidLossHook()], max_epochs=3, optim=optim
    )
    with pytest.raises(FloatingPointError) as error:
        training.train()
    message = str(error.value)
    assert re.match(f'{losses} is not finite in iteration {iteration},', message)
    assert 'clip (frames 1 to 3); clip (frames 1 to 3)' in message
    assert f'last good checkpoint is {tmp_path}/epoch_1.pth' in message
    weights = load_checkpoint(tmp_path / 'epoch_1.pth')['state_dict']
    assert all(w.isfinite().all() for w in weights.values())
    assert [p.name for p in tmp_path.glob('*.pth')] == ['epoch_1.pth']


def test_weights_that_broke_in_the_last_step_are_not_saved(tmp_path: Path) -> None:
    training = runner(tmp_path, [Break(after=3), CheckInvalidLossHook()], max_epochs=3)
    with pytest.raises(
        FloatingPointError, match=r'project.0.weight is not finite after'
    ):
        training.train()
    assert [p.name for p in tmp_path.glob('*.pth')] == ['epoch_1.pth']
