"""Captions to token ids and back."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from ...registry import MODELS
from ...utils.error_messages import first_line
from ...utils.number_ranges import NumberRange, require_numbers

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerBase

# Of a folder, one of them says which kind of tokenizer it holds.
TOKENIZER_FILES = ('config.json', 'tokenizer_config.json', 'tokenizer.json')
PAD, BOS, EOS = '[PAD]', '[BOS]', '[EOS]'


class BaseTokenizer(nn.Module, ABC):
    """Contract of the tokenizer slot.

    Attributes:
        vocab_size: Ids are below it.
        pad_id: Fills up a batch.
        bos_id: Begins a caption.
        eos_id: Ends it.
    """

    vocab_size: int
    pad_id: int
    bos_id: int
    eos_id: int

    @property
    def is_trained(self) -> bool:
        """Whether it has a vocabulary."""
        return True

    @abstractmethod
    def encode(self, texts: Sequence[str], max_length: int) -> torch.Tensor:
        """Token ids (B, T) int64 on the CPU, padded on the right.

        Each begins with ``bos_id`` and ends with ``eos_id``; a text that is longer than
        ``max_length`` ids in all keeps its beginning and loses its end mark.
        """

    @abstractmethod
    def decode(self, ids: torch.Tensor) -> list[str]:
        """Texts of (B, T) ids, without the special ones; a text ends at ``eos_id``."""

    def _batched(self, texts: list[list[int]], max_length: int) -> torch.Tensor:
        """Ids (B, T) with begin and end marks, cut and padded."""
        sequences = [[self.bos_id, *ids, self.eos_id][:max_length] for ids in texts]
        longest = max(map(len, sequences), default=0)
        padded = [ids + [self.pad_id] * (longest - len(ids)) for ids in sequences]
        return torch.tensor(padded, dtype=torch.int64).reshape(len(sequences), longest)


@MODELS.register_module()
class CaptionTokenizer(BaseTokenizer):
    """A byte-level BPE that is trained on the captions and kept in the checkpoint.

    It encodes every text. Its state is a tensor of bytes in the model's state dict, so
    that a checkpoint holds its own vocabulary.

    Args:
        vocab_size: Most ids, special ones and the 256 bytes included; the decoder's
            embedding has this many rows.
    """

    pad_id, bos_id, eos_id = 0, 1, 2

    def __init__(self, *, vocab_size: int = 1024) -> None:
        super().__init__()
        if vocab_size < 260:
            raise ValueError(
                f'CaptionTokenizer: vocab_size={vocab_size}, but the 256 bytes and the '
                'special tokens alone need 260'
            )
        self.vocab_size = vocab_size
        self._tokenizer: Tokenizer | None = None

    @property
    def is_trained(self) -> bool:
        return self._tokenizer is not None

    def train_on(self, texts: Iterable[str]) -> None:
        """Train the vocabulary on the training captions."""
        from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=self.vocab_size,
            special_tokens=[PAD, BOS, EOS],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        tokenizer.train_from_iterator(texts, trainer)
        self._tokenizer = tokenizer

    def encode(self, texts: Sequence[str], max_length: int) -> torch.Tensor:
        tokenizer = self._require()
        encodings = tokenizer.encode_batch(list(texts))
        return self._batched([encoding.ids for encoding in encodings], max_length)

    def decode(self, ids: torch.Tensor) -> list[str]:
        tokenizer = self._require()
        rows = [_until(row, self.eos_id) for row in ids.tolist()]
        return [text.strip() for text in tokenizer.decode_batch(rows)]

    def _require(self) -> Tokenizer:
        if self._tokenizer is None:
            raise ValueError(
                'CaptionTokenizer has no vocabulary yet: load a checkpoint, or train '
                '(tools/train.py trains it on the training captions first)'
            )
        return self._tokenizer

    def get_extra_state(self) -> torch.Tensor:
        """The tokenizer's JSON as bytes, (n,) uint8; empty before training."""
        text = '' if self._tokenizer is None else self._tokenizer.to_str()
        return torch.frombuffer(bytearray(text.encode() or b'\0'), dtype=torch.uint8)

    def set_extra_state(self, state: torch.Tensor) -> None:
        """Take a checkpoint's.

        Raises:
            ValueError: It has more tokens than ``vocab_size``, or is none.
        """
        from tokenizers import Tokenizer

        data = bytes(state.cpu().numpy())
        if data == b'\0':
            self._tokenizer = None
            return
        try:
            num_tokens = len(json.loads(data)['model']['vocab'])
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                'CaptionTokenizer: the checkpoint holds no tokenizer where one should be'
            ) from error
        if num_tokens > self.vocab_size:
            raise ValueError(
                f'CaptionTokenizer: the checkpoint has {num_tokens} tokens, the config '
                f'vocab_size={self.vocab_size}: use the config it was trained with'
            )
        self._tokenizer = Tokenizer.from_str(data.decode())


@MODELS.register_module()
class PretrainedTokenizer(BaseTokenizer):
    """A tokenizer of ``transformers`` by name or folder.

    A checkpoint keeps the SHA-256 of its vocabulary, so that another one of the same size
    is not mistaken for it.

    Args:
        name: Such as ``'bert-base-uncased'`` or a folder with its files; one that holds
            ``vocab.txt`` alone is taken for BERT's, uncased.
        local_files_only: Never ask the network.
        bos_id: Begins a caption; ``None``: the tokenizer's own. 104 in GRiT and the
            released SMOTer, an unused word of BERT.
        clean_spaces: Whether decoding takes away the blanks before punctuation and around
            apostrophes, as transformers 4 did for every tokenizer and the released SMOTer
            with it; ``None``: what the tokenizer's own files say.

    Raises:
        FileNotFoundError: It is no folder and could not be downloaded.
        ValueError: ``bos_id`` is none of its ids.
    """

    may_lack = ('_extra_state',)  # older checkpoints do not have it

    # For a dry run: the argument that names a model of the hub or its folder.
    hub_argument = 'name'

    def __init__(
        self,
        *,
        name: str,
        local_files_only: bool = False,
        bos_id: int | None = None,
        clean_spaces: bool | None = None,
    ) -> None:
        super().__init__()
        try:
            inner = _load(name, local_files_only)
        except (OSError, ValueError) as error:
            raise FileNotFoundError(
                f'no tokenizer {name!r}: it is no folder with a tokenizer here and could '
                f'not be downloaded ({first_line(error)}). Give the path of a folder, or '
                "use dict(type='CaptionTokenizer'), which is trained on the captions."
            ) from error
        self.name = name
        self.clean_spaces = clean_spaces
        self._tokenizer = inner
        self.bos_id = _first(
            bos_id, inner.bos_token_id, inner.cls_token_id, inner.eos_token_id
        )
        self.eos_id = _first(inner.eos_token_id, inner.sep_token_id)
        self.pad_id = _first(inner.pad_token_id, self.eos_id)
        self.vocab_size = len(inner)
        last_id = NumberRange(0, self.vocab_size - 1, integer=True)
        require_numbers('PretrainedTokenizer', last_id, bos_id=self.bos_id)

    def encode(self, texts: Sequence[str], max_length: int) -> torch.Tensor:
        ids = self._tokenizer(list(texts), add_special_tokens=False)['input_ids']
        return self._batched(ids, max_length)

    def decode(self, ids: torch.Tensor) -> list[str]:
        rows = [_until(row, self.eos_id) for row in ids.tolist()]
        texts = self._tokenizer.batch_decode(
            rows,
            skip_special_tokens=True,
            clean_up_tokenization_spaces=self.clean_spaces,
        )
        return [text.strip() for text in texts]

    def get_extra_state(self) -> torch.Tensor:
        """SHA-256 of tokens and ids, (32,) uint8."""
        vocabulary = json.dumps(sorted(self._tokenizer.get_vocab().items()))
        digest = hashlib.sha256(vocabulary.encode()).digest()
        return torch.frombuffer(bytearray(digest), dtype=torch.uint8)

    def set_extra_state(self, state: torch.Tensor) -> None:
        """Compare with a checkpoint's.

        Raises:
            ValueError: It was trained with another vocabulary.
        """
        if not torch.equal(state.cpu(), self.get_extra_state()):
            raise ValueError(
                f'PretrainedTokenizer: the checkpoint was trained with another vocabulary '
                f'than that of {self.name!r}, where its ids stand for other words. Set '
                'name of this tokenizer to the one that it was trained with.'
            )

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, *args: Any
    ) -> None:
        state_dict.setdefault(prefix + '_extra_state', self.get_extra_state())
        super()._load_from_state_dict(state_dict, prefix, *args)


def _load(name: str, local_files_only: bool) -> PreTrainedTokenizerBase:
    from transformers import AutoTokenizer, BertTokenizer

    files = {path.name for path in Path(name).glob('*.*')}
    only_words = 'vocab.txt' in files and not files.intersection(TOKENIZER_FILES)
    kind = BertTokenizer if only_words else AutoTokenizer
    return kind.from_pretrained(
        name, local_files_only=local_files_only, trust_remote_code=False
    )


def _until(ids: list[int], end: int) -> list[int]:
    return ids[: ids.index(end)] if end in ids else ids


def _first(*ids: int | None) -> int:
    for token_id in ids:
        if token_id is not None:
            return token_id
    raise ValueError('PretrainedTokenizer: it has no token to begin or end a text with')
