"""The iteration from which the semantic losses count."""

from __future__ import annotations

from mmengine.hooks import Hook
from mmengine.runner import Runner

from ...registry import HOOKS
from ...utils.model_wrapper import unwrapped_model
from ...utils.number_ranges import NON_NEGATIVE_INT, require_numbers


@HOOKS.register_module()
class SemanticLossStartHook(Hook):
    """Leaves the semantic losses out until an iteration (SMOTer paper, section 5).

    Args:
        iteration: ``semantic_start_iter``; 20,000 in the paper.
    """

    def __init__(self, *, iteration: int = 20000) -> None:
        require_numbers('SemanticLossStartHook', NON_NEGATIVE_INT, iteration=iteration)
        self.iteration = iteration

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None
    ) -> None:
        """Turn them on in time; a resumed run is at the right place at once."""
        model = unwrapped_model(runner.model)
        model.clip_training.semantic_losses_enabled = runner.iter >= self.iteration
