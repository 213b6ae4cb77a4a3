"""Who is in a video, and who does what to whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch

from .fusion import RelationTokens


@dataclass(frozen=True, eq=False)
class Scene:
    """M > 0 fused trajectories, and what the ones do to the others.

    Attributes:
        fused: (M, L, d), T~, behind what the phrases tell, where they do.
        mask: (M, L) bool.
        pairs: (P, 2) rows of those that are there at a time, subject and object.
        logits: (P, verbs); ``None`` without an interaction head.
        phrase_logits: (M, phrases); ``None`` where none are told.
    """

    fused: torch.Tensor
    mask: torch.Tensor
    pairs: torch.Tensor
    logits: torch.Tensor | None
    phrase_logits: torch.Tensor | None = None

    def about(
        self, rows: Sequence[int], relations: RelationTokens | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """What the captions of n trajectories are spoken from.

        Args:
            rows: Which.
            relations: Tells of their partners; ``None``: they are not told.

        Returns:
            (n, L', d) and (n, L') bool; those that there are stand first in their row.
        """
        rows = list(rows)
        fused, mask = self.fused[rows], self.mask[rows]
        if relations is None:
            return fused, mask
        partners, there = relations.partners(*self._related)
        fused = torch.cat([fused, partners[rows]], dim=1)
        mask = torch.cat([mask, there[rows]], dim=1)
        order = (~mask).int().argsort(dim=1, stable=True)
        return fused.take_along_dim(order[..., None], dim=1), mask.gather(1, order)

    def people(
        self, rows: Sequence[Sequence[int]], relations: RelationTokens | None
    ) -> list[torch.Tensor | None]:
        """What the captions of B videos are told of the people in them, (P, d) each.

        Args:
            rows: The trajectories of each.
            relations: Shows them; ``None``: they are not told.
        """
        if relations is None:
            return [None] * len(rows)
        shown, strength = relations.people(*self._related)
        return [
            relations.most_active(shown[own], strength[own]) for own in map(list, rows)
        ]

    @cached_property
    def _related(self) -> tuple[torch.Tensor, ...]:
        # Detached: no caption teaches who interacts with whom.
        return self.fused, self.mask, self.pairs, self.logits.detach().sigmoid()
