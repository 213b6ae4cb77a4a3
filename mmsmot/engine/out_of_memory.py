"""Advice where memory runs out: the options that lower it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.config import Config

from ..registry import MODELS
from ..utils.error_messages import first_line

MISSING = 'missing'
DETECTOR = 'model.detector.config.model'
SEMANTICS = 'model.semantics'
# What lowers the memory: option, advice. Those first that cost the least.
TRAINING = (
    ('optim_wrapper.type', "--amp makes it 'AmpOptimWrapper': mixed precision (GPU)"),
    (f'{DETECTOR}.backbone.with_cp', 'True computes the blocks twice and keeps less'),
    ('model.training.num_grad_frames', 'frames of a clip that keep their way back'),
    (
        'train_dataloader.batch_size',
        'clips at once; make up for fewer with optim_wrapper.accumulative_counts',
    ),
    ('train_dataloader.dataset.num_frames', 'frames of a clip'),
    (f'{SEMANTICS}.max_boxes', 'boxes of a trajectory that are captioned'),
)
TESTING = (
    ('model.batch_size', 'frames that the detector sees at once'),
    (f'{SEMANTICS}.instance_caption.decoder.batch_size', 'captions at once'),
    (f'{SEMANTICS}.interaction.chunk_size', 'pairs of trajectories at once'),
    (f'{SEMANTICS}.max_boxes', 'boxes of a trajectory that are kept'),
)


@contextmanager
def explain_out_of_memory(config: Config, training: bool) -> Iterator[None]:
    """Name the options that lower the memory, where it runs out.

    Args:
        config: What is run.
        training: Whether it is trained.

    Raises:
        MemoryError: Memory ran out; names the options and their present values.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        advice = '; '.join(memory_lowering_options(config, training))
        outcome = (
            ' What was saved so far is kept; --resume goes on.' if training else ''
        )
        raise MemoryError(
            f'out of memory ({first_line(error)}). Options that lower it: '
            f'{advice}.{outcome}'
        ) from error


def is_out_of_memory(error: Exception) -> bool:
    """Whether NumPy, torch on a CPU or torch on a GPU got no memory."""
    if isinstance(error, MemoryError | torch.cuda.OutOfMemoryError):
        return True
    text = str(error)
    return "can't allocate memory" in text or 'not enough memory' in text


def memory_lowering_options(config: Config, training: bool) -> list[str]:
    """Those options of a config that lower its memory, with value and advice."""
    options, node = [], config.to_dict()
    for key, advice in TRAINING if training else TESTING:
        owner, _, name = key.rpartition('.')
        value = _value(_look_up(node, owner), name)
        if value not in (MISSING, True, 'AmpOptimWrapper', 1):
            options.append(f'{key} ({value} now): {advice}')
    return options


def _look_up(node: Any, key: str) -> Any:
    for part in key.split('.'):
        node = node.get(part) if isinstance(node, dict) else None
    return node


def _value(owner: Any, name: str) -> Any:
    """An option of a dict or, where it is left out there, the default of its part."""
    if not isinstance(owner, dict):
        return MISSING
    if name in owner or 'type' not in owner:
        return owner.get(name, MISSING)
    part = MODELS.get(owner['type']) or MODELS.get(f'mmdet.{owner["type"]}')
    options = inspect.signature(part).parameters if part is not None else {}
    return options[name].default if name in options else MISSING
