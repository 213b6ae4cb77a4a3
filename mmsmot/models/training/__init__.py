"""Training of the pipeline on clips."""

from .clip_plan import ClipPlan
from .clip_training import ClipTraining

__all__ = ['ClipPlan', 'ClipTraining']
