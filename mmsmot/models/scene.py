"""Who is in a video, and who does what to whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch

from .fusion import RelationTokens
from .fusion.trajectory_fusion import masked_mean
from .track_summaries import TrackSummary


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

    def summaries(
        self, rows: Sequence[int], relations: RelationTokens | None
    ) -> list[TrackSummary]:
        """One summary of each of n trajectories, for the video caption."""
        rows = list(rows)
        means = masked_mean(self.fused[rows], self.mask[rows])
        if relations is None:
            return [TrackSummary(mean) for mean in means]
        tokens, strength = self.people(relations)
        return [
            TrackSummary(mean, tokens[row], float(strength[row]))
            for mean, row in zip(means, rows, strict=True)
        ]

    def people(self, relations: RelationTokens) -> tuple[torch.Tensor, torch.Tensor]:
        """Tokens (M, K, d) of all trajectories for video captions, and (M,) how strongly
        each acts or is acted upon."""
        return relations.people(*self._related)

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
        scene: Scene | None,
        rows: Sequence[int],
        relations: RelationTokens | None,
        past: Sequence[TrackSummary] = (),
    ) -> VideoContext:
        """The context of one video.

        Args:
            scene: Fused trajectories, maybe of several videos; ``None`` for none.
            rows: Those of this video.
            relations: Shows people to the caption; ``None``: it is told of none.
            past: Summaries of trajectories that were forgotten; each is one token.
        """
        rows = list(rows)
        fused, mask, tokens, strength = [], [], [], []
        if scene is not None and rows:
            fused.append(scene.fused[rows])
            mask.append(scene.mask[rows])
            if relations is not None:
                all_tokens, all_strength = scene.people(relations)
                tokens.append(all_tokens[rows])
                strength.append(all_strength[rows])
        if past:
            means = torch.stack([summary.mean for summary in past])[:, None]
            fused.append(means)
            mask.append(means.new_ones(means.shape[:2], dtype=torch.bool))
            if relations is not None:
                tokens.append(torch.stack([summary.tokens for summary in past]))
                strength.append(means.new_tensor([s.strength for s in past]))
        if not fused:
            return cls()
        people = None
        if relations is not None:
            people = relations.most_active(torch.cat(tokens), torch.cat(strength))
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
