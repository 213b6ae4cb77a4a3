"""The data sample that travels beside a video through MMEngine."""

from __future__ import annotations

from mmengine.structures import BaseDataElement

from .trajectories import Trajectories


class SMOTDataSample(BaseDataElement):
    """Truth and predictions of one video.

    Meta fields: ``video`` (:class:`~mmsmot.structures.VideoInfo`) and ``frame_ids``, the (T,) original
    frame numbers that were looked at: an evaluation needs them to know the frames
    without any box.

    Data fields: ``gt_trajectories`` and ``pred_trajectories``.
    """

    @property
    def gt_trajectories(self) -> Trajectories:
        """The true trajectories."""
        return self._gt_trajectories

    @gt_trajectories.setter
    def gt_trajectories(self, value: Trajectories) -> None:
        self.set_field(value, '_gt_trajectories', dtype=Trajectories)

    @gt_trajectories.deleter
    def gt_trajectories(self) -> None:
        del self._gt_trajectories

    @property
    def pred_trajectories(self) -> Trajectories:
        """The predicted trajectories."""
        return self._pred_trajectories

    @pred_trajectories.setter
    def pred_trajectories(self, value: Trajectories) -> None:
        self.set_field(value, '_pred_trajectories', dtype=Trajectories)

    @pred_trajectories.deleter
    def pred_trajectories(self) -> None:
        del self._pred_trajectories
