"""SynSMOT: a synthetic world of people acting, every label known."""

from .build import Clip, make_clip, make_synsmot, write_built_clip
from .checks.checker import check_synsmot
from .settings import SIZES, ClipSettings

__all__ = [
    'SIZES',
    'Clip',
    'ClipSettings',
    'check_synsmot',
    'make_clip',
    'make_synsmot',
    'write_built_clip',
]
