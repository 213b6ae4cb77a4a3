"""Heads: fused features to captions and interactions."""

from .base import (
    BaseInstanceCaptionHead,
    BaseInteractionHead,
    BaseVideoCaptionHead,
)
from .caption_head import InstanceCaptionHead, VideoCaptionHead
from .interaction_head import InteractionHead

__all__ = [
    'BaseInstanceCaptionHead',
    'BaseInteractionHead',
    'BaseVideoCaptionHead',
    'InstanceCaptionHead',
    'InteractionHead',
    'VideoCaptionHead',
]
