"""Tokens that tell a caption who else matters."""

from __future__ import annotations

import torch
from torch import nn

from ...registry import MODELS
from .trajectory_fusion import masked_mean


@MODELS.register_module()
class InteractionTokens(nn.Module):
    """People as a caption needs them: what they look like, do, and do to whom (ours).

    The paper speaks of a trajectory from its own feature alone (eq. 4), and of the video
    from frames into which all trajectories were mixed (eq. 3). Both then have to guess
    what the other one wears: whose colour is whose is lost in the mixture. The interaction
    head knows who belongs to whom (eq. 5). So a person's first tokens (likely phrases, and
    the ``summary`` of the trajectory fusion, where they are made) go to the language
    model, and onto each of them is written what the whole trajectory shows and with what
    scores this person acts on others and others on it. The scores are taken as they are:
    no caption teaches the interaction head.

    Args:
        num_verbs: Verbs of the interaction head. TrajectorySemantics fills it in.
        channels: d.
        tokens: K, first tokens of a trajectory that show somebody: its phrases and its
            summary. TrajectorySemantics fills it in.
        partners: Most others that an instance caption is told of.
        people: Most people that the video caption is told of.
    """

    def __init__(
        self,
        *,
        num_verbs: int,
        channels: int = 256,
        tokens: int = 4,
        partners: int = 1,
        people: int = 8,
    ) -> None:
        super().__init__()
        if min(tokens, partners, people) < 1:
            raise ValueError(
                'InteractionTokens: tokens, partners and people must be 1 or more, got '
                f'{tokens}, {partners} and {people}'
            )
        self.tokens = tokens
        self.max_partners = partners
        self.max_people = people
        self.whole = nn.Linear(channels, channels)
        self.acts = nn.Linear(num_verbs, channels, bias=False)
        self.suffers = nn.Linear(num_verbs, channels, bias=False)

    def partners(
        self,
        fused: torch.Tensor,
        mask: torch.Tensor,
        pairs: torch.Tensor,
        scores: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """For each trajectory those who interact most with it, the strongest first.

        Args:
            fused: (M, L, d).
            mask: (M, L) bool.
            pairs: (P, 2) int64 rows of ``fused``, subject and object, sorted; with (j, k)
                also (k, j).
            scores: (P, verbs) in [0, 1].

        Returns:
            (M, partners * K, d) and (M, partners * K) bool.
        """
        shown, known = self._shown(fused, mask)
        turned = scores[_reversed(pairs, len(fused))]
        rank = (
            torch.maximum(scores, turned).amax(1).argsort(descending=True, stable=True)
        )
        rank = rank[pairs[rank, 0].argsort(stable=True)]
        own, other = pairs[rank].T
        count = own.bincount(minlength=len(fused))
        place = torch.arange(len(own), device=own.device)
        place = place - (count.cumsum(0) - count)[own]
        near = place < self.max_partners
        rank, own, other, place = rank[near], own[near], other[near], place[near]
        marks = self.acts(turned[rank]) + self.suffers(scores[rank])
        size = (len(fused), self.max_partners)
        tokens = shown.new_zeros(*size, *shown.shape[1:])
        tokens = tokens.index_put((own, place), shown[other] + marks[:, None])
        there = known.new_zeros(*size, known.shape[1])
        there = there.index_put((own, place), known[other])
        return tokens.flatten(1, 2), there.flatten(1)

    def people(
        self,
        fused: torch.Tensor,
        mask: torch.Tensor,
        pairs: torch.Tensor,
        scores: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Each trajectory with the highest scores that it has with anybody.

        Args:
            fused: (M, L, d), M > 0.
            mask: (M, L) bool.
            pairs: (P, 2), see :meth:`partners`.
            scores: (P, verbs) in [0, 1].

        Returns:
            (M, K, d), and (M,) how strong the strongest of them is.
        """
        shown, _ = self._shown(fused, mask)
        nothing = scores.new_zeros(len(fused), scores.shape[1])
        does, suffers = (
            nothing.scatter_reduce(0, side[:, None].expand_as(scores), scores, 'amax')
            for side in pairs.T
        )
        marks = self.acts(does) + self.suffers(suffers)
        return shown + marks[:, None], torch.maximum(does, suffers).amax(1)

    def most_active(self, tokens: torch.Tensor, strength: torch.Tensor) -> torch.Tensor:
        """What :meth:`people` gave for one video, (n, K, d), to (P, d): the strongest."""
        rank = strength.argsort(descending=True, stable=True)[: self.max_people]
        return tokens[rank.sort().values].flatten(0, 1)

    def _shown(
        self, fused: torch.Tensor, mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """(M, K, d) first tokens, with the mean of all, and their mask."""
        whole = self.whole(masked_mean(fused, mask))
        return fused[:, : self.tokens] + whole[:, None], mask[:, : self.tokens]


def _reversed(pairs: torch.Tensor, count: int) -> torch.Tensor:
    """(P,) where (k, j) stands for each (j, k) of sorted pairs among ``count`` rows."""
    place = pairs[:, 0] * count + pairs[:, 1]
    return torch.searchsorted(place, pairs[:, 1] * count + pairs[:, 0])
