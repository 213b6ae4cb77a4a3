"""Helpers that every part may import."""

from .setup_env import register_all_modules  # MMEngine's registries look for it here

__all__ = ['register_all_modules']
