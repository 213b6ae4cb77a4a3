"""Fusion of frame and trajectory tokens over time, and across trajectories."""

from .attention import CrossAttention, SelfAttention
from .bigram_head import BigramHead
from .cells import AdditionCell, AttentionCell, ConcatCell, FusionCell, MLPCell
from .cross_track_attention import CrossTrackAttention
from .interaction_tokens import InteractionTokens
from .trajectory_fusion import (
    BaseTrajectoryFusion,
    ConcatTrajectoryFusion,
    RecurrentTrajectoryFusion,
)
from .video_fusion import VideoFusion, VideoFusionState

__all__ = [
    'AdditionCell',
    'AttentionCell',
    'BaseTrajectoryFusion',
    'BigramHead',
    'ConcatCell',
    'ConcatTrajectoryFusion',
    'CrossAttention',
    'CrossTrackAttention',
    'FusionCell',
    'InteractionTokens',
    'MLPCell',
    'RecurrentTrajectoryFusion',
    'SelfAttention',
    'VideoFusion',
    'VideoFusionState',
]
