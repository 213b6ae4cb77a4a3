"""Drawn images and videos, and pages, of tracks, captions and interactions."""

from ..utils import opencv as opencv  # it says what to do where cv2 is broken
from .track_drawer import TrackDrawer, draw_tracks, track_color
from .video_writer import VideoWriter

__all__ = ['TrackDrawer', 'VideoWriter', 'draw_tracks', 'track_color']
