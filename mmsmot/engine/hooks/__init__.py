"""What happens around training."""

from .check_invalid_loss import CheckInvalidLossHook
from .iteration_seed import IterationSeedHook
from .semantic_loss_start import SemanticLossStartHook
from .train_tokenizer import TrainTokenizerHook

__all__ = [
    'IterationSeedHook',
    'TrainTokenizerHook',
    'SemanticLossStartHook',
    'CheckInvalidLossHook',
]
