"""Tokens of interaction partners and of the most active tracks for caption prefixes."""

from __future__ import annotations

import torch
from torch import nn

from ...registry import MODELS
from ...utils.number_ranges import COUNT, require_numbers
from .masked_pooling import masked_mean


@MODELS.register_module()
class InteractionTokens(nn.Module):
    """A trajectory's appearance and interaction scores as tokens of a prefix (ours).

    In the paper an instance caption is generated from the trajectory's own feature alone
    (eq. 4), and the video caption from frames into which all trajectories were mixed (eq.
    3): which colour is whose is lost in the mixture. The interaction head (eq. 5) scores
    the pairs. So a trajectory's first tokens (of the bigram head, and the ``summary`` of
    the trajectory fusion, where there are such) go into the prefix; added to each are the
    mean of the whole trajectory, and its interaction scores as subject and as object. The
    scores are detached: captions do not train the interaction head.

    Args:
        num_verbs: Verbs of the interaction head. TrajectorySemantics fills it in.
        channels: d.
        tokens: K, first tokens of a trajectory that are taken: its bigrams and its
            summary. TrajectorySemantics fills it in.
        max_partners: Partners in the prefix of an instance caption, at most.
        max_tracks: Tracks in the prefix of the video caption, at most.
    """

    def __init__(
        self,
        *,
        num_verbs: int,
        channels: int = 256,
        tokens: int = 4,
        max_partners: int = 1,
        max_tracks: int = 8,
    ) -> None:
        super().__init__()
        counts = dict(max_partners=max_partners, max_tracks=max_tracks)
        require_numbers('InteractionTokens', COUNT, tokens=tokens, **counts)
        self.tokens = tokens
        self.max_partners = max_partners
        self.max_tracks = max_tracks
        self.project_mean = nn.Linear(channels, channels)
        self.as_subject = nn.Linear(num_verbs, channels, bias=False)
        self.as_object = nn.Linear(num_verbs, channels, bias=False)

    def partner_tokens(
        self,
        fused: torch.Tensor,
        mask: torch.Tensor,
        pairs: torch.Tensor,
        scores: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """For each trajectory its partners by interaction score, the strongest first.

        Args:
            fused: (M, L, d).
            mask: (M, L) bool.
            pairs: (P, 2) int64 rows of ``fused``, subject and object, sorted; with (j, k)
                also (k, j).
            scores: (P, verbs) in [0, 1].

        Returns:
            (M, max_partners * K, d) and (M, max_partners * K) bool.
        """
        tokens, tokens_mask = self._first_tokens(fused, mask)
        reverse = scores[_reversed(pairs, len(fused))]
        strength = torch.maximum(scores, reverse).amax(1)
        rank = strength.argsort(descending=True, stable=True)
        rank = rank[pairs[rank, 0].argsort(stable=True)]
        row, partner = pairs[rank].T
        count = row.bincount(minlength=len(fused))
        place = torch.arange(len(row), device=row.device)
        place = place - (count.cumsum(0) - count)[row]
        is_top = place < self.max_partners
        rank, row, partner = rank[is_top], row[is_top], partner[is_top]
        index = (row, place[is_top])
        marks = self.as_subject(reverse[rank]) + self.as_object(scores[rank])
        size = (len(fused), self.max_partners)
        partners = tokens.new_zeros(*size, *tokens.shape[1:])
        partners = partners.index_put(index, tokens[partner] + marks[:, None])
        partner_mask = tokens_mask.new_zeros(*size, tokens_mask.shape[1])
        partner_mask = partner_mask.index_put(index, tokens_mask[partner])
        return partners.flatten(1, 2), partner_mask.flatten(1)

    def track_tokens(
        self,
        fused: torch.Tensor,
        mask: torch.Tensor,
        pairs: torch.Tensor,
        scores: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Tokens of each trajectory with its highest scores over all pairs.

        Args:
            fused: (M, L, d), M > 0.
            mask: (M, L) bool.
            pairs: (P, 2), see :meth:`partner_tokens`.
            scores: (P, verbs) in [0, 1].

        Returns:
            (M, K, d), and (M,) the highest of its scores.
        """
        tokens, _ = self._first_tokens(fused, mask)
        zeros = scores.new_zeros(len(fused), scores.shape[1])
        as_subject, as_object = (
            zeros.scatter_reduce(0, side[:, None].expand_as(scores), scores, 'amax')
            for side in pairs.T
        )
        marks = self.as_subject(as_subject) + self.as_object(as_object)
        return tokens + marks[:, None], torch.maximum(as_subject, as_object).amax(1)

    def top_tracks(self, tokens: torch.Tensor, strength: torch.Tensor) -> torch.Tensor:
        """Tokens (P, d) of the most active of n tracks of a video.

        Args:
            tokens: (n, K, d) of :meth:`track_tokens`.
            strength: (n,) likewise.
        """
        rank = strength.argsort(descending=True, stable=True)[: self.max_tracks]
        return tokens[rank.sort().values].flatten(0, 1)

    def _first_tokens(
        self, fused: torch.Tensor, mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """(M, K, d) first tokens plus the projected mean of all, and their mask."""
        mean = self.project_mean(masked_mean(fused, mask))
        return fused[:, : self.tokens] + mean[:, None], mask[:, : self.tokens]


def _reversed(pairs: torch.Tensor, count: int) -> torch.Tensor:
    """(P,) index of (k, j) for each (j, k) of sorted pairs among ``count`` rows."""
    place = pairs[:, 0] * count + pairs[:, 1]
    return torch.searchsorted(place, pairs[:, 1] * count + pairs[:, 0])
