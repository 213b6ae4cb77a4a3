"""Fused trajectories T~, and interaction logits of their pairs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch

from ..fusion import InteractionTokens
from ..fusion.masked_pooling import masked_mean
from .description import Pair
from .track_summaries import TrackSummary


@dataclass(frozen=True, eq=False)
class FusedTracks:
    """M > 0 fused trajectories T~, and logits of their ordered pairs.

    Attributes:
        fused: (M, L, d), T~; with a bigram head its token comes first.
        mask: (M, L) bool.
        pairs: (P, 2) rows of the scored pairs, subject and object.
        logits: (P, verbs); ``None`` without an interaction head.
        bigram_logits: (M, bigrams); ``None`` without a bigram head.
        interaction_tokens: Makes tokens of scored pairs; ``None``: there are none.
    """

    fused: torch.Tensor
    mask: torch.Tensor
    pairs: torch.Tensor
    logits: torch.Tensor | None
    bigram_logits: torch.Tensor | None = None
    interaction_tokens: InteractionTokens | None = None

    def caption_prefix(self, rows: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """The prefix of the caption decoder for n trajectories, before projection.

        Args:
            rows: Which.

        Returns:
            Tokens (n, L', d) and their mask (n, L') bool; padding stands behind.
        """
        rows = list(rows)
        fused, mask = self.fused[rows], self.mask[rows]
        if self.interaction_tokens is None:
            return fused, mask
        partners, partner_mask = self.interaction_tokens.partner_tokens(
            *self._scored_pairs
        )
        fused = torch.cat([fused, partners[rows]], dim=1)
        mask = torch.cat([mask, partner_mask[rows]], dim=1)
        order = (~mask).int().argsort(dim=1, stable=True)
        return fused.take_along_dim(order[..., None], dim=1), mask.gather(1, order)

    def summaries(self, rows: Sequence[int]) -> list[TrackSummary]:
        """One summary of each of n trajectories, for the video caption."""
        rows = list(rows)
        means = masked_mean(self.fused[rows], self.mask[rows])
        if self.track_tokens is None:
            return [TrackSummary(mean) for mean in means]
        tokens, strength = self.track_tokens
        return [
            TrackSummary(mean, tokens[row], float(strength[row]))
            for mean, row in zip(means, rows, strict=True)
        ]

    @cached_property
    def track_tokens(self) -> tuple[torch.Tensor, torch.Tensor] | None:
        """Tokens (M, K, d) of all trajectories for video captions, and (M,) the highest
        interaction score of each; ``None`` without ``interaction_tokens``."""
        if self.interaction_tokens is None:
            return None
        return self.interaction_tokens.track_tokens(*self._scored_pairs)

    @cached_property
    def _scored_pairs(self) -> tuple[torch.Tensor, ...]:
        if self.logits is None:
            raise ValueError('FusedTracks: interaction tokens need interaction logits')
        # Detached: caption losses do not train the interaction head.
        return self.fused, self.mask, self.pairs, self.logits.detach().sigmoid()


@dataclass(frozen=True, eq=False)
class FusedVideoContext:
    """The trajectories of a video as input of its caption head.

    Attributes:
        fused: (M, L, d), T~; ``None`` where the video has no trajectories.
        mask: (M, L) bool.
        top_tracks: (P, d) tokens of the most active ones; ``None`` without interaction
            tokens.
    """

    fused: torch.Tensor | None = None
    mask: torch.Tensor | None = None
    top_tracks: torch.Tensor | None = None

    @classmethod
    def of(
        cls,
        fused_tracks: FusedTracks | None,
        rows: Sequence[int],
        interaction_tokens: InteractionTokens | None,
        past: Sequence[TrackSummary] = (),
    ) -> FusedVideoContext:
        """The context of one video.

        Args:
            fused_tracks: Fused trajectories, maybe of several videos; ``None`` for none.
            rows: Those of this video.
            interaction_tokens: Makes tokens of the most active tracks; ``None``: none.
            past: Summaries of ended trajectories; each is one token.
        """
        rows = list(rows)
        fused, mask, tokens, strength = [], [], [], []
        if fused_tracks is not None and rows:
            fused.append(fused_tracks.fused[rows])
            mask.append(fused_tracks.mask[rows])
            if fused_tracks.track_tokens is not None:
                all_tokens, all_strength = fused_tracks.track_tokens
                tokens.append(all_tokens[rows])
                strength.append(all_strength[rows])
        if past:
            means = torch.stack([summary.mean for summary in past])[:, None]
            fused.append(means)
            mask.append(means.new_ones(means.shape[:2], dtype=torch.bool))
            if interaction_tokens is not None:
                tokens.append(
                    torch.stack([s.tokens for s in past if s.tokens is not None])
                )
                strength.append(means.new_tensor([s.strength for s in past]))
        if not fused:
            return cls()
        top_tracks = None
        if interaction_tokens is not None:
            top_tracks = interaction_tokens.top_tracks(
                torch.cat(tokens), torch.cat(strength)
            )
        return cls(_padded(fused), _padded(mask), top_tracks)


def fused_pair_mask(
    ids: Sequence[int], pairs: Iterable[Pair], rows: Sequence[int]
) -> torch.Tensor:
    """(M, M) bool, symmetric, of M tracks: some pairs, and all pairs of some tracks.

    Args:
        ids: Of the tracks.
        pairs: Pairs of ids; those with another id are left out.
        rows: The tracks whose pairs are all in the mask.
    """
    row_of = {track_id: row for row, track_id in enumerate(ids)}
    mask = torch.zeros(len(ids), len(ids), dtype=torch.bool)
    for i, j in pairs:
        if i in row_of and j in row_of:
            mask[row_of[i], row_of[j]] = True
    mask[list(rows)] = True
    return mask | mask.T


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
