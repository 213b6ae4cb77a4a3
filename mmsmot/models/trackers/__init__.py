"""Trackers: detections of one frame after another to tracks. NumPy and SciPy only."""

from .appearance_byte_track import AppearanceByteTrack
from .base import (
    BaseTracker,
    TrackerError,
    checked_tracker_output,
    checked_tracker_update,
)
from .bot_sort import BoTSORT
from .byte_track import ByteTrack
from .deep_oc_sort import DeepOCSORT
from .deep_sort import DeepSORT
from .oc_sort import OCSORT
from .sort import SORT
from .strong_sort import StrongSORT
from .trajectory_file import TrajectoryFile

__all__ = [
    'OCSORT',
    'SORT',
    'AppearanceByteTrack',
    'BaseTracker',
    'BoTSORT',
    'ByteTrack',
    'DeepOCSORT',
    'DeepSORT',
    'StrongSORT',
    'TrackerError',
    'TrajectoryFile',
    'checked_tracker_output',
    'checked_tracker_update',
]
