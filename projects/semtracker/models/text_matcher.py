"""Which of the people in a frame a sentence is about."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F

from mmsmot.registry import MODELS
from mmsmot.utils.number_ranges import COUNT, require_numbers

WORD = re.compile(r'[a-z]+')
SCALE = 16.0  # of the cosine: a softmax over candidates can then be sure


@MODELS.register_module()
class TextMatcher(nn.Module):
    """Cosine of a sentence and a box, learnt from sentences about appearance.

    A sentence is the mean embedding of its words and of its pairs of neighbours, which
    say that it is the shirt which is red. Words are hashed, so there is no vocabulary to
    ship; a word that training never had changes the mean little.

    Args:
        channels: d of the shared features.
        tokens: Of a box.
        width: Of the common space.
        buckets: Of the hash.
    """

    def __init__(
        self,
        *,
        channels: int = 96,
        tokens: int = 6,
        width: int = 96,
        buckets: int = 1024,
    ) -> None:
        super().__init__()
        counts = dict(channels=channels, tokens=tokens, width=width, buckets=buckets)
        require_numbers('TextMatcher', COUNT, **counts)
        self.buckets = buckets
        self.words = nn.EmbeddingBag(buckets, width, mode='mean')
        self.sentence = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, width),
            nn.GELU(),
            nn.Linear(width, width),
        )
        self.appearance = nn.Sequential(
            nn.Flatten(),
            nn.Linear(tokens * channels, width),
            nn.GELU(),
            nn.Linear(width, width),
        )

    def forward(self, texts: Sequence[str], tokens: torch.Tensor) -> torch.Tensor:
        """(N, M) cosines of N texts with M boxes' tokens (M, K, d)."""
        index = [word_buckets(text, self.buckets) for text in texts]
        offsets = torch.tensor([0, *(len(i) for i in index)]).cumsum(0)[:-1]
        device = tokens.device
        flat = torch.tensor([bucket for part in index for bucket in part])
        sentences = self.sentence(self.words(flat.to(device), offsets.to(device)))
        appearances = self.appearance(tokens)
        return F.normalize(sentences, dim=1) @ F.normalize(appearances, dim=1).T

    def loss(
        self,
        texts: Sequence[str],
        tokens: torch.Tensor,
        is_target: torch.Tensor,
        is_choice: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Cross-entropy of each text over the boxes of the batch.

        Args:
            texts: N sentences.
            tokens: (M, K, d), the boxes of all frames.
            is_target: (N, M) bool: the text's target. Texts without one do not count.
            is_choice: (N, M) bool: the boxes that it is judged against, its target among
                them; ``None`` for all.
        """
        logits = SCALE * self(texts, tokens)
        if is_choice is not None:
            # Not -inf, which has no gradient where a text has no choice at all.
            logits = logits.masked_fill(~(is_choice | is_target), -1e4)
        has_target = is_target.any(dim=1)
        if not has_target.any():
            return logits.sum() * 0
        logits, is_target = logits[has_target], is_target[has_target]
        hits = logits.masked_fill(~is_target, -torch.inf).logsumexp(dim=1)
        return (logits.logsumexp(dim=1) - hits).mean()


def require_words(text: str) -> None:
    """Refuse a sentence of which nothing can be read.

    Raises:
        ValueError: It has no word in Latin letters.
    """
    if not WORD.search(text.lower()):
        raise ValueError(
            f'SemTracker: {text[:60]!r} has no word in Latin letters, which are all that '
            'its TextMatcher reads; say it in English, or name the target by a box or a '
            'click'
        )


def word_buckets(text: str, buckets: int) -> list[int]:
    """Hashes of the words of a text and of its pairs of neighbours; one, if it has none.

    >>> word_buckets('A man', 1024) == word_buckets('a MAN!', 1024)
    True
    """
    words = WORD.findall(text.lower())
    pairs = [f'{a} {b}' for a, b in zip(words, words[1:], strict=False)]
    terms = [*words, *pairs] or ['']
    digests = (hashlib.sha256(term.encode()).digest() for term in terms)
    return [int.from_bytes(digest[:4], 'big') % buckets for digest in digests]
