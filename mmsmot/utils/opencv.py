"""OpenCV, or an ``ImportError`` with the command that gets one that works here.

Dependencies ask for the build with windows (it needs libGL) and for the one without, both
in one folder: the later one counts, and removing either leaves a part. Installing the one
without again writes its files over those of the other, and pip's records stay right.
Packages that import ``cv2`` import this module first.
"""

from __future__ import annotations

from .environment import OPENCV_COMMAND


def _advice(cause: str) -> str:
    return (
        f'OpenCV cannot be used ({cause}). Two builds of it are installed into one folder '
        'and overwrite each other; put the one that needs no screen on top:  '
        f'{OPENCV_COMMAND}'
    )


try:
    import cv2
except ImportError as error:
    raise ImportError(_advice(str(error))) from error
if not hasattr(cv2, 'imdecode'):
    raise ImportError(_advice('module cv2 is there, but empty'))
