"""Fused features to captions and interactions."""

from .caption_head import InstanceCaptionHead, VideoCaptionHead
from .interaction_head import InteractionHead

__all__ = ['InstanceCaptionHead', 'InteractionHead', 'VideoCaptionHead']
