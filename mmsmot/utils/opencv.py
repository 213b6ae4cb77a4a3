"""OpenCV, or an ``ImportError`` with the command that gets one that works here.

Others ask for the build with windows (it needs libGL) and for the one without, both into
one folder: the later one counts, and removing either leaves a part. Packages that import
``cv2`` import this module first.
"""

from __future__ import annotations

from importlib import metadata

BUILDS = ('opencv-python', 'opencv-python-headless')


def _advice(trouble: str) -> str:
    versions = []
    for build in BUILDS:
        try:
            versions.append(metadata.version(build))
        except metadata.PackageNotFoundError:
            continue
    pinned = f'=={versions[-1]}' if versions else '<5'
    return (
        f'OpenCV cannot be used ({trouble}). Two builds of it come along and overwrite '
        'each other; keep the one that needs no screen:  '
        f'pip uninstall -y {" ".join(BUILDS)}  and then  '
        f"pip install --no-deps '{BUILDS[1]}{pinned}'"
    )


try:
    import cv2
except ImportError as error:
    raise ImportError(_advice(str(error))) from error
if not hasattr(cv2, 'imdecode'):
    raise ImportError(_advice('module cv2 is there, but empty'))
