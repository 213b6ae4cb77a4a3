"""What is done to a whole video's trajectories: linking, interpolation, smoothing, what is
left out.

The contract of the slot: a part is called with the
:class:`~mmsmot.structures.Trajectories` of one video and the (T,) original numbers of the
frames that were tracked, and returns the trajectories that take their place. Importing
this package does not import torch.
"""

from .aflink import AFLink
from .gaussian_smoothing import GaussianSmoothing
from .linear_interpolation import LinearInterpolation
from .min_track_length import MinTrackLength

__all__ = ['AFLink', 'GaussianSmoothing', 'LinearInterpolation', 'MinTrackLength']
