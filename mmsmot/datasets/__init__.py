"""Videos and datasets: where frames and truth come from."""

from typing import Any

from ..utils import opencv as opencv  # it says what to do where cv2 is broken
from .image_sequence import ImageSequence
from .streams.video_stream import VideoStream
from .video_file import VideoFile
from .video_reader import VideoReader, open_video

__all__ = [
    'BenSMOTDataset',
    'ImageSequence',
    'MOTChallengeDataset',
    'VideoFile',
    'VideoReader',
    'VideoStream',
    'open_video',
]


def __getattr__(name: str) -> Any:
    # MMEngine's datasets import torch, which reading a video does not need.
    if name == 'BenSMOTDataset':
        from .bensmot.dataset import BenSMOTDataset

        return BenSMOTDataset
    if name == 'MOTChallengeDataset':
        from .mot_challenge import MOTChallengeDataset

        return MOTChallengeDataset
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
