"""Configs, their checks, the runner and hooks."""

from ..utils import opencv as opencv  # it says what to do where cv2 is broken
from .config import (
    add_config_semantics,
    is_config_part_type,
    load_config,
    part_config,
    require_config_model,
    set_config_weights,
)
from .init_cfg import drop_init_cfg
from .runner import SMOTRunner, leave_process_group

__all__ = [
    'SMOTRunner',
    'add_config_semantics',
    'drop_init_cfg',
    'is_config_part_type',
    'leave_process_group',
    'load_config',
    'part_config',
    'require_config_model',
    'set_config_weights',
]
