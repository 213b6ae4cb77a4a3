"""Hooks of training: seeds, checkpoints, tokenizer, losses."""

from .check_invalid_loss import CheckInvalidLossHook
from .epoch_position import EpochPositionHook
from .iteration_seed import IterationSeedHook
from .semantic_loss_start import SemanticLossStartHook
from .train_tokenizer import TrainTokenizerHook

__all__ = [
    'EpochPositionHook',
    'IterationSeedHook',
    'TrainTokenizerHook',
    'SemanticLossStartHook',
    'CheckInvalidLossHook',
]
