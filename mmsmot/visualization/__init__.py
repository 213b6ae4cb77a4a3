"""Pictures and videos for people to look at."""

from .drawing import TrackDrawer, draw_tracks, track_color
from .video_writer import VideoWriter

__all__ = ['TrackDrawer', 'VideoWriter', 'draw_tracks', 'track_color']
