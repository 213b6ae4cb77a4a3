"""Backbones that mmdet lacks; its detectors take them as ``type='mmsmot.DLA'``."""

from .dla import DLA

__all__ = ['DLA']
