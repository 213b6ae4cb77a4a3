"""Structures that flow through the pipeline, in the order of the data flow."""

from typing import Any

from .boxes import (
    overlapping_box_pairs,
    paired_iou,
    pairwise_iou,
    valid_boxes,
    warp_boxes,
    xywh_to_xyxy,
    xyxy_to_xywh,
)
from .coordinate_space import ORIGINAL, CoordinateSpace
from .detections import Detections
from .frame import Frame, VideoInfo
from .interactions import UNTRACKED, Interactions
from .interpolation import interpolate_linearly, smooth_gaussian
from .matching import (
    map_to_merged,
    match_official,
    match_trajectories,
    trajectory_iou,
)
from .mot_text import (
    read_detections,
    read_mot_rows,
    read_trajectories,
    write_trajectories,
)
from .motion_span import MotionSpan
from .prompt import (
    Prompt,
    as_prompts,
    prompt_from_dict,
    prompt_to_dict,
    prompts_from_options,
)
from .referring_expression import (
    ReferringExpression,
    read_expression,
    write_expression,
)
from .sample_json import sample_from_dict, sample_to_dict
from .tracks import Tracks
from .trajectories import Trajectories

__all__ = [
    'ORIGINAL',
    'UNTRACKED',
    'CoordinateSpace',
    'Detections',
    'Frame',
    'Interactions',
    'MotionSpan',
    'Prompt',
    'ReferringExpression',
    'SMOTDataSample',
    'Tracks',
    'Trajectories',
    'VideoInfo',
    'as_prompts',
    'interpolate_linearly',
    'match_official',
    'map_to_merged',
    'match_trajectories',
    'overlapping_box_pairs',
    'paired_iou',
    'pairwise_iou',
    'prompt_from_dict',
    'prompt_to_dict',
    'prompts_from_options',
    'read_detections',
    'read_expression',
    'read_mot_rows',
    'read_trajectories',
    'sample_from_dict',
    'sample_to_dict',
    'smooth_gaussian',
    'trajectory_iou',
    'valid_boxes',
    'warp_boxes',
    'write_expression',
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
