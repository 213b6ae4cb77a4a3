"""Clips that become longer while a tracker is trained."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmsmot.registry import HOOKS
from mmsmot.utils.number_ranges import COUNT, require_numbers


@HOOKS.register_module()
class ClipLengthSchedule(Hook):
    """Frames of a clip by epoch (MOTR, section 3.5: 2, 3, 4, 5 from 0, 50, 90, 150).

    A resumed training has the length of its epoch at once.

    Args:
        epochs: E ascending epochs, from 0, at which the next length begins.
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
        loader.dataset.num_frames = self.length_at(runner.epoch)
        loader.dataset.run_length = (loader.dataset.num_frames - 1) * self.interval + 1
