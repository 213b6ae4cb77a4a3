"""Metrics: predictions and ground truth to scores."""

from typing import Any

from .table import format_table
from .tracking import combine_tracking_sequences, evaluate_sequence, summarize_tracking

__all__ = [
    'SMOTMetric',
    'TrackingMetric',
    'combine_tracking_sequences',
    'evaluate_sequence',
    'format_table',
    'summarize_tracking',
]


def __getattr__(name: str) -> Any:
    # MMEngine's metrics import torch, which scoring does not need.
    if name == 'TrackingMetric':
        from .tracking_metric import TrackingMetric

        return TrackingMetric
    if name == 'SMOTMetric':
        from .smot_metric import SMOTMetric

        return SMOTMetric
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
