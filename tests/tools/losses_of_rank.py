"""What each of several processes that a tool started has seen."""

from __future__ import annotations

import atexit
import json
from pathlib import Path

from mmengine.dist import get_rank, is_distributed
from mmengine.hooks import Hook

from mmsmot.registry import HOOKS
from mmsmot.utils.model_wrapper import unwrapped_model
from tests.engine.tiny_training import leave_out_dropout


@HOOKS.register_module()
class LossesOfRank(Hook):
    """Trains without dropout; notes the losses in ``<work_dir>/losses_<rank>.json``.

    ``left_<rank>`` appears where the process has left the others before Python ends.
    """

    def before_train(self, runner) -> None:
        model = unwrapped_model(runner.model)
        leave_out_dropout(model)
        self.seen = []

    def after_train_iter(
        self, runner, batch_idx, data_batch=None, outputs=None
    ) -> None:
        self.seen.append({name: float(value) for name, value in outputs.items()})

    def after_train(self, runner) -> None:
        folder, rank = Path(runner.work_dir), get_rank()
        (folder / f'losses_{rank}.json').write_text(json.dumps(self.seen))

        def note() -> None:
            if not is_distributed():
                (folder / f'left_{rank}').touch()

        if is_distributed():
            atexit.register(note)
