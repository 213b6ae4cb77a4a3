"""What runs it all: configs and their checks."""

from ..utils import opencv as opencv  # it says what to do where cv2 is broken
from .config import load_config, require_model, set_weights
from .pretrained import forget_pretrained
from .runner import SMOTRunner, leave_processes

__all__ = [
    'SMOTRunner',
    'forget_pretrained',
    'leave_processes',
    'load_config',
    'require_model',
    'set_weights',
]
