"""A frozen text encoder of transformers: RoBERTa, BERT, or the text side of CLIP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.logging import print_log

from mmsmot.registry import MODELS
from mmsmot.utils.number_ranges import COUNT, require_choice, require_numbers
from mmsmot.utils.pretrained import load_pretrained
from projects.referring_mot.models.text_encoders.base import FrozenTextEncoder

# What the kinds of model are loaded as; a CLIP has its projection to the common space.
LOADERS = {'encoder': 'AutoModel', 'clip': 'CLIPTextModelWithProjection'}


@MODELS.register_module()
class TransformersTextEncoder(FrozenTextEncoder):
    """Words are the last hidden states; a sentence is CLIP's projection or their mean.

    TransRMOT's words are RoBERTa's, MLS-Track's sentences those of CLIP ViT-L.

    Args:
        name: Folder, or name on the hub: ``'roberta-base'``,
            ``'openai/clip-vit-large-patch14'``.
        kind: ``'encoder'``, or ``'clip'`` for the text side of a CLIP, with its projection.
        max_length: Tokens of a sentence, marks included; the model's own limit where that
            is lower.

    Raises:
        FileNotFoundError: There is no such folder, and the model cannot be downloaded.
        ValueError: It is of another kind, or cannot be read safely.
    """

    def __init__(
        self, *, name: str, kind: str = 'encoder', max_length: int = 64
    ) -> None:
        require_numbers('TransformersTextEncoder', COUNT, max_length=max_length)
        require_choice('TransformersTextEncoder', LOADERS, kind=kind)
        model, tokenizer = load_pretrained(LOADERS[kind], 'AutoTokenizer', name)
        config = model.config
        limit = getattr(config, 'max_position_embeddings', max_length)
        # RoBERTa counts positions from its padding id on.
        if config.model_type in ('roberta', 'xlm-roberta', 'camembert'):
            limit -= config.pad_token_id + 1
        super().__init__(min(max_length, limit))
        self.kind = kind
        self.channels = int(
            config.projection_dim if kind == 'clip' else config.hidden_size
        )
        self._tokenizer = tokenizer
        # In a tuple: its weights are no part of a checkpoint.
        self._model: tuple[Any] = (model.float().requires_grad_(False),)
        print_log(f'{name}: text encoder of {self.channels} channels', logger='current')

    def encode(self, texts: Sequence[str]) -> list[tuple[torch.Tensor, torch.Tensor]]:
        for text in texts:
            if len(text) > self.max_length:  # a token has a letter at least
                self.warn_cut(text, len(self._tokenizer(text)['input_ids']))
        batch = self._tokenizer(
            list(texts),
            padding=True,
            truncation=True,
            max_length=self.max_length,
            return_tensors='pt',
        )
        (model,) = self._model
        output = model(**batch)
        mask = batch['attention_mask'].bool()
        states = output.last_hidden_state
        if self.kind == 'clip':
            sentences = output.text_embeds
            states = model.text_projection(states)
        else:
            total = (states * mask[..., None]).sum(1)
            sentences = total / mask.sum(1, keepdim=True)
        return [
            (row[row_mask], sentence)
            for row, row_mask, sentence in zip(states, mask, sentences, strict=True)
        ]
