"""What runs it all: configs and their checks."""

from .config import load_config, set_weights
from .runner import SMOTRunner

__all__ = ['SMOTRunner', 'load_config', 'set_weights']
