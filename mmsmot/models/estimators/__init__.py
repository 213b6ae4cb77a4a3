"""Estimators: a video's frames to tracks, with what semantics needs of them."""

from .base import (
    FEATURES,
    TRACK_FEATURES,
    BaseEstimator,
    Estimate,
    EstimatorLoss,
    require_estimator_needs,
)
from .detect_and_track import DetectAndTrack
from .step_check import checked_step

__all__ = [
    'FEATURES',
    'TRACK_FEATURES',
    'BaseEstimator',
    'DetectAndTrack',
    'Estimate',
    'EstimatorLoss',
    'require_estimator_needs',
    'checked_step',
]
