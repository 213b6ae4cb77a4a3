"""Tokens of frames and of trajectories, each fused over time."""

from .attention import CrossAttention, SelfAttention
from .cells import AdditionCell, AttentionCell, ConcatCell, FusionCell, MLPCell
from .phrase_tokens import PhraseTokens
from .relation_tokens import RelationTokens
from .trajectory_context import TrajectoryContext
from .trajectory_fusion import (
    BaseTrajectoryFusion,
    ConcatTrajectoryFusion,
    RecurrentTrajectoryFusion,
)
from .video_fusion import VideoFusion, VideoState

__all__ = [
    'AdditionCell',
    'AttentionCell',
    'BaseTrajectoryFusion',
    'ConcatCell',
    'ConcatTrajectoryFusion',
    'CrossAttention',
    'FusionCell',
    'MLPCell',
    'PhraseTokens',
    'RecurrentTrajectoryFusion',
    'RelationTokens',
    'SelfAttention',
    'TrajectoryContext',
    'VideoFusion',
    'VideoState',
]
