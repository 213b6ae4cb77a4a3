"""The place in an epoch at which a checkpoint was written."""

from __future__ import annotations

from typing import Any

from mmengine.dist import get_world_size
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner

from ...datasets.seeded_sampler import SeededSampler
from ...registry import HOOKS

POSITION_KEY = 'epoch_position'  # in a checkpoint's meta


@HOOKS.register_module()
class EpochPositionHook(Hook):
    """Goes on within an epoch where MMEngine would begin it anew.

    Each checkpoint of an epoch-based training holds the iteration at which its epoch
    began, and the length, batch size and number of processes, which tell how many samples
    of the epoch were trained on. Where one of these has changed, the epoch begins anew.
    :class:`~mmsmot.engine.SMOTRunner` registers it.
    """

    def __init__(self) -> None:
        self._saved: dict[str, int] | None = None
        # An epoch and the iteration it began at; later ones have the loader's length.
        self._reference = (0, 0)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Note the position in the checkpoint's meta."""
        if not isinstance(runner.train_loop, EpochBasedTrainLoop):
            return
        sizes = _sizes(runner)
        epoch, begin = self._reference
        begin += (checkpoint['meta']['epoch'] - epoch) * sizes['epoch_length']
        checkpoint['meta'][POSITION_KEY] = {'begin': begin, **sizes}

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Remember the position for :meth:`before_train`."""
        meta: Any = checkpoint.get('meta')
        self._saved = meta.get(POSITION_KEY) if isinstance(meta, dict) else None

    def before_train(self, runner: Runner) -> None:
        """Let the sampler leave out what a resumed epoch was trained on."""
        loader = runner.train_dataloader
        sampler = getattr(loader.batch_sampler, 'sampler', None)
        is_resumed = runner.iter > 0
        if not is_resumed or not isinstance(runner.train_loop, EpochBasedTrainLoop):
            return
        sizes = _sizes(runner)
        if self._saved is None:  # of an earlier version, or of MMEngine alone
            begin = runner.epoch * sizes['epoch_length']
        else:
            begin = self._saved['begin']
        num_done = runner.iter - begin
        is_alike = self._saved == {'begin': begin, **sizes}
        if num_done and is_alike and isinstance(sampler, SeededSampler):
            sampler.begin_at(num_done * sizes['batch_size'])
            self._reference = runner.epoch, begin
            return
        self._reference = runner.epoch, runner.iter
        if num_done:
            runner.logger.warning(
                f'epoch {runner.epoch + 1} begins anew: its checkpoint, of iteration '
                f'{runner.iter}, was written within the epoch, with '
                f'{_text(self._saved)}; now there are {_text(sizes)}. With the same '
                'numbers training goes on where it stopped.'
            )


def _sizes(runner: Runner) -> dict[str, int]:
    loader = runner.train_dataloader
    batch_size = loader.batch_size or getattr(loader.batch_sampler, 'batch_size', 0)
    return {
        'epoch_length': len(loader),
        'batch_size': int(batch_size),
        'processes': get_world_size(),
    }


def _text(sizes: dict[str, int] | None) -> str:
    if sizes is None:
        return 'numbers that it does not hold'
    return (
        f'{sizes["epoch_length"]} iterations an epoch, batch_size='
        f'{sizes["batch_size"]} and {sizes["processes"]} process(es)'
    )
