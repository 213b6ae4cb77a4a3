"""The street of SynSMOT: a crossing or a road, seen from above as by surveillance."""

from .build import StreetClip, make_street_clip, write_street_clip
from .settings import STREET_SIZES, StreetSettings

__all__ = [
    'STREET_SIZES',
    'StreetClip',
    'StreetSettings',
    'make_street_clip',
    'write_street_clip',
]
