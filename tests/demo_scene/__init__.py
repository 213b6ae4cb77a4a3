"""A drawn street with walkers, its ground truth and detections, for tests alone."""

from .demo_scene import make_demo_scene

__all__ = ['make_demo_scene']
