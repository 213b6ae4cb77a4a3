"""From one layout on disk to another: BenSMOT's, MOTChallenge's, COCO-video JSON."""

from .bensmot_folder import write_bensmot_sequence
from .coco_video import CocoVideoFile
from .coco_video_writer import CocoVideoWriter
from .conversion import Conversion, convert_sequences
from .image_files import PLACEMENTS
from .mot_challenge_folder import (
    read_mot_challenge_folder,
    write_mot_challenge_sequence,
)

__all__ = [
    'PLACEMENTS',
    'CocoVideoFile',
    'CocoVideoWriter',
    'Conversion',
    'convert_sequences',
    'read_mot_challenge_folder',
    'write_bensmot_sequence',
    'write_mot_challenge_sequence',
]
