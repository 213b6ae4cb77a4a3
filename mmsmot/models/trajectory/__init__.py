"""Tracks and feature maps to tokens of each trajectory."""

from .crop_tokens import CropTokens
from .roi_tokens import RoITokens
from .stripe_embedding import StripeEmbedding
from .token_encoding import TokenEncoding
from .trajectory_tokens import TrajectoryTokens

__all__ = [
    'CropTokens',
    'RoITokens',
    'StripeEmbedding',
    'TokenEncoding',
    'TrajectoryTokens',
]
