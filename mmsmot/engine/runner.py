"""MMEngine's runner, for models without parameters, CPUs, and trainings that resume."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import is_distributed, is_main_process, master_only
from mmengine.evaluator import Evaluator
from mmengine.hooks import Hook
from mmengine.logging import MMLogger
from mmengine.model import MMDistributedDataParallel
from mmengine.registry import HOOKS
from mmengine.runner import BaseLoop, CheckpointLoader, Runner
from torch import nn
from torch.utils.data import DataLoader

from ..datasets.seeded_sampler import SeededSampler
from ..utils.atomic import atomic_path
from ..utils.bundled_weights import weights_path
from ..utils.checkpoint import require_checkpoint_weights
from ..utils.command_line import SEED
from ..utils.device import default_device
from ..utils.model_wrapper import unwrapped_model
from ..utils.number_ranges import require_numbers
from ..utils.parent_process import end_with_parent
from ..utils.training_checkpoints import newest_checkpoint
from .checkpoint_config_diff import config_differences
from .config_check import config_without_templates
from .out_of_memory import explain_out_of_memory
from .score_evaluator import ScoreEvaluator

MAX_NAMED_OPTIONS = 5  # in a warning


def leave_process_group() -> None:
    """Leave the process group at the end of a tool.

    Else a thread of Gloo may still free a tensor while Python ends, and the process
    aborts with its work done.
    """
    if is_distributed():
        torch.distributed.destroy_process_group()


@dataclass(frozen=True)
class _WorkerStart:
    """Initialises a data loader's worker."""

    worker_init_fn: Callable[[int], None] | None

    def __call__(self, worker_id: int) -> None:
        end_with_parent()
        if self.worker_init_fn is not None:
            self.worker_init_fn(worker_id)


class SMOTRunner(Runner):
    """:class:`mmengine.runner.Runner` for semantic multi-object tracking.

    Different from MMEngine's:

    - A model with nothing to train (detections from a file or an ONNX network) runs on
      several processes without being wrapped; NCCL gives way to Gloo where there is no
      GPU; Apple's GPU, without float64, is not used.
    - Machine, config and hooks are described in the log file alone.
    - Counts, such as identity switches, are in the file of scores too.
    - Where memory runs out, the error names the options that lower its use.
    - Training resumes after a kill that left ``last_checkpoint`` empty, with the same
      order of the data and the same random draws.
    - Weights of another config are refused, where MMEngine goes on with random ones; a
      warning names options that differ.
    """

    model: nn.Module
    _is_testing = False
    _detection_cache: str | None = None

    def train(self) -> nn.Module:
        """See :meth:`mmengine.runner.Runner.train`."""
        # Gradients of captions end in denormal numbers, which a CPU adds up slowly.
        torch.set_flush_denormal(True)
        try:
            with explain_out_of_memory(self.cfg, training=True):
                return super().train()
        finally:
            torch.set_flush_denormal(False)

    def test(self, detection_cache: str | os.PathLike | None = None) -> dict:
        """See :meth:`mmengine.runner.Runner.test`.

        Args:
            detection_cache: Folder that detections (and embeddings) are kept in and taken
                from; see :func:`~mmsmot.models.detection_caching.cache_detections`.
        """
        self._is_testing = True
        if detection_cache is not None:
            self._detection_cache = os.fspath(detection_cache)
        with explain_out_of_memory(self.cfg, training=False):
            return super().test()

    def build_evaluator(self, evaluator: dict | list | Evaluator) -> Evaluator:
        """See :meth:`mmengine.runner.Runner.build_evaluator`."""
        built = super().build_evaluator(evaluator)
        return ScoreEvaluator(built.metrics) if type(built) is Evaluator else built

    def load_or_resume(self) -> None:
        """See :meth:`mmengine.runner.Runner.load_or_resume`."""
        if self._resume and self._load_from is None:
            self._load_from = newest_checkpoint(self.work_dir)
            self._resume = self._load_from is not None
        super().load_or_resume()
        if self._is_testing and self._detection_cache is not None:
            # Behind the weights: in a cache a ReID part has another place in the model.
            self._keep_detections(self._detection_cache)

    def _keep_detections(self, root: str) -> None:
        """Let the model keep its detections in a folder; tell in the log if it cannot."""
        from ..models.detection_caching import cache_detections
        from ..models.smot import SMOT

        model = unwrapped_model(self.model)
        cached = cache_detections(model, root) if isinstance(model, SMOT) else model
        if cached is model:
            self.logger.info(
                f'{root}: no detections are kept there: {type(model).__name__} has no '
                'detector apart from its tracker, has a cache already, or describes from '
                "the detector's feature maps"
            )
        else:
            self.model = cached

    def load_checkpoint(self, filename: str, *args: Any, **kwargs: Any) -> Any:
        """See :meth:`mmengine.runner.Runner.load_checkpoint`.

        ``filename`` may be the name of weights that come with the package.
        Training may begin with a part of the weights, a detector's for example; a test
        and a resumed training need all. A test with other options than the training's
        logs a warning.

        Raises:
            ValueError: The weights are not this model's.
        """
        filename = weights_path(filename) or filename
        model = unwrapped_model(self.model)
        loaded = CheckpointLoader.load_checkpoint(filename, 'cpu')
        weights = loaded.get('state_dict', loaded)
        needs_all = self._is_testing or self._resume
        require_checkpoint_weights(model, weights, filename, partial=not needs_all)
        if self._is_testing:
            self._warn_of_other_options(loaded, filename)
        return super().load_checkpoint(filename, *args, **kwargs)

    @master_only
    def save_checkpoint(
        self, out_dir: str, filename: str, *args: Any, **kwargs: Any
    ) -> None:
        """See :meth:`mmengine.runner.Runner.save_checkpoint`.

        A file on a disk appears whole or not at all: training resumes from the newest.

        Raises:
            OSError: The disk is full; names the file.
        """
        if '://' in str(out_dir):
            super().save_checkpoint(out_dir, filename, *args, **kwargs)
            return
        with atomic_path(Path(out_dir) / filename) as temporary:
            super().save_checkpoint(out_dir, temporary.name, *args, **kwargs)

    def resume(self, filename: str, *args: Any, **kwargs: Any) -> None:
        """See :meth:`mmengine.runner.Runner.resume`.

        Without a seed in the config the sampler drew one before the checkpoint was read;
        the order of the data continues only with the checkpoint's.
        """
        random_seed = self.seed
        super().resume(filename, *args, **kwargs)
        sampler = getattr(self.train_dataloader.batch_sampler, 'sampler', None)
        if getattr(sampler, 'seed', None) == random_seed:  # not one of the config
            sampler.seed = self.seed

    def build_train_loop(self, loop: Any) -> BaseLoop:
        """See :meth:`mmengine.runner.Runner.build_train_loop`.

        The sampler's indices carry the seed of what is drawn for a sample.
        """
        loader = self._train_dataloader
        if isinstance(loader, dict) and 'sampler' in loader:
            sampler = dict(type=SeededSampler, sampler=loader['sampler'])
            self._train_dataloader = {**loader, 'sampler': sampler}
        return super().build_train_loop(loop)

    @staticmethod
    def build_dataloader(*args: Any, **kwargs: Any) -> DataLoader:
        """See :meth:`mmengine.runner.Runner.build_dataloader`."""
        loader = Runner.build_dataloader(*args, **kwargs)
        if loader.num_workers and not isinstance(loader.worker_init_fn, _WorkerStart):
            loader.worker_init_fn = _WorkerStart(loader.worker_init_fn)
        return loader

    def register_hooks(self, *args: Any, **kwargs: Any) -> None:
        """See :meth:`mmengine.runner.Runner.register_hooks`."""
        super().register_hooks(*args, **kwargs)
        self.register_hook(dict(type='mmsmot.IterationSeedHook'))
        self.register_hook(dict(type='mmsmot.EpochPositionHook'))

    def set_randomness(self, seed: int | None = None, **kwargs: Any) -> None:
        """See :meth:`mmengine.runner.Runner.set_randomness`.

        Raises:
            ValueError: ``seed`` is none that NumPy takes.
        """
        require_numbers('randomness', SEED.or_none, seed=seed)
        super().set_randomness(seed, **kwargs)

    def register_hook(self, hook: Hook | dict, priority: Any = None) -> None:
        """See :meth:`mmengine.runner.Runner.register_hook`.

        Raises:
            TypeError: What the config names is no hook.
        """
        if isinstance(hook, dict):
            settings = dict(hook)
            hook_priority = settings.pop('priority', None)
            priority = hook_priority if priority is None else priority
            hook = HOOKS.build(settings)
            if not isinstance(hook, Hook):
                raise TypeError(
                    f'custom_hooks: {settings.get("type")!r} is no hook: expected a '
                    'subclass of mmengine.hooks.Hook, got '
                    f'{type(hook).__name__}'
                )
        super().register_hook(hook, priority)

    def _warn_of_other_options(self, loaded: dict, filename: str) -> None:
        meta = loaded.get('meta')
        trained = meta.get('cfg') if isinstance(meta, dict) else None
        if not isinstance(trained, str):
            return
        differences = config_differences(trained, self.cfg.pretty_text)
        if differences:
            text = '; '.join(differences[:MAX_NAMED_OPTIONS])
            num_unnamed = len(differences) - MAX_NAMED_OPTIONS
            suffix = f' and {num_unnamed} more' if num_unnamed > 0 else ''
            self.logger.warning(
                f'{filename} was trained with other options than this config has: '
                f'{text}{suffix}. Where they change what the model computes, test with '
                'the config it was trained with.'
            )

    def setup_env(self, env_cfg: dict) -> None:
        """See :meth:`mmengine.runner.Runner.setup_env`."""
        on_cpu = self.distributed and not torch.cuda.is_available()
        if on_cpu and self.launcher == 'pytorch' and not is_distributed():
            torch.distributed.init_process_group('gloo')
        super().setup_env(env_cfg)

    def build_logger(self, *args: Any, **kwargs: Any) -> MMLogger:
        """See :meth:`mmengine.runner.Runner.build_logger`."""
        logger = super().build_logger(*args, **kwargs)
        self._console = []
        for handler in logger.handlers:
            if not isinstance(handler, logging.FileHandler):
                self._console.append((handler, handler.level))
                handler.setLevel(max(handler.level, logging.WARNING))
        return logger

    def dump_config(self) -> None:
        """See :meth:`mmengine.runner.Runner.dump_config`; the last step of building.

        The file has what the runner reads alone, so that it is a config itself.
        """
        if is_main_process():
            file_name = Path(self.cfg.filename or f'{self.timestamp}.py').name
            config_without_templates(self.cfg).dump(Path(self.work_dir, file_name))
        for handler, level in self._console:
            handler.setLevel(level)

    def wrap_model(self, model_wrapper_cfg: dict | None, model: nn.Module) -> nn.Module:
        """See :meth:`mmengine.runner.Runner.wrap_model`."""
        if not self.distributed:
            model = super().wrap_model(model_wrapper_cfg, model)
            return model.to(default_device())
        if not any(p.requires_grad for p in model.parameters()):
            return model.to(default_device())  # no gradients to average
        if model_wrapper_cfg is None and default_device() == 'cpu':
            return MMDistributedDataParallel(  # without device_ids
                module=model,
                broadcast_buffers=False,
                find_unused_parameters=self.cfg.get('find_unused_parameters', False),
            )
        return super().wrap_model(model_wrapper_cfg, model)
