"""M fused tracks, and what the interaction head says of their pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch

from ..fusion import InteractionTokens
from ..fusion.trajectory_fusion import masked_mean
from .track_summaries import TrackSummary


@dataclass(frozen=True, eq=False)
class FusedTracks:
    """M > 0 fused trajectories, and what the ones do to the others.

    Attributes:
        fused: (M, L, d), T~, behind what the phrases tell, where they do.
        mask: (M, L) bool.
        pairs: (P, 2) rows of those that are there at a time, subject and object.
        logits: (P, verbs); ``None`` without an interaction head.
        bigram_logits: (M, phrases); ``None`` where none are told.
    """

    fused: torch.Tensor
    mask: torch.Tensor
    pairs: torch.Tensor
    logits: torch.Tensor | None
    bigram_logits: torch.Tensor | None = None

    def caption_prefix(
        self, rows: Sequence[int], interaction_tokens: InteractionTokens | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """What the captions of n trajectories are spoken from.

        Args:
            rows: Which.
            interaction_tokens: Tells of their partners; ``None``: they are not told.

        Returns:
            (n, L', d) and (n, L') bool; those that there are stand first in their row.
        """
        rows = list(rows)
        fused, mask = self.fused[rows], self.mask[rows]
        if interaction_tokens is None:
            return fused, mask
        partners, there = interaction_tokens.partners(*self._related)
        fused = torch.cat([fused, partners[rows]], dim=1)
        mask = torch.cat([mask, there[rows]], dim=1)
        order = (~mask).int().argsort(dim=1, stable=True)
        return fused.take_along_dim(order[..., None], dim=1), mask.gather(1, order)

    def summaries(
        self, rows: Sequence[int], interaction_tokens: InteractionTokens | None
    ) -> list[TrackSummary]:
        """One summary of each of n trajectories, for the video caption."""
        rows = list(rows)
        means = masked_mean(self.fused[rows], self.mask[rows])
        if interaction_tokens is None:
            return [TrackSummary(mean) for mean in means]
        tokens, strength = self.people(interaction_tokens)
        return [
            TrackSummary(mean, tokens[row], float(strength[row]))
            for mean, row in zip(means, rows, strict=True)
        ]

    def people(
        self, interaction_tokens: InteractionTokens
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Tokens (M, K, d) of all trajectories for video captions, and (M,) how strongly
        each acts or is acted upon."""
        return interaction_tokens.people(*self._related)

    @cached_property
    def _related(self) -> tuple[torch.Tensor, ...]:
        # Detached: no caption teaches who interacts with whom.
        return self.fused, self.mask, self.pairs, self.logits.detach().sigmoid()


@dataclass(frozen=True, eq=False)
class VideoContext:
    """What the caption of a video is told of the trajectories in it.

    Attributes:
        fused: (M, L, d) of the trajectories; ``None`` where nobody is in the video.
        mask: (M, L) bool.
        people: (P, d) tokens of the most active ones; ``None`` where it is told of none.
    """

    fused: torch.Tensor | None = None
    mask: torch.Tensor | None = None
    people: torch.Tensor | None = None

    @classmethod
    def of(
        cls,
        fused_tracks: FusedTracks | None,
        rows: Sequence[int],
        interaction_tokens: InteractionTokens | None,
        past: Sequence[TrackSummary] = (),
    ) -> VideoContext:
        """The context of one video.

        Args:
            fused_tracks: Fused trajectories, maybe of several videos; ``None`` for none.
            rows: Those of this video.
            interaction_tokens: Shows people to the caption; ``None``: it is told of none.
            past: Summaries of trajectories that were forgotten; each is one token.
        """
        rows = list(rows)
        fused, mask, tokens, strength = [], [], [], []
        if fused_tracks is not None and rows:
            fused.append(fused_tracks.fused[rows])
            mask.append(fused_tracks.mask[rows])
            if interaction_tokens is not None:
                all_tokens, all_strength = fused_tracks.people(interaction_tokens)
                tokens.append(all_tokens[rows])
                strength.append(all_strength[rows])
        if past:
            means = torch.stack([summary.mean for summary in past])[:, None]
            fused.append(means)
            mask.append(means.new_ones(means.shape[:2], dtype=torch.bool))
            if interaction_tokens is not None:
                tokens.append(torch.stack([summary.tokens for summary in past]))
                strength.append(means.new_tensor([s.strength for s in past]))
        if not fused:
            return cls()
        people = None
        if interaction_tokens is not None:
            people = interaction_tokens.most_active(
                torch.cat(tokens), torch.cat(strength)
            )
        return cls(_padded(fused), _padded(mask), people)


def _padded(tables: list[torch.Tensor]) -> torch.Tensor:
    """(M, L, ...): the rows of all, as long as the longest, with zeros behind."""
    if len(tables) == 1:
        return tables[0]
    longest = max(table.shape[1] for table in tables)
    padded = [
        torch.cat([t, t.new_zeros(len(t), longest - t.shape[1], *t.shape[2:])], dim=1)
        for t in tables
    ]
    return torch.cat(padded)
