"""What is installed, what is missing, and the command that gets it."""

from __future__ import annotations

import logging
from importlib import metadata
from importlib.util import find_spec

from mmengine.logging import print_log

INSTALL = {
    'torch': 'pip install torch',
    'mmengine': "pip install 'mmsmot[onedl]'",
    'mmcv': "pip install 'mmsmot[onedl]'",
    'mmdet': "pip install 'mmsmot[onedl]'",
    'onnxruntime': "pip install 'mmsmot[onnx]'",
    'av': 'pip install av',
    'cv2': 'pip install opencv-python-headless',
    'trackeval': 'pip install "trackeval>=1.3"',
}
FAMILIES = (
    ('mmengine', 'onedl-mmengine'),
    ('mmcv', 'onedl-mmcv'),
    ('mmdet', 'onedl-mmdetection'),
)
NEEDED = ('torch', 'cv2', 'av', 'trackeval')


def missing(modules: tuple[str, ...] = NEEDED) -> dict[str, str]:
    """The modules that are not installed, each with the command that gets it."""
    return {name: INSTALL[name] for name in modules if find_spec(name) is None}


def check_environment() -> None:
    """Stop early, and with advice, where something the tools need is missing.

    Raises:
        ImportError: A needed module is missing, or two distributions of the same
            package lie over each other.
    """
    if absent := missing():
        lines = [f'  {name}: {command}' for name, command in absent.items()]
        raise ImportError('mmsmot needs what is not installed:\n' + '\n'.join(lines))
    for original, maintained in FAMILIES:
        if _version(original) and _version(maintained):
            raise ImportError(
                f'both {original} and {maintained} are installed and overwrite each '
                f'other. Keep one:  pip uninstall {original} {maintained}  and then  '
                "pip install 'mmsmot[onedl]'"
            )
    if find_spec('mmcv') is None:
        print_log(
            f'mmcv is missing; detectors of mmdet need it: {INSTALL["mmcv"]}',
            logger='current',
            level=logging.INFO,
        )


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
