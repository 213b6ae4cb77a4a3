"""Whether a video is of the domain that a model's semantics were trained on."""

from __future__ import annotations

from pathlib import Path

from ..datasets.bensmot.split import SYNSMOT_FILE
from ..datasets.streams.address import is_stream_address
from ..models.smot import SMOT
from ..structures import VideoInfo


def domain_warnings(model: SMOT, video: VideoInfo) -> list[str]:
    """Warnings for a video that is not of the training domain; empty for one that is.

    A model that was trained on SynSMOT's drawings captions every video with the same
    confidence. Only a video that lies in a SynSMOT folder is its own.

    Args:
        model: The pipeline; its ``semantics`` says what it was trained on.
        video: What it is to look at.
    """
    dataset_name = getattr(model.semantics, 'trained_on', None)
    if dataset_name is None or (
        dataset_name == 'SynSMOT' and is_synsmot_domain(video.path)
    ):
        return []
    return [
        'captions and interactions come from a model that was trained on '
        f'{dataset_name} alone, and {Path(video.path).name!r} is none of it: read them as an '
        'example of the format, not as a description. Train on video of your own kind '
        '(configs/smoter/README.md), or take configs/foundation.'
    ]


def is_synsmot_domain(path: str) -> bool:
    """Whether a video lies in a folder that SynSMOT was written to."""
    if is_stream_address(path):
        return False
    folders = Path(path).resolve().parents
    return any((folder / SYNSMOT_FILE).is_file() for folder in folders[:4])
