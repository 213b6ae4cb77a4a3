"""Trackers: detections of one frame after another to tracks. NumPy and SciPy only."""

from .base import BaseTracker
from .byte_track import ByteTrack
from .sort import SORT

__all__ = ['SORT', 'BaseTracker', 'ByteTrack']
