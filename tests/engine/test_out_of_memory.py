"""Out of memory: the options that lower it are named."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook

from mmsmot.engine import load_config
from mmsmot.engine.out_of_memory import (
    explain_out_of_memory,
    is_out_of_memory,
    memory_lowering_options,
)
from mmsmot.utils.checkpoint import load_checkpoint
from tests.engine.tiny_training import runner

ROOT = Path(__file__).parents[2] / 'configs'


def test_a_real_failure_names_options_with_their_values() -> None:
    config = load_config(ROOT / 'smoter/smoter_dla34_bensmot.py')
    with (
        pytest.raises(MemoryError, match='--amp') as error,
        explain_out_of_memory(config, training=True),
    ):
        torch.empty(1 << 55, dtype=torch.uint8)
    message = str(error.value)
    assert 'model.detector.config.model.backbone.with_cp (False now)' in message
    assert 'train_dataloader.dataset.num_frames (24 now)' in message
    assert 'model.training.num_grad_frames (None now)' in message
    assert 'model.semantics.max_boxes (246 now)' in message
    assert 'train_dataloader.batch_size' not in message  # it is 1
    assert '--resume goes on' in message


@pytest.mark.parametrize(
    'name', ['smoter_tiny_synsmot', 'smoter_dla34_bensmot', 'smoter_r50_bensmot']
)
def test_options_that_a_config_leaves_at_their_defaults(name: str) -> None:
    config = load_config(ROOT / f'smoter/{name}.py')
    shown = ' '.join(memory_lowering_options(config, training=False))
    assert 'model.batch_size (8 now)' in shown
    at_once = 16 if 'tiny' in name else 64  # that of the tiny model is its own
    assert f'instance_caption.decoder.batch_size ({at_once} now)' in shown
    assert 'interaction.chunk_size (256 now)' in shown
    shown = ' '.join(memory_lowering_options(config, training=True))
    assert 'backbone.with_cp (False now)' in shown


def test_options_of_a_test_run() -> None:
    config = Config(dict(model=dict(batch_size=8)))
    with (
        pytest.raises(MemoryError, match=r'model.batch_size \(8 now\)') as error,
        explain_out_of_memory(config, training=False),
    ):
        raise torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 2 GiB')
    assert 'train_dataloader' not in str(error.value)


@pytest.mark.parametrize('text', ['', 'bad allocation\n  at cpu.cpp:7'])
def test_the_first_line_of_an_error_or_none(text: str) -> None:
    """Python's own MemoryError has no message."""
    with (
        pytest.raises(MemoryError) as error,
        explain_out_of_memory(Config(dict(model=dict(batch_size=8))), training=False),
    ):
        raise MemoryError(text)
    assert str(error.value).startswith(f'out of memory ({text[:14]}). Options')


def test_other_errors_stay_what_they_are() -> None:
    assert not is_out_of_memory(RuntimeError('shape mismatch'))
    with (
        pytest.raises(RuntimeError, match='shape mismatch'),
        explain_out_of_memory(Config({}), training=True),
    ):
        raise RuntimeError('shape mismatch')


class RunOut(Hook):
    """No memory in the third iteration."""

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        if runner.iter == 2:
            raise torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 2 GiB')


def test_training_names_options_and_keeps_the_last_checkpoint(tmp_path: Path) -> None:
    training = runner(tmp_path, [RunOut()], max_epochs=3)
    training.cfg.train_dataloader = dict(batch_size=2)
    with pytest.raises(
        MemoryError, match=r'train_dataloader.batch_size \(2 now\).*--resume goes on'
    ):
        training.train()
    assert [p.name for p in tmp_path.glob('*.pth')] == ['epoch_1.pth']
    assert load_checkpoint(tmp_path / 'epoch_1.pth')['meta']['iter'] == 2
