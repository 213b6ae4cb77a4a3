"""Text decoder: a causal language model behind a prefix of features."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from mmengine.logging import print_log
from torch import nn
from torch.nn import functional as F

from ...registry import MODELS, build_part
from ...utils.error_messages import first_line
from ...utils.number_ranges import COUNT, FRACTION, NumberRange, require_numbers
from .prefix_bert import prefix_bert, text_embeddings
from .tokenizer import BaseTokenizer

if TYPE_CHECKING:
    from transformers import Cache, PreTrainedModel


@MODELS.register_module()
class TextDecoder(nn.Module):
    """Any causal language model of ``transformers`` behind a prefix of features.

    The prefix attends to itself both ways, the text to the prefix and to the text before:
    the prefix language model of GIT and GRiT, as in the SMOTer paper (Dec_Ins and Dec_Vid,
    eq. 3 and 4).

    Only the options here decide how captions are generated. A generation config that comes
    with a pretrained model (penalties of repetitions, least lengths, ...) is ignored, which
    is logged: its rules would count the prefix as text.

    Args:
        tokenizer: Texts to ids.
        config: Options of a model with random weights, with ``model_type``:
            ``dict(model_type='bert', hidden_size=768, num_hidden_layers=6, ...)``; or
            ``None``. ``'prefix_bert'`` is the text decoder of GIT, GRiT and the released
            SMOTer, with BERT's options: a prefix without positions, see
            :func:`~.prefix_bert.prefix_bert`.
        pretrained: Name or folder of a model instead; in 32 bits, however it was saved.
        max_length: Most ids of a caption, both marks included.
        num_beams: Beams; 1 is greedy.
        allow_repeats: Whether a token may follow itself.
        label_smoothing: Of the cross entropy.
        frozen: Train nothing of the model, and leave its dropout out in training too.
        batch_size: Captions generated at once.

    Raises:
        FileNotFoundError: There is no such pretrained model.
        ValueError: Not exactly one of ``config`` and ``pretrained``.
    """

    # For a dry run: the argument that names a model of the hub or its folder.
    hub_argument = 'pretrained'

    def __init__(
        self,
        *,
        tokenizer: dict | BaseTokenizer,
        config: dict | None = None,
        pretrained: str | None = None,
        max_length: int = 40,
        num_beams: int = 1,
        allow_repeats: bool = False,
        label_smoothing: float = 0.1,
        frozen: bool = False,
        batch_size: int = 64,
    ) -> None:
        super().__init__()
        require_numbers(
            'TextDecoder', COUNT, num_beams=num_beams, batch_size=batch_size
        )
        require_numbers(
            'TextDecoder', NumberRange(2, integer=True), max_length=max_length
        )
        require_numbers('TextDecoder', FRACTION, label_smoothing=label_smoothing)
        if (config is None) == (pretrained is None):
            raise ValueError('TextDecoder: give either config or pretrained')
        self.tokenizer = build_part(tokenizer)
        self.model: PreTrainedModel
        if config is not None:
            self.model = _from_config(config, self.tokenizer.vocab_size)
        else:
            self.model = _from_pretrained(str(pretrained), self.tokenizer.vocab_size)
        _drop_generation_rules(self.model)
        self.max_length = max_length
        self.num_beams = num_beams
        self.allow_repeats = allow_repeats
        self.label_smoothing = label_smoothing
        self.batch_size = batch_size
        self.frozen = frozen
        if frozen:
            self.model.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> TextDecoder:
        """As of ``nn.Module``; a frozen model stays in eval mode."""
        super().train(mode)
        if self.frozen:
            self.model.eval()
        return self

    @property
    def channels(self) -> int:
        """Width of the prefix."""
        return self.model.get_input_embeddings().embedding_dim

    def logits(
        self, prefix: torch.Tensor, mask: torch.Tensor, ids: torch.Tensor
    ) -> torch.Tensor:
        """Logits of the next token after each of ``ids``, without a cache.

        Args:
            prefix: (B, P, d).
            mask: (B, P) bool, false for padding.
            ids: (B, T).

        Returns:
            (B, T, vocabulary).
        """
        length = ids.shape[1]
        self._require_room(prefix.shape[1], length)
        embeddings = text_embeddings(self.model)
        if embeddings is None:
            text = self.model.get_input_embeddings()(ids)
        else:
            text = embeddings.of_text(ids)
        inputs = torch.cat([prefix.to(text.dtype), text], dim=1)
        allowed = mask[:, None].repeat(1, inputs.shape[1], 1)
        causal = torch.ones(length, length, dtype=torch.bool, device=mask.device).tril()
        # The prefix does not attend to text.
        causal = F.pad(causal, (0, 0, mask.shape[1], 0))
        allowed = torch.cat([allowed, causal.expand(len(ids), -1, -1)], dim=2)
        inputs_mask = torch.cat([mask, torch.ones_like(ids, dtype=torch.bool)], dim=1)
        out = self.model(
            inputs_embeds=inputs,
            attention_mask=_bias(allowed, inputs.dtype),
            position_ids=_positions(inputs_mask),
            use_cache=False,
            **self._only_last(length),  # none of the prefix is needed
        )
        return out.logits[:, -length:]

    def loss(
        self, prefix: torch.Tensor, mask: torch.Tensor, texts: Sequence[str]
    ) -> tuple[torch.Tensor, int]:
        """Cross entropy of the captions.

        Args:
            prefix: (B, P, d), B > 0.
            mask: (B, P) bool.
            texts: B captions.

        Returns:
            The sum over all tokens and their number.
        """
        ids = self.tokenizer.encode(texts, self.max_length).to(prefix.device)
        # Behind the first end mark is padding, which may have the same id.
        ended = (ids == self.tokenizer.eos_id).cumsum(1)[:, :-1] > 0
        cut = ids[:, 1:] == self.tokenizer.pad_id  # behind a text without an end mark
        if self.tokenizer.pad_id == self.tokenizer.eos_id:
            cut = ended
        target = ids[:, 1:].masked_fill(ended | cut, -100)
        logits = self.logits(prefix, mask, ids[:, :-1])
        total = F.cross_entropy(
            logits.flatten(0, 1).float(),
            target.flatten(),
            ignore_index=-100,
            label_smoothing=self.label_smoothing,
            reduction='sum',
        )
        return total, int((target != -100).sum())

    @torch.no_grad()
    def generate(self, prefix: torch.Tensor, mask: torch.Tensor) -> list[str]:
        """Captions of B prefixes, ``batch_size`` of them at a time.

        Args:
            prefix: (B, P, d).
            mask: (B, P) bool.
        """
        texts: list[str] = []
        for first in range(0, len(prefix), self.batch_size):
            batch = slice(first, first + self.batch_size)
            batch_mask = mask[batch]
            # A batch of short prefixes need not carry the padding of long ones.
            columns = torch.nonzero(batch_mask.any(dim=0))
            length = int(columns[-1]) + 1 if len(columns) else 1
            ids = self._generate(prefix[batch, :length], batch_mask[:, :length])
            texts += self.tokenizer.decode(ids.cpu())
        return texts

    def _generate(self, prefix: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        from transformers import DynamicCache

        rows, length = mask.shape
        self._require_room(length, self.max_length)
        cache = DynamicCache()
        self.model(
            inputs_embeds=prefix.to(self.model.dtype),
            attention_mask=_bias(
                mask[:, None].expand(-1, length, -1), self.model.dtype
            ),
            position_ids=_positions(mask),
            use_cache=True,
            **self._cache_argument(cache),
            **self._only_last(1),
        )
        cache.batch_repeat_interleave(self.num_beams)
        begin = mask.new_full((rows, 1), self.tokenizer.bos_id, dtype=torch.int64)
        # Ids of the prefix are only counted, its keys and values are cached.
        dummy = mask.new_full((rows, length), self.tokenizer.pad_id, dtype=torch.int64)
        out = self.model.generate(
            input_ids=torch.cat([dummy, begin], dim=1),
            attention_mask=torch.cat(
                [mask, torch.ones_like(begin, dtype=torch.bool)], 1
            ).long(),
            **self._cache_argument(cache),
            **self._text_positions(begin, length),
            max_new_tokens=self.max_length - 1,
            num_beams=self.num_beams,
            do_sample=False,
            bos_token_id=self.tokenizer.bos_id,
            eos_token_id=self.tokenizer.eos_id,
            pad_token_id=self.tokenizer.pad_id,
            logits_processor=[] if self.allow_repeats else [_forbid_last],
        )
        return out[:, length + 1 :]

    def _cache_argument(self, cache: Cache) -> dict[str, Cache]:
        """The cache as keyword argument, by the name in the language model's signature."""
        options = inspect.signature(self.model.forward).parameters
        # Older versions, and models that are not in transformers, have the older name.
        return {'cache' if 'cache' in options else 'past_key_values': cache}

    def _only_last(self, count: int) -> dict[str, int]:
        """Compute the logits of the last tokens alone, where the model can."""
        options = inspect.signature(self.model.forward).parameters
        return {'logits_to_keep': count} if 'logits_to_keep' in options else {}

    def _text_positions(
        self, begin: torch.Tensor, length: int
    ) -> dict[str, torch.Tensor]:
        """Positions of a prefix of ``length`` and of what begins the text, where the text
        counts its own from 0."""
        if text_embeddings(self.model) is None:
            return {}
        return {'position_ids': begin.new_zeros(len(begin), length + 1)}

    def _require_room(self, prefix_length: int, text_length: int) -> None:
        embeddings = text_embeddings(self.model)
        if embeddings is not None:
            if text_length > embeddings.max_length:
                raise ValueError(
                    f'TextDecoder: texts are {text_length} tokens long, the language '
                    f'model has {embeddings.max_length} positions. Lower max_length, or '
                    'raise max_position_embeddings.'
                )
            return
        length = prefix_length + text_length
        room = getattr(self.model.config, 'max_position_embeddings', None)
        if room is not None and length > room:
            raise ValueError(
                f'TextDecoder: prefix and text are {length} tokens long, the language '
                f'model has {room} positions. Lower max_boxes (boxes of a trajectory that '
                'are kept) or max_length, or raise max_position_embeddings.'
            )


def _forbid_last(ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
    """No token right after itself."""
    return scores.scatter(1, ids[:, -1:], float('-inf'))


def _positions(mask: torch.Tensor) -> torch.Tensor:
    return (mask.long().cumsum(1) - 1).clamp(min=0)


def _bias(allowed: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    bias = torch.zeros(allowed.shape, dtype=dtype, device=allowed.device)
    return bias.masked_fill(~allowed, torch.finfo(dtype).min)[:, None]


def _drop_generation_rules(model: PreTrainedModel) -> None:
    from transformers import GenerationConfig

    plain = GenerationConfig().to_dict()
    rules = [
        f'{name}={value}'
        for name, value in model.generation_config.to_dict().items()
        if value
        and value != plain.get(name)
        and not name.endswith(('token_id', '_version', 'use_cache'))
        and name[0] != '_'
    ]
    if rules:
        print_log(
            'TextDecoder: the generation config of the pretrained model is ignored '
            f'({", ".join(rules)}); max_length, num_beams and allow_repeats decide '
            'how captions are generated',
            logger='current',
            level=logging.WARNING,
        )
    model.generation_config = GenerationConfig()


def _from_config(config: dict, vocab_size: int) -> PreTrainedModel:
    from transformers import AutoConfig, AutoModelForCausalLM

    options = dict(config)
    kind = options.pop('model_type')
    options.setdefault('vocab_size', vocab_size)
    if kind in ('bert', 'prefix_bert'):
        options.setdefault('is_decoder', True)
    # The tokenizer has the special ids.
    options |= dict(bos_token_id=None, eos_token_id=None, pad_token_id=None)
    if kind == 'prefix_bert':
        return prefix_bert(options)
    return AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **options))


def _from_pretrained(name: str, vocab_size: int) -> PreTrainedModel:
    from transformers import AutoModelForCausalLM

    try:
        # In the 16 bits that most are saved in, the optimiser's steps round to nothing.
        model = AutoModelForCausalLM.from_pretrained(
            name, trust_remote_code=False, dtype=torch.float32
        )
    except (OSError, ValueError) as error:
        raise FileNotFoundError(
            f'no language model {name!r}: it is no folder with a model here and could '
            f'not be downloaded ({first_line(error)}). Give the path of a folder.'
        ) from error
    rows = model.get_input_embeddings().num_embeddings
    if rows < vocab_size:
        raise ValueError(
            f'TextDecoder: the tokenizer has {vocab_size} ids, the model {name!r} only '
            f'{rows}: they do not belong together'
        )
    return model
