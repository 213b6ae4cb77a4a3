"""Captions and interactions from the geometry of tracks; nothing is learnt."""

from .kinematic_semantics import KinematicSemantics

__all__ = ['KinematicSemantics']
