"""The tokenizer learns its words from the training captions."""

from __future__ import annotations

import hashlib

from mmengine.dist import is_main_process
from mmengine.hooks import EMAHook, Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch.utils.data import Dataset

from ...models.language import CaptionTokenizer
from ...registry import HOOKS


@HOOKS.register_module()
class LearnWords(Hook):
    """Trains each ``CaptionTokenizer`` of the model that has not been trained yet.

    It is found in a checkpoint afterwards: a resumed or fine-tuned model keeps its own.
    Every process learns the same words from the same captions. Averaged copies of the
    model (``EMAHook``), which are older than the words, get them too.
    """

    priority = 'VERY_HIGH'

    def before_train(self, runner: Runner) -> None:
        """Train before the first iteration.

        Raises:
            ValueError: The training set has no captions.
        """
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        words = {
            name: part
            for name, part in model.named_modules()
            if isinstance(part, CaptionTokenizer)
        }
        untrained = [part for part in words.values() if not part.is_trained]
        if untrained:
            self._train(runner, untrained)
        copies = [h.ema_model.module for h in runner.hooks if isinstance(h, EMAHook)]
        for copied in copies:
            for name, part in words.items():
                copied.get_submodule(name).set_extra_state(part.get_extra_state())

    def _train(self, runner: Runner, untrained: list[CaptionTokenizer]) -> None:
        texts = captions_of(runner.train_dataloader.dataset)
        if not texts:
            raise ValueError(
                'LearnWords: the training set has no captions for the tokenizer to learn '
                'from'
            )
        for part in untrained:
            part.train_on(texts)
        if is_main_process():
            digest = hashlib.sha256('\n'.join(texts).encode()).hexdigest()[:12]
            runner.logger.info(
                f'The tokenizer learnt from {len(texts)} captions ({digest})'
            )


def captions_of(dataset: Dataset) -> list[str]:
    """Every caption of a dataset of videos, instances' and videos', in its order."""
    texts: list[str] = []
    for index in range(len(dataset)):
        truth = dataset.get_data_info(index)['truth']
        texts += (truth.captions or {}).values()
        texts += [truth.video_caption] if truth.video_caption else []
    return texts
