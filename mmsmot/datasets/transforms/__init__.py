"""Transforms of clips: frames, boxes and texts together, the same for all frames."""

from .clip_transform import ClipTransform, ClipView, GeometricTransform
from .color_jitter import ClipColorJitter
from .fit_to_square import FitToSquare
from .pack import PackClip
from .random_crop import ClipRandomCrop
from .random_flip import ClipRandomFlip
from .resize import ClipResize

__all__ = [
    'ClipColorJitter',
    'ClipRandomCrop',
    'ClipRandomFlip',
    'ClipResize',
    'ClipTransform',
    'FitToSquare',
    'GeometricTransform',
    'PackClip',
    'ClipView',
]
