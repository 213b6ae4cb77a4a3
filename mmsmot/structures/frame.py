"""One frame of a video, and what is known of the video it came from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class VideoInfo:
    """What is known of a video before its first frame is decoded.

    Attributes:
        name: A name unique in its dataset; results are keyed by it.
        path: The video file, the folder of images, or the sequence folder.
        fps: Frames per second of the *original* video.
        width: Image width in pixels, ``None`` where it is not known.
        height: Image height in pixels, ``None`` where it is not known.
        files: Other files that belong to the video, by role (``'det'``, ``'gt'``).
        frame_ids: (T,) int64, the original frame numbers it has, ascending; ``None``
            where only reading tells.
        images_from_zero: The file names of its images count from 0; frame numbers are
            theirs + 1.
        is_live: Its frames come from a session or a stream: ``path`` is an address or a
            name and no file, and the same frame number is another image next time.
    """

    name: str
    path: str
    fps: float = 30.0
    width: int | None = None
    height: int | None = None
    files: dict[str, str] = field(default_factory=dict)
    frame_ids: np.ndarray | None = field(default=None, compare=False, repr=False)
    images_from_zero: bool = field(default=False, compare=False)
    is_live: bool = field(default=False, compare=False)


@dataclass(frozen=True, eq=False)
class Frame:
    """A frame whose image is decoded on first access.

    Attributes:
        video: The video it belongs to.
        frame_id: The *original* frame number: 1 is the first frame of the video, also
            when reading started later or with a stride; an image folder's numbers are
            its file names'.
        timestamp: Seconds from the start of the video.
        load: Returns the image, (H, W, 3) uint8 BGR; ``None`` where the video has
            none (public detections without images). Where it has a method ``identity``,
            as an image file's has, caches know the image by these bytes and need not
            decode it: whoever changes an image gives the frame another ``load``.
    """

    video: VideoInfo
    frame_id: int
    timestamp: float
    load: Callable[[], np.ndarray] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels; decodes the image where the video does not say."""
        if self.video.width and self.video.height:
            return self.video.width, self.video.height
        return self.image.shape[1], self.image.shape[0]

    @property
    def image_size(self) -> tuple[int, int]:
        """Width and height of the image, decoded unless it is a file that must have the
        video's."""
        if hasattr(self.load, 'identity'):
            return self.size
        return self.image.shape[1], self.image.shape[0]

    @cached_property
    def image(self) -> np.ndarray:
        """The image, (H, W, 3) uint8 BGR, decoded at the first access."""
        if self.load is None:
            raise ValueError(
                f'{self.video.name}: frame {self.frame_id} has no image '
                f'({self.video.path} holds no images), but a part of the pipeline wants '
                'to see one. Use parts that work on detections alone, or add the images.'
            )
        return self.load()
