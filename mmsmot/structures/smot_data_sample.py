"""The data sample that travels beside a video through MMEngine."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from mmengine.structures import BaseDataElement

if TYPE_CHECKING:
    import numpy as np

    from .frame import VideoInfo
    from .interactions import Interactions
    from .motion_span import MotionSpan
    from .prompt import Prompt
    from .referring_expression import ReferringExpression
    from .trajectories import Trajectories


class SMOTDataSample(BaseDataElement):
    """Truth and predictions of one video or clip.

    Every field may be missing: where nothing is annotated, or nothing was predicted.
    Trajectories, captions, interactions and expressions name an object by the same id.

    Meta fields:
        video (:class:`~mmsmot.structures.VideoInfo`): The video it comes from.
        frame_ids: (T,) int64, the original numbers of the tracked frames: an
            evaluation needs them to know the frames without any box.
        prompt (:class:`~mmsmot.structures.Prompt`): What is asked for in it; a dataset may
            have one video with several prompts. Missing: every object.

    Data fields, each as ``gt_`` (truth) and as ``pred_`` (prediction):
        trajectories (:class:`~mmsmot.structures.Trajectories`): Boxes over time, by id.
        captions (dict[int, str]): A text for each id that has one.
        motions (dict[int, list[:class:`~mmsmot.structures.MotionSpan`]]): What each id
            does from when to when, in order; of predictions alone.
        interactions (:class:`~mmsmot.structures.Interactions`): Subject, verb, object.
        video_caption (str): A text for the whole video.
        expressions (list[:class:`~mmsmot.structures.ReferringExpression`]): Sentences
            and whom they refer to in each frame.

    ``to()``, ``cpu()``, ``detach()`` and the like keep every field, tables, dicts and
    lists included. JSON: :func:`~mmsmot.structures.sample_to_dict`.
    """

    video: VideoInfo
    prompt: Prompt
    frame_ids: np.ndarray

    gt_trajectories: Trajectories
    gt_captions: dict[int, str]
    gt_interactions: Interactions
    gt_video_caption: str
    gt_expressions: list[ReferringExpression]

    pred_trajectories: Trajectories
    pred_captions: dict[int, str]
    pred_motions: dict[int, list[MotionSpan]]
    pred_interactions: Interactions
    pred_video_caption: str
    pred_expressions: list[ReferringExpression]

    def clone(self) -> SMOTDataSample:
        """A copy that shares nothing (MMEngine's own shares the data fields)."""
        clone = type(self)(metainfo=self.metainfo)
        clone.set_data(copy.deepcopy(dict(self.items())))
        return clone
