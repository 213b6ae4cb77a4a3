"""What runs it all: configs and their checks."""

from .config import load_config, set_weights

__all__ = ['load_config', 'set_weights']
