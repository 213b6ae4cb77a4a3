"""Tracks and feature maps to tokens of each trajectory."""

from .crop_tokens import CropTokens
from .part_pooling import PartPooling
from .roi_tokens import RoITokens
from .token_encoding import TokenEncoding
from .trajectory_tokens import TrajectoryTokens

__all__ = [
    'CropTokens',
    'PartPooling',
    'RoITokens',
    'TokenEncoding',
    'TrajectoryTokens',
]
