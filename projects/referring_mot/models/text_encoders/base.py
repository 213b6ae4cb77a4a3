"""The contract of the text encoder slot: sentences to words and to one vector each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from mmsmot.utils.log_once import log_once

if TYPE_CHECKING:
    from mmsmot.structures import Prompt


@dataclass(frozen=True, eq=False)
class TextFeatures:
    """S sentences.

    Attributes:
        words: (S, L, d) features of the tokens; padding stands last.
        mask: (S, L) bool, the tokens that count; at least one in each sentence.
        sentences: (S, d) one vector for each sentence.
    """

    words: torch.Tensor
    mask: torch.Tensor
    sentences: torch.Tensor

    def __len__(self) -> int:
        return len(self.sentences)

    def cycled(self, count: int) -> TextFeatures:
        """``count`` rows, a multiple of S: row r is the sentence ``r % S``."""
        times = count // len(self)
        if times == 1:
            return self
        return TextFeatures(
            self.words.repeat(times, 1, 1),
            self.mask.repeat(times, 1),
            self.sentences.repeat(times, 1),
        )

    def first_words(self, count: int) -> TextFeatures:
        """The same with at most so many tokens."""
        return TextFeatures(self.words[:, :count], self.mask[:, :count], self.sentences)


class BaseTextEncoder(nn.Module, ABC):
    """Sentences to features. Any text is encoded: other alphabets, hundreds of words.

    Attributes:
        channels: d.
        max_length: Tokens of a sentence that count, marks included; the others are left
            out, which is logged.
    """

    channels: int
    max_length: int

    @property
    def device(self) -> torch.device:
        """Where the features are wanted."""
        for tensor in (*self.parameters(), *self.buffers()):
            return tensor.device
        return torch.device('cpu')

    @abstractmethod
    def forward(self, texts: Sequence[str]) -> TextFeatures:
        """Features of S > 0 sentences."""

    def warn_cut(self, text: str, num_tokens: int) -> None:
        """Log that a sentence is longer than :attr:`max_length`."""
        if num_tokens > self.max_length:
            log_once(
                f'a sentence of {num_tokens} tokens is cut to the first '
                f'{self.max_length}: {text[:60]!r}...'
            )


def prompt_sentences(owner: str, prompts: Sequence[Prompt]) -> list[str]:
    """The sentence of each prompt.

    Args:
        owner: Name of the part that reads sentences.
        prompts: What is asked for.

    Raises:
        ValueError: A prompt has no sentence.
    """
    sentences = []
    for prompt in prompts:
        if prompt.text is None:
            raise ValueError(
                f'{owner} reads sentences, and the prompt {prompt} has none: give --text'
            )
        sentences.append(prompt.text)
    return sentences


class FrozenTextEncoder(BaseTextEncoder):
    """What encoders that are not trained share: a sentence is encoded once.

    Their weights are not part of a checkpoint.
    """

    MOST_CACHED = 65536  # sentences; words of one are about 10 kB

    def __init__(self, max_length: int) -> None:
        super().__init__()
        self.max_length = max_length
        self._cache: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}
        # Where the features are wanted; it moves with the model that holds it.
        self.register_buffer('_place', torch.zeros(()), persistent=False)

    @abstractmethod
    def encode(self, texts: Sequence[str]) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Words (L, d) and sentence (d,) of each text, float32 on the CPU."""

    @torch.no_grad()
    def forward(self, texts: Sequence[str]) -> TextFeatures:
        new_texts = [t for t in dict.fromkeys(texts) if t not in self._cache]
        if len(self._cache) + len(new_texts) > self.MOST_CACHED:
            self._cache.clear()
            new_texts = list(dict.fromkeys(texts))
        if new_texts:
            encoded = self.encode(new_texts)
            self._cache.update(zip(new_texts, encoded, strict=True))
        words, sentences = zip(*(self._cache[text] for text in texts), strict=True)
        lengths = torch.tensor([len(rows) for rows in words])
        padded = nn.utils.rnn.pad_sequence(list(words), batch_first=True)
        mask = torch.arange(padded.shape[1]) < lengths[:, None]
        return TextFeatures(
            padded.to(self.device),
            mask.to(self.device),
            torch.stack(sentences).to(self.device),
        )
