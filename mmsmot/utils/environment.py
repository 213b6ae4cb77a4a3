"""What is installed, what is missing, and the command that gets it."""

from __future__ import annotations

import logging
from importlib import metadata
from importlib.util import find_spec

# The build without windows needs no libGL. --force-reinstall: other packages bring the
# other build, whose files it must overwrite.
OPENCV_BUILD = 'opencv-python-headless'
OPENCV_COMMAND = f"pip install --force-reinstall --no-deps '{OPENCV_BUILD}<5'"
INSTALL = {
    'torch': 'pip install torch',
    'mmengine': "pip install 'mmsmot[onedl]'",
    'mmcv': "pip install 'mmsmot[onedl]'",
    'mmdet': "pip install 'mmsmot[onedl]'",
    'onnxruntime': "pip install 'mmsmot[onnx]'",
    'av': 'pip install av',
    'cv2': OPENCV_COMMAND,
    'trackeval': 'pip install "trackeval>=1.3,<1.4"',
    **dict.fromkeys(
        ('transformers', 'tokenizers', 'safetensors'), "pip install 'mmsmot[semantics]'"
    ),
    **dict.fromkeys(('pycocoevalcap', 'nltk'), "pip install 'mmsmot[captions]'"),
    **dict.fromkeys(('ray', 'optuna'), "pip install 'mmsmot[sweep]'"),
    'lap': "pip install 'mmsmot[mmdet-trackers]'",
    'sklearn': "pip install 'mmsmot[test]'",
    **dict.fromkeys(('trackers', 'supervision'), "pip install 'mmsmot[roboflow]'"),
}
FAMILIES = (
    ('mmengine', 'onedl-mmengine'),
    ('mmcv', 'onedl-mmcv'),
    ('mmdet', 'onedl-mmdetection'),
)
NEEDED = ('torch', 'cv2', 'av', 'trackeval')


def missing_modules(modules: tuple[str, ...] = NEEDED) -> dict[str, str]:
    """The modules that are not installed, each with the command that gets it."""
    return {name: INSTALL[name] for name in modules if find_spec(name) is None}


def install_command(module: str) -> str:
    """The command that gets a module, also one inside a package: ``torch.cuda``."""
    package = module.partition('.')[0]
    return INSTALL.get(package, f'pip install {package}')


def check_environment() -> None:
    """Stop early, and with advice, where something the tools need is missing.

    Raises:
        ImportError: A needed module is missing, or two distributions of the same
            package lie over each other.
    """
    if absent := missing_modules():
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
        from mmengine.logging import print_log

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
