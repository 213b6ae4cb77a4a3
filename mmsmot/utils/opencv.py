"""OpenCV, or an ``ImportError`` with the command that gets one that works here.

Others ask for the build with windows (it needs libGL) and for the one without, both into
one folder: the later one counts, and removing either leaves a part. Installing the one
without again writes its files over those of the other, and pip stays content. Packages
that import ``cv2`` import this module first.
"""

from __future__ import annotations

from importlib import metadata

BUILD = 'opencv-python-headless'


def _advice(trouble: str) -> str:
    try:
        version = f'=={metadata.version(BUILD)}'
    except metadata.PackageNotFoundError:
        version = '<5'
    return (
        f'OpenCV cannot be used ({trouble}). Two builds of it come along and overwrite '
        'each other; put the one that needs no screen on top:  '
        f"pip install --force-reinstall --no-deps '{BUILD}{version}'"
    )


try:
    import cv2
except ImportError as error:
    raise ImportError(_advice(str(error))) from error
if not hasattr(cv2, 'imdecode'):
    raise ImportError(_advice('module cv2 is there, but empty'))
