"""What happens around training."""

from .learn_words import LearnWords
from .semantic_start import SemanticStart

__all__ = ['LearnWords', 'SemanticStart']
