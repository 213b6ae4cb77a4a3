"""mmsmot: semantic multi-object tracking on OpenMMLab's plugin rails.

Importing the package stays light: no torch, mmcv, mmdet or transformers. The parts
are imported by the registries when a config asks for them.
"""

from importlib.util import find_spec

from .version import __version__

if find_spec('mmengine') is not None:  # without it the package still imports
    from mmengine.config.utils import MODULE2PACKAGE

    # Lets `_base_ = ['mmsmot::...']` and `mmengine.hub.get_config` find our configs.
    MODULE2PACKAGE.setdefault('mmsmot', 'mmsmot')

__all__ = ['__version__']
