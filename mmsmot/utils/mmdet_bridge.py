"""The one door to mmdet."""

from __future__ import annotations

import importlib
import io
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from functools import lru_cache, partial
from types import ModuleType, SimpleNamespace

from . import mmcv_ops_stand_in

# One thread at a time builds parts or imports mmdet: MMEngine's default scope and what is
# printed belong to the whole process.
BUILD_LOCK = threading.RLock()


def has_compiled_ops() -> bool:
    """Whether mmcv was built with its compiled operators."""
    try:
        module = importlib.import_module(mmcv_ops_stand_in.MODULE)
    except ImportError:
        return False
    return module.__file__ != mmcv_ops_stand_in.__file__


def import_mmdet() -> ModuleType:
    """Import ``mmdet`` with its models registered, also where mmcv has no operators.

    Raises:
        ImportError: mmdet or mmcv is missing; says how to get them.
    """
    with BUILD_LOCK:
        return _import_mmdet()


@lru_cache(maxsize=1)
def _import_mmdet() -> ModuleType:
    try:
        importlib.import_module('mmcv')
        if has_compiled_ops():
            operators = importlib.import_module(mmcv_ops_stand_in.MODULE)
            mmcv_ops_stand_in.add_mmcv_fallbacks(operators)
        else:
            mmcv_ops_stand_in.install_mmcv_ops_stand_in()
        loaders = importlib.import_module('.mmengine_loaders', __package__)
        loaders.make_mmengine_safe()  # a model may start from a stranger's weights
        # What it lacks for parts that nobody asked for, and what its authors are to mend,
        # is no news for whoever runs a tool.
        warnings.filterwarnings('ignore', 'torch.meshgrid: in an upcoming release')
        with redirect_stdout(io.StringIO()):
            importlib.import_module('mmdet.models')
            importlib.import_module('mmdet.datasets.transforms')
        _checkpoint_for_several_processes()
        return importlib.import_module('mmdet')
    except ModuleNotFoundError as error:
        raise ImportError(
            f"this part needs OpenMMLab's detectors ({error.name} is missing):  "
            "pip install 'mmsmot[onedl]'"
        ) from error


@contextmanager
def mmdet_scope() -> Iterator[None]:
    """Build parts of mmdet by their short names in the block, one thread at a time.

    Two blocks that overlap would leave MMEngine's default scope at mmdet's for good.
    """
    from mmengine.registry import DefaultScope

    with BUILD_LOCK, DefaultScope.overwrite_default_scope('mmdet'):
        yield


def _checkpoint_for_several_processes() -> None:
    """mmdet's ``with_cp`` as DistributedDataParallel can have it.

    By default torch checkpoints with a second backward pass inside the first, in which
    weights seem to be used twice; beside ``find_unused_parameters`` that is an error.
    """
    checkpoint = importlib.import_module('torch.utils.checkpoint')
    module_stand_in = SimpleNamespace(
        checkpoint=partial(checkpoint.checkpoint, use_reentrant=False)
    )
    for name, module in [*sys.modules.items()]:
        if name.startswith('mmdet.models') and vars(module).get('cp') is checkpoint:
            module.cp = module_stand_in
