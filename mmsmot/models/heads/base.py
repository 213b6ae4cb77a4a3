"""What the heads of TrajectorySemantics offer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import nn

from ...structures import Interactions


class BaseInstanceCaptionHead(nn.Module, ABC):
    """Contract of ``instance_caption``.

    Attributes:
        decoder: The text decoder; needed with ``share_decoder`` alone.
    """

    @abstractmethod
    def loss(
        self, fused: torch.Tensor, mask: torch.Tensor, captions: Sequence[str]
    ) -> tuple[torch.Tensor, int]:
        """Sum of the loss over M captions, and what to divide it by.

        Args:
            fused: (M, L, d) of M > 0 trajectories.
            mask: (M, L) bool.
            captions: M true captions.
        """

    @abstractmethod
    def predict(self, fused: torch.Tensor, mask: torch.Tensor) -> list[str]:
        """M captions."""

    @abstractmethod
    def encoded(self, captions: Sequence[str]) -> tuple[torch.Tensor, int]:
        """Ids (M, T) of M captions, and the id that pads them; ``phrases`` learn them."""


class BaseVideoCaptionHead(nn.Module, ABC):
    """Contract of ``video_caption``."""

    @abstractmethod
    def prefix(
        self,
        video: torch.Tensor,
        fused: torch.Tensor | None = None,
        mask: torch.Tensor | None = None,
        people: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """What the caption of one video is generated from, (V, width).

        Args:
            video: (V, d), F~.
            fused: (M, L, d) of its trajectories, M > 0; ``None`` for none.
            mask: (M, L) bool.
            people: (P, d) tokens of its people; ``None`` for none.
        """

    @abstractmethod
    def loss(
        self, prefixes: Sequence[torch.Tensor], captions: Sequence[str]
    ) -> tuple[torch.Tensor, int]:
        """Sum of the loss over B > 0 videos, and what to divide it by."""

    @abstractmethod
    def predict(self, prefix: torch.Tensor) -> str:
        """The caption of one video."""


class BaseInteractionHead(nn.Module, ABC):
    """Contract of ``interaction``.

    Attributes:
        vocabulary: The verbs, an
            :class:`~mmsmot.datasets.vocabulary.InteractionVocabulary`.
    """

    @abstractmethod
    def forward(
        self, fused: torch.Tensor, mask: torch.Tensor, pairs: torch.Tensor
    ) -> torch.Tensor:
        """Scores before the sigmoid, (P, verbs).

        Args:
            fused: (M, L, d).
            mask: (M, L) bool.
            pairs: (P, 2) int64 rows of ``fused``: subject and object.
        """

    @abstractmethod
    def loss(
        self, logits: torch.Tensor, target: torch.Tensor
    ) -> tuple[torch.Tensor, int]:
        """Sum of the loss of (P, verbs), and what to divide it by."""

    @abstractmethod
    def targets(
        self, pairs: torch.Tensor, ids: Sequence[int], truth: Interactions
    ) -> torch.Tensor:
        """(P, verbs) of 0 and 1 for pairs of rows, whose true ids (M,) are given."""

    @abstractmethod
    def predict(
        self, logits: torch.Tensor, pairs: torch.Tensor, ids: Sequence[int]
    ) -> Interactions:
        """The interactions of trajectories with these ids (M,)."""
