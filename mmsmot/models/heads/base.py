"""Contracts of the heads of TrajectorySemantics.

:data:`~mmsmot.models.semantics.slots.INTERFACES` is derived from what they declare.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import nn

from ...datasets.vocabulary import InteractionVocabulary
from ...structures import Interactions
from ..language.text_decoder import TextDecoder


class BaseInstanceCaptionHead(nn.Module, ABC):
    """Contract of ``instance_caption``.

    Attributes:
        decoder: The text decoder; needed with ``share_decoder`` alone.
    """

    decoder: TextDecoder

    @abstractmethod
    def loss(
        self, fused: torch.Tensor, mask: torch.Tensor, captions: Sequence[str]
    ) -> tuple[torch.Tensor, int]:
        """Sum of the loss over M captions, and what to divide it by.

        Args:
            fused: (M, L, d) of M > 0 trajectories.
            mask: (M, L) bool.
            captions: M GT captions.
        """

    @abstractmethod
    def predict(self, fused: torch.Tensor, mask: torch.Tensor) -> list[str]:
        """M captions."""

    @abstractmethod
    def encoded(self, captions: Sequence[str]) -> tuple[torch.Tensor, int]:
        """Ids (M, T) of M captions, and the padding id; targets of ``bigram_head``."""


class BaseVideoCaptionHead(nn.Module, ABC):
    """Contract of ``video_caption``."""

    @abstractmethod
    def prefix(
        self,
        video: torch.Tensor,
        fused: torch.Tensor | None = None,
        mask: torch.Tensor | None = None,
        top_tracks: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """The prefix of the caption decoder for one video, (V, width).

        Args:
            video: (V, d), F~.
            fused: (M, L, d) of its trajectories, M > 0; ``None`` for none.
            mask: (M, L) bool.
            top_tracks: (P, d) tokens of its most active tracks; ``None`` for none.
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
        vocabulary: The verbs.
    """

    vocabulary: InteractionVocabulary

    @abstractmethod
    def forward(
        self, fused: torch.Tensor, mask: torch.Tensor, pairs: torch.Tensor
    ) -> torch.Tensor:
        """Logits (P, verbs).

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
        self, pairs: torch.Tensor, ids: Sequence[int], gt: Interactions
    ) -> torch.Tensor:
        """(P, verbs) of 0 and 1 for pairs of rows, by the GT ids (M,) of the rows."""

    @abstractmethod
    def predict(
        self, logits: torch.Tensor, pairs: torch.Tensor, ids: Sequence[int]
    ) -> Interactions:
        """Interactions between trajectories with these ids (M,)."""
