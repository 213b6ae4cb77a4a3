"""What flows through the pipeline, in the order of the data's way."""

from typing import Any

from .boxes import pairwise_iou, valid_boxes, warp_boxes, xywh_to_xyxy, xyxy_to_xywh
from .coordinate_space import ORIGINAL, CoordinateSpace
from .detections import Detections
from .frame import Frame, VideoInfo
from .interpolation import interpolate_linearly, smooth_gaussian
from .mot_text import (
    read_detections,
    read_mot_rows,
    read_trajectories,
    write_trajectories,
)
from .tracks import Tracks
from .trajectories import Trajectories

__all__ = [
    'ORIGINAL',
    'CoordinateSpace',
    'Detections',
    'Frame',
    'SMOTDataSample',
    'Tracks',
    'Trajectories',
    'VideoInfo',
    'interpolate_linearly',
    'pairwise_iou',
    'read_detections',
    'read_mot_rows',
    'read_trajectories',
    'smooth_gaussian',
    'valid_boxes',
    'warp_boxes',
    'write_trajectories',
    'xywh_to_xyxy',
    'xyxy_to_xywh',
]


def __getattr__(name: str) -> Any:
    # MMEngine's data elements import torch, which the structures do not need.
    if name == 'SMOTDataSample':
        from .smot_data_sample import SMOTDataSample

        return SMOTDataSample
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
