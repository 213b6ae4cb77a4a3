"""The tokenizer is trained on the training captions; long captions give a warning."""

from __future__ import annotations

from mmengine.dist import is_main_process
from mmengine.hooks import EMAHook, Hook
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import Dataset

from ...models.language import BaseTokenizer, CaptionTokenizer, TextDecoder
from ...registry import HOOKS
from ...utils.fingerprint import text_fingerprint
from ...utils.model_wrapper import unwrapped_model

BATCH = 1024  # captions measured at once
NO_LIMIT = 1_000_000


@HOOKS.register_module()
class TrainTokenizerHook(Hook):
    """Trains each ``CaptionTokenizer`` of the model that has not been trained yet.

    It is found in a checkpoint afterwards: a resumed or fine-tuned model keeps its own.
    Every process trains the same tokenizer on the same captions. Averaged copies of the
    model (``EMAHook``), which are older than the tokenizer, get it too.

    Where training starts, it warns of captions that are longer than their decoder generates.
    """

    priority = 'VERY_HIGH'

    def before_train(self, runner: Runner) -> None:
        """Train before the first iteration.

        Raises:
            ValueError: The training set has no captions.
        """
        model = unwrapped_model(runner.model)
        tokenizers = {
            name: part
            for name, part in model.named_modules()
            if isinstance(part, CaptionTokenizer)
        }
        untrained = [part for part in tokenizers.values() if not part.is_trained]
        may_warn = runner.iter == 0 and is_main_process()
        decoders = tokenizer_text_decoders(model) if may_warn else {}
        if untrained or decoders:
            captions = tokenizer_training_captions(runner.train_dataloader.dataset)
        if untrained:
            self._train(runner, untrained, [text for _, text in captions])
        for option, (decoder, heads) in decoders.items():
            self._warn(runner, option, decoder, [t for h, t in captions if h in heads])
        copies = [h.ema_model.module for h in runner.hooks if isinstance(h, EMAHook)]
        for copied in copies:
            for name, part in tokenizers.items():
                copied.get_submodule(name).set_extra_state(part.get_extra_state())

    def _train(
        self, runner: Runner, untrained: list[CaptionTokenizer], texts: list[str]
    ) -> None:
        if not texts:
            raise ValueError(
                'TrainTokenizerHook: the training set has no captions for the tokenizer to learn '
                'from'
            )
        for part in untrained:
            part.train_on(texts)
        if is_main_process():
            digest = text_fingerprint('\n'.join(texts))[:12]
            runner.logger.info(
                f'The tokenizer learnt from {len(texts)} captions ({digest})'
            )

    @staticmethod
    def _warn(
        runner: Runner, option: str, decoder: TextDecoder, texts: list[str]
    ) -> None:
        lengths = tokenizer_token_counts(texts, decoder.tokenizer)
        cut = sum(length > decoder.max_length for length in lengths)
        if cut:
            runner.logger.warning(
                f'{cut} of {len(texts)} training captions ({cut / len(texts):.1%}) are '
                f'longer than {option}={decoder.max_length} and lose their end: raise it '
                f'(the longest has {max(lengths)} ids, both marks included)'
            )


def tokenizer_training_captions(dataset: Dataset) -> list[tuple[str, str]]:
    """Every caption of a dataset of videos, in its order, behind the head it is for."""
    texts: list[tuple[str, str]] = []
    for index in range(len(dataset)):
        gt = dataset.get_data_info(index)['gt']
        texts += [('instance_caption', text) for text in (gt.captions or {}).values()]
        if gt.video_caption:
            texts.append(('video_caption', gt.video_caption))
    return texts


def tokenizer_text_decoders(
    model: nn.Module,
) -> dict[str, tuple[TextDecoder, set[str]]]:
    """Each text decoder and the heads that generate with it, by its ``max_length`` key."""
    heads: dict[TextDecoder, list[str]] = {}
    for name, part in model.named_modules(remove_duplicate=False):
        if isinstance(part, TextDecoder):
            heads.setdefault(part, []).append(name)
    return {
        f'model.{names[0]}.max_length': (part, {_owner(name) for name in names})
        for part, names in heads.items()
    }


def _owner(name: str) -> str:
    return f'.{name}'.split('.')[-2]


def tokenizer_token_counts(texts: list[str], tokenizer: BaseTokenizer) -> list[int]:
    """How many ids each text has, both marks included."""
    lengths: list[int] = []
    for first in range(0, len(texts), BATCH):
        ids = tokenizer.encode(texts[first : first + BATCH], NO_LIMIT)
        ends = ids[:, 1:] == tokenizer.eos_id
        lengths += (ends.int().argmax(1) + 2).tolist()
    return lengths
