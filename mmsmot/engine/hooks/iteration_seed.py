"""What a model draws in training follows (seed, iteration)."""

from __future__ import annotations

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ...datasets.seeded_index import seed_globals_by_index
from ...registry import HOOKS
from ...utils.model_wrapper import unwrapped_model


@HOOKS.register_module()
class IterationSeedHook(Hook):
    """Seeds all generators from (seed, iteration, rank) before each iteration.

    So a resumed training draws its frames with loss, its teacher forcing and its dropout
    as one that was never stopped. :class:`~mmsmot.engine.SMOTRunner` registers it.
    """

    priority = 'VERY_HIGH'

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None
    ) -> None:
        """Seed the model's own generator and the global ones (of dropout)."""
        generator = np.random.default_rng([runner.seed, runner.iter, get_rank()])
        seed_globals_by_index(generator)
        if torch.cuda.is_available():
            torch.cuda.manual_seed_all(int(generator.integers(2**63)))
        model = unwrapped_model(runner.model)
        training = getattr(model, 'clip_training', None)
        if training is not None:
            training.generator = generator
