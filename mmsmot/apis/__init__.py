"""What users call from Python."""

from .infer import infer_video

__all__ = ['infer_video']
