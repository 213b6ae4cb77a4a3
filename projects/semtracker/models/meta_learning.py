"""Meta-learning of the interaction head: episodes, inner adaptation, outer loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import nn
from torch.func import functional_call, grad, vmap

from mmsmot.registry import TASK_UTILS
from mmsmot.utils.number_ranges import (
    COUNT,
    FRACTION,
    NON_NEGATIVE,
    POSITIVE,
    require_numbers,
)
from projects.semtracker.models.interaction_branch import (
    TemporalHead,
    interaction_loss,
)

Weights = Mapping[str, torch.Tensor]


@dataclass(frozen=True, eq=False)
class Episodes:
    """N targets in T frames each, what they do, and which frames count.

    Where an episode has several targets, the shapes begin with (E, N, T).

    Attributes:
        frames: (N, T, d) of the frame encoder.
        verbs: (N, T, 2) int64, 0 for no interaction.
        partners: (N, T, 2) int64, -1 for none or not known.
        mask: (N, T) bool.
    """

    frames: torch.Tensor
    verbs: torch.Tensor
    partners: torch.Tensor
    mask: torch.Tensor

    @property
    def columns(self) -> tuple[torch.Tensor, ...]:
        """Frames, verbs, partners and mask."""
        return self.frames, self.verbs, self.partners, self.mask

    def with_mask(self, mask: torch.Tensor) -> Episodes:
        """The same with other frames that count."""
        return replace(self, mask=mask)

    def as_single_targets(self) -> Episodes:
        """N targets as N episodes of one target, (N, 1, T)."""
        return Episodes(*(column[:, None] for column in self.columns))


@TASK_UTILS.register_module()
@dataclass(kw_only=True)
class MetaLearning:
    """MAML (Finn et al., ICML 2017) of the interaction head.

    An episode is a support, whose labels the head adapts to, and a query, whose loss the
    adapted head is judged by. :meth:`loss` makes them of clips, :meth:`outer_loss` takes
    any. Only the head is adapted (:class:`TemporalHead`); the frame encoder learns from the
    outer loss alone. All episodes of a batch adapt side by side (``torch.func.vmap``).

    Attributes:
        inner_steps: Steps of the inner adaptation.
        inner_lr: Their step size.
        second_order: Whether the outer gradient goes through the inner steps; ``False``
            takes the inner gradients as constants (first-order MAML).
        support_ratio: Share of a clip's frames, from its start, that are the support.
        plain_weight: w of the loss without adaptation on all frames beside that of the
            adapted head on the query frames: (outer + w * plain) / (1 + w), so that the
            interactions weigh as much as without meta-learning. 0 is MAML as published.
            At inference nothing is labelled, so that the head is used without adaptation:
            what is learnt for that is learnt here.
    """

    inner_steps: int = 2
    inner_lr: float = 0.1
    second_order: bool = True
    support_ratio: float = 0.5
    plain_weight: float = 0.0

    def __post_init__(self) -> None:
        require_numbers('MetaLearning', COUNT, inner_steps=self.inner_steps)
        require_numbers('MetaLearning', POSITIVE, inner_lr=self.inner_lr)
        require_numbers('MetaLearning', FRACTION, support_ratio=self.support_ratio)
        require_numbers('MetaLearning', NON_NEGATIVE, plain_weight=self.plain_weight)

    def loss(
        self,
        head: TemporalHead,
        episodes: Episodes,
        companions: torch.Tensor | None = None,
        frame_ids: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """The outer loss of N clips: each one's last frames are a query.

        Args:
            head: The module.
            episodes: The clips, (N, T, ...).
            companions: (N,) int64, the clip whose frames before the query are the support
                of each: another target of the same video, so that repeating the support
                is no answer. ``None``: its own.
            frame_ids: (N, T) int64, the frames' numbers in their videos; ``None``: all
                clips begin with the same frame.
        """
        support, query = self.support_and_query(episodes, companions, frame_ids)
        loss = self.outer_loss(
            head, support.as_single_targets(), query.as_single_targets()
        )
        if self.plain_weight:
            weights = dict(head.named_parameters())
            plain = episode_loss(head, weights, episodes)
            loss = (loss + self.plain_weight * plain) / (1 + self.plain_weight)
        return loss

    def support_and_query(
        self,
        episodes: Episodes,
        companions: torch.Tensor | None = None,
        frame_ids: torch.Tensor | None = None,
    ) -> tuple[Episodes, Episodes]:
        """Each clip's last frames, and what its companion did before; see :meth:`loss`."""
        mask = episodes.mask
        if frame_ids is None:
            frame_ids = torch.arange(mask.shape[1], device=mask.device).expand_as(mask)
        if companions is None:
            companions = torch.arange(len(mask), device=mask.device)
        query_mask = mask & ~self.support_mask(mask)
        never = torch.iinfo(frame_ids.dtype).max
        first_query = frame_ids.masked_fill(~query_mask, never).amin(1, keepdim=True)
        support = Episodes(*(column[companions] for column in episodes.columns))
        is_earlier = frame_ids[companions] < first_query
        return (
            support.with_mask(support.mask & is_earlier),
            episodes.with_mask(query_mask),
        )

    def outer_loss(
        self, head: TemporalHead, support: Episodes, query: Episodes
    ) -> torch.Tensor:
        """Mean loss of the adapted heads over E episodes.

        Args:
            head: The module.
            support: (E, S, T, ...), the targets that each episode adapts to.
            query: (E, Q, T, ...), those that it is judged on. Episodes without a frame
                that counts have no part in the mean.
        """
        weights = dict(head.named_parameters())

        def query_loss(support_columns, query_columns):  # of one episode
            adapted = self.adapted(head, weights, Episodes(*support_columns))
            return episode_loss(head, adapted, Episodes(*query_columns))

        return mean_over_episodes(
            vmap(query_loss)(support.columns, query.columns), query
        )

    def adapted_logits(
        self, head: TemporalHead, support: Episodes, frames: torch.Tensor
    ) -> torch.Tensor:
        """(E, Q, T, 2, 1 + V + C) of adapted heads, for frames (E, Q, T, d)."""
        weights = {n: w.detach() for n, w in head.named_parameters()}

        def logits(support_columns, query_frames):  # of one episode
            adapted = self.adapted(head, weights, Episodes(*support_columns))
            return functional_call(head, dict(adapted), (query_frames,))[0]

        return vmap(logits)(support.columns, frames)

    def adapted(
        self, head: TemporalHead, weights: Weights, support: Episodes
    ) -> Weights:
        """The head's weights after the inner steps on the support, N targets (N, T, ...)."""
        for _ in range(self.inner_steps):
            gradients = grad(lambda w: episode_loss(head, w, support))(weights)
            weights = {
                name: weight - self.inner_lr * self._inner(gradients[name])
                for name, weight in weights.items()
            }
        return weights

    def support_mask(self, mask: torch.Tensor) -> torch.Tensor:
        """(N, T) bool: the first frames of each target that count."""
        rank = mask.cumsum(dim=1)
        count = (mask.sum(dim=1, keepdim=True) * self.support_ratio).round()
        return mask & (rank <= count)

    def _inner(self, gradient: torch.Tensor) -> torch.Tensor:
        return gradient if self.second_order else gradient.detach()


def episode_loss(head: nn.Module, weights: Weights, episodes: Episodes) -> torch.Tensor:
    """The interaction loss of N targets (N, T, ...) with a head of these weights."""
    logits, _ = functional_call(head, dict(weights), (episodes.frames,))
    columns = episodes.verbs, episodes.partners, episodes.mask
    return interaction_loss(logits, *columns, head.num_verbs)


def mean_episode_loss(
    head: nn.Module, weights: Weights, episodes: Episodes
) -> torch.Tensor:
    """The mean of the losses of E episodes (E, N, T, ...), long and short ones alike."""

    def loss(*columns):  # of one episode
        return episode_loss(head, weights, Episodes(*columns))

    return mean_over_episodes(vmap(loss)(*episodes.columns), episodes)


def mean_over_episodes(losses: torch.Tensor, episodes: Episodes) -> torch.Tensor:
    """The mean of (E,) losses over the episodes that have a frame that counts."""
    counts = episodes.mask.flatten(1).any(dim=1)
    return (losses * counts).sum() / counts.sum().clamp(min=1)
