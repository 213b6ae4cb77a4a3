"""Auxiliary bigram prediction from track features, fed to the decoder as one token."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from ...registry import MODELS
from ...utils.number_ranges import COUNT, require_numbers
from ..trajectory.trajectory_tokens import TrajectoryTokens
from .masked_pooling import masked_mean

PRIOR_LOGIT = -4.0  # of a bigram before training: a caption has few of them
CAPTION_BIGRAMS = 20  # of a caption; scales the token to numbers about 1
HASH_STEP = 1009  # a prime, so that few pairs of token ids have one hash


@MODELS.register_module()
class BigramHead(nn.Module):
    """Multi-label bigram prediction for a trajectory, as one more token of it (ours).

    A language model learns late to read a hat's colour from tokens that hold the shirt's
    as well. So a linear layer first predicts the bigrams of the caption's tokens (*red
    hat*) from the mean over the boxes; and their probabilities, embedded, become one more
    token of the trajectory.

    Args:
        channels: d.
        tokens: K, tokens of a box. TrajectorySemantics fills it in.
        num_bigrams: P, size of the table that bigrams are hashed to.

    Raises:
        ValueError: ``tokens`` or ``num_bigrams`` below 1.
    """

    def __init__(
        self,
        *,
        channels: int = 256,
        tokens: int = 4,
        num_bigrams: int = 2048,
    ) -> None:
        super().__init__()
        require_numbers('BigramHead', COUNT, tokens=tokens, num_bigrams=num_bigrams)
        self.classifier = nn.Linear(tokens * channels, num_bigrams)
        nn.init.constant_(self.classifier.bias, PRIOR_LOGIT)
        self.embedding = nn.Linear(num_bigrams, channels, bias=False)
        nn.init.normal_(self.embedding.weight, std=CAPTION_BIGRAMS**-0.5)

    def forward(self, tracks: TrajectoryTokens) -> torch.Tensor:
        """Logits (M, P) of the bigrams, from tokens (M, N, K, d)."""
        return self.classifier(masked_mean(tracks.tokens, tracks.mask).flatten(1))

    def prepend(
        self, logits: torch.Tensor, fused: torch.Tensor, mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Tokens (M, L, d) and mask with the token of bigram logits (M, P) in front."""
        token = self.embedding(logits.sigmoid())[:, None]
        token_mask = mask.new_ones(len(mask), 1)
        return torch.cat([token, fused], dim=1), torch.cat([token_mask, mask], dim=1)

    def loss(
        self, logits: torch.Tensor, ids: torch.Tensor, pad_id: int
    ) -> tuple[torch.Tensor, int]:
        """Sum of the binary cross entropy over all bigrams, and how many captions have.

        Args:
            logits: (n, P).
            ids: (n, T) int64 tokens of the GT captions.
            pad_id: The padding token.
        """
        previous_ids, next_ids = ids[:, :-1], ids[:, 1:]
        is_bigram = next_ids != pad_id
        bigrams = (previous_ids * HASH_STEP + next_ids) % logits.shape[1]
        logits = logits.float()
        target = torch.zeros_like(logits)
        target = target.scatter_reduce(1, bigrams, is_bigram.to(logits.dtype), 'amax')
        total = F.binary_cross_entropy_with_logits(logits, target, reduction='sum')
        return total, int(is_bigram.sum())
