"""Paths with a video's name in them."""

from __future__ import annotations

from pathlib import Path

from ..structures import VideoInfo


def file_of_video(template: str, video: VideoInfo) -> Path:
    """The file of one video.

    Args:
        template: A path with ``{name}`` and ``{path}`` standing for the video's; braces
            that belong to the path are doubled.
        video: The video.

    Raises:
        ValueError: Something else stands in braces.
    """
    try:
        return Path(template.format(name=video.name, path=video.path))
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        raise ValueError(
            f'path={template!r}: only {{name}} and {{path}} can stand in braces, for the '
            f"video's ({type(error).__name__}: {error}). A brace of the path itself is "
            'written twice.'
        ) from error
