"""Necks that mmdet lacks; its detectors take them as ``type='mmsmot.BiFPN'``."""

from .bifpn import BiFPN

__all__ = ['BiFPN']
