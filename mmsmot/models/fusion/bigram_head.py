"""Phrases that a trajectory's looks bring to mind, as a token."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from ...registry import MODELS
from ..trajectory.trajectory_tokens import TrajectoryTokens
from .trajectory_fusion import masked_mean

RARE = -4.0  # log odds of a phrase before training: a caption has few of all there are
LIKELY = 20  # phrases of a caption; the token they make begins with numbers about 1
STEP = 1009  # from one first token to the next, so that few pairs fall together


@MODELS.register_module()
class BigramHead(nn.Module):
    """What is likely to be said of somebody, told to the captions (ours).

    A language model learns late to read a hat's colour from tokens in which the shirt's
    is as well. So a linear layer is asked first which two of the caption's tokens follow
    each other (*red hat*), given the mean over the boxes; and its answer, how likely each
    phrase is, becomes one more token of the trajectory.

    Args:
        channels: d.
        tokens: K, tokens of a box. TrajectorySemantics fills it in.
        num_bigrams: P; pairs of tokens are told apart up to this many.

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
        if min(tokens, num_bigrams) < 1:
            raise ValueError(
                'BigramHead: tokens and num_bigrams must be 1 or more, got '
                f'{tokens} and {num_bigrams}'
            )
        self.ask = nn.Linear(tokens * channels, num_bigrams)
        nn.init.constant_(self.ask.bias, RARE)
        self.tell = nn.Linear(num_bigrams, channels, bias=False)
        nn.init.normal_(self.tell.weight, std=LIKELY**-0.5)

    def forward(self, tracks: TrajectoryTokens) -> torch.Tensor:
        """Log odds (M, P) of the phrases, of tokens (M, N, K, d)."""
        return self.ask(masked_mean(tracks.tokens, tracks.mask).flatten(1))

    def prepend(
        self, logits: torch.Tensor, fused: torch.Tensor, mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Put what the phrases (M, P) tell before (M, L, d) tokens and their mask."""
        told = self.tell(logits.sigmoid())[:, None]
        there = mask.new_ones(len(mask), 1)
        return torch.cat([told, fused], dim=1), torch.cat([there, mask], dim=1)

    def loss(
        self, logits: torch.Tensor, ids: torch.Tensor, pad_id: int
    ) -> tuple[torch.Tensor, int]:
        """Sum of the binary cross entropy over all phrases, and how many were said.

        Args:
            logits: (n, P).
            ids: (n, T) int64 tokens of the true captions.
            pad_id: The token that is none.
        """
        first, second = ids[:, :-1], ids[:, 1:]
        said = second != pad_id
        phrase = (first * STEP + second) % logits.shape[1]
        logits = logits.float()
        there = torch.zeros_like(logits)
        there = there.scatter_reduce(1, phrase, said.to(logits.dtype), 'amax')
        missed = F.binary_cross_entropy_with_logits(logits, there, reduction='sum')
        return missed, int(said.sum())
