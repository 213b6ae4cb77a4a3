"""Tracks and feature maps to captions and interactions."""

from .description import Description
from .trajectory_semantics import TrajectorySemantics

__all__ = ['Description', 'TrajectorySemantics']
