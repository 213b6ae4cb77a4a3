"""What happens around training."""

from .iteration_seed import IterationSeedHook
from .learn_words import LearnWords
from .semantic_start import SemanticStart
from .stop_at_nan import StopAtNaN

__all__ = ['IterationSeedHook', 'LearnWords', 'SemanticStart', 'StopAtNaN']
