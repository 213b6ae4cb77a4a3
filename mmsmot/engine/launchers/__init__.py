"""Where jobs run: in processes of this machine, or on a Ray cluster."""

from .launcher import Launcher
from .local_launcher import LocalLauncher
from .ray_launcher import RayLauncher

__all__ = ['Launcher', 'LocalLauncher', 'RayLauncher']
