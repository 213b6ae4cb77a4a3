"""What every part may lean on, and no part's own business."""

from .setup_env import register_all_modules  # MMEngine's registries look for it here

__all__ = ['register_all_modules']
