"""The data sample that travels beside a video through MMEngine."""

from __future__ import annotations

from mmengine.structures import BaseDataElement


class SMOTDataSample(BaseDataElement):
    """Truth and predictions of one video.

    Meta fields: ``video`` (:class:`~mmsmot.structures.VideoInfo`) and ``frame_ids``, the
    (T,) original frame numbers that were looked at: an evaluation needs them to know the
    frames without any box.

    Data fields, each a :class:`~mmsmot.structures.Trajectories`: ``gt_trajectories``
    where there is a truth, ``pred_trajectories`` after a prediction.
    """
