"""Clips that become longer while a tracker is trained."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from mmengine.dataset import RepeatDataset
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmsmot.datasets.video_dataset import VideoDataset
from mmsmot.registry import HOOKS
from mmsmot.utils.number_ranges import COUNT, require_numbers


@HOOKS.register_module()
class ClipLengthSchedule(Hook):
    """Frames of a clip by epoch (MOTR, section 3.5: 2, 3, 4, 5 from 0, 50, 90, 150).

    A resumed training has the length of its epoch at once. The dataset's ``run_length``
    has to be the longest run, so that videos too short for the last epochs are left out
    from the first on; the hook shortens it.

    Args:
        epochs: E ascending epochs, counted from 0, at which the next length begins.
        lengths: E + 1 numbers of frames.
        interval: Frames of the video from one of a clip to the next, at most on average:
            a clip is drawn from a run of ``(length - 1) * interval + 1``.

    Raises:
        ValueError: The numbers do not fit, or are not ascending.
    """

    priority = 'LOW'

    def __init__(
        self, *, epochs: Sequence[int], lengths: Sequence[int], interval: int = 1
    ) -> None:
        for length in lengths:
            require_numbers('ClipLengthSchedule', COUNT, lengths=length)
        require_numbers('ClipLengthSchedule', COUNT, interval=interval)
        if len(lengths) != len(epochs) + 1 or [*epochs] != sorted(set(epochs)):
            raise ValueError(
                'ClipLengthSchedule: epochs must ascend, and lengths are one more than '
                f'epochs; got epochs={[*epochs]}, lengths={[*lengths]}'
            )
        self.epochs = [*epochs]
        self.lengths = [*lengths]
        self.interval = interval

    def length_at(self, epoch: int) -> int:
        """Frames of a clip in an epoch, which count from 0."""
        return self.lengths[bisect_right(self.epochs, epoch)]

    def before_train(self, runner: Runner) -> None:
        """Refuse a dataset whose clips could not become as long as the last ones.

        Raises:
            ValueError: Clips have a stride or are of whole videos, or ``run_length`` is
                not the longest run.
        """
        dataset = self._dataset(runner)
        if dataset.stride is not None or dataset.whole_video:
            raise ValueError(
                'ClipLengthSchedule draws clips from runs of another length: leave out '
                "stride and run_length='video' of the training dataset"
            )
        longest_run = self._run_length(max(self.lengths))
        if dataset.run_length < longest_run:
            raise ValueError(
                f'ClipLengthSchedule: clips of {max(self.lengths)} frames come from runs '
                f'of {longest_run}, but the training dataset has run_length='
                f'{dataset.run_length} and may hold shorter videos: set '
                f'run_length={longest_run}'
            )

    def before_train_epoch(self, runner: Runner) -> None:
        """Set the length, before the epoch's workers copy the dataset.

        Raises:
            ValueError: The workers persist, so that they would not see it.
        """
        loader = runner.train_dataloader
        if loader.num_workers and loader.persistent_workers:
            raise ValueError(
                'ClipLengthSchedule changes the dataset between epochs: set '
                'train_dataloader.persistent_workers=False'
            )
        dataset = self._dataset(runner)
        dataset.num_frames = self.length_at(runner.epoch)
        dataset.run_length = self._run_length(dataset.num_frames)

    def _run_length(self, num_frames: int) -> int:
        return (num_frames - 1) * self.interval + 1

    @staticmethod
    def _dataset(runner: Runner) -> VideoDataset:
        dataset = runner.train_dataloader.dataset
        while isinstance(dataset, RepeatDataset):
            dataset = dataset.dataset
        if not isinstance(dataset, VideoDataset):
            raise ValueError(
                'ClipLengthSchedule changes one dataset of videos, alone or in a '
                f'RepeatDataset, not {type(dataset).__name__}'
            )
        return dataset
