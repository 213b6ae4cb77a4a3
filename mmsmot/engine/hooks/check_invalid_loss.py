"""Training stops where a loss is no number."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.dist import all_gather_object, all_reduce
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ...registry import HOOKS
from ...utils.training_checkpoints import newest_checkpoint


@HOOKS.register_module()
class CheckInvalidLossHook(Hook):
    """Stops at a loss that is NaN or infinite, before a checkpoint of it is written.

    What lies in the work directory stays as it is, so that training can go on from there.
    All processes stop together.
    """

    priority = 'HIGH'  # before CheckpointHook

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: dict[str, torch.Tensor] | None = None,
    ) -> None:
        """Look at the losses of this iteration.

        Raises:
            FloatingPointError: One is not finite; names it and the batch's videos.
        """
        losses = {
            name: value
            for name, value in (outputs or {}).items()
            if isinstance(value, torch.Tensor)
        }
        if not losses:
            return
        device = next(iter(losses.values())).device  # that of the sum, which is first
        finite = torch.stack(
            [value.detach().isfinite().all().to(device) for value in losses.values()]
        )
        broken = (~finite.all()).float()
        all_reduce(broken)
        if not broken:
            return
        names = [
            name for name, fine in zip(losses, finite.tolist(), strict=True) if not fine
        ]
        gathered = all_gather_object((names, _clips(data_batch) if names else []))
        names = sorted(
            {name for process_names, _ in gathered for name in process_names}
        )
        clips = [clip for _, process_clips in gathered for clip in process_clips]
        raise FloatingPointError(
            f'{", ".join(names)} is not finite in iteration {runner.iter + 1}, batch: '
            f'{"; ".join(clips)}. {_way_out(runner)}'
        )

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Let no checkpoint be written whose weights are not finite.

        Raises:
            FloatingPointError: A weight is not: the last step of the optimiser broke it.
        """
        for name, weight in checkpoint['state_dict'].items():
            if weight.is_floating_point() and not weight.isfinite().all():
                raise FloatingPointError(
                    f'the weight {name} is not finite after iteration {runner.iter}; no '
                    f'checkpoint of it is written. {_way_out(runner)}'
                )


def _clips(data_batch: dict[str, Any] | None) -> list[str]:
    """Video and frames of each clip of a batch."""
    named = []
    for sample in (data_batch or {}).get('data_samples', []):
        frames = sample.frame_ids
        named.append(f'{sample.video.name} (frames {frames[0]} to {frames[-1]})')
    return named


def _way_out(runner: Runner) -> str:
    newest = newest_checkpoint(runner.work_dir)
    advice = (
        f'The last good checkpoint is {newest}'
        if newest
        else 'There is no checkpoint yet'
    )
    return (
        f'{advice}. Lower optim_wrapper.optimizer.lr or optim_wrapper.clip_grad.max_norm, '
        'or leave mixed precision out, and go on with --resume.'
    )
