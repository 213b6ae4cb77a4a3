"""What users call from Python."""

from .infer import infer_video
from .session import SMOTSession

__all__ = ['SMOTSession', 'infer_video']
