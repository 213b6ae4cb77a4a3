"""Meta-learning of the interaction head: episodes, inner adaptation, outer loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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


@TASK_UTILS.register_module()
@dataclass(kw_only=True)
class MetaLearning:
    """MAML (Finn et al., ICML 2017) with an episode a target.

    The support frames are the first of a clip and the query frames come after them, so
    that the adapted head is tested on what it has not seen. Only the head is adapted
    (:class:`TemporalHead`); the frame encoder learns from the outer loss alone. All
    episodes of a batch adapt side by side (``torch.func.vmap``).

    Attributes:
        inner_steps: Steps of the inner adaptation.
        inner_lr: Their step size.
        second_order: Whether the outer gradient goes through the inner steps; ``False``
            takes the inner gradients as constants (first-order MAML).
        support_ratio: Share of a clip's frames, from its start, that are the support.
        plain_weight: Weight of the loss without adaptation on all frames, added to the
            loss of the adapted head on the query frames. 0 is MAML as published. At
            inference nothing is labelled, so that the head is used without adaptation:
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

    def loss(self, head: TemporalHead, episodes: Episodes) -> torch.Tensor:
        """The outer loss of a batch of episodes."""
        support = self.support_mask(episodes.mask)
        query = episodes.mask & ~support
        weights = dict(head.named_parameters())

        def query_loss(frames, verbs, partners, support, query):  # one episode
            target = frames[None], verbs[None], partners[None]
            adapted = self.adapted(head, weights, target, support[None])
            return episode_loss(head, adapted, target, query[None])

        columns = episodes.frames, episodes.verbs, episodes.partners
        counts = query.any(dim=1)
        losses = vmap(query_loss)(*columns, support, query) * counts
        total = losses.sum() / counts.sum().clamp(min=1)
        if self.plain_weight:
            plain = episode_loss(head, weights, columns, episodes.mask)
            total = total + self.plain_weight * plain
        return total

    def adapted(
        self,
        head: TemporalHead,
        weights: Weights,
        target: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
        support: torch.Tensor,
    ) -> Weights:
        """The head's weights after the inner steps on the support frames of N targets.

        Args:
            head: The module.
            weights: Its weights before.
            target: Frames (N, T, d), verbs and partners (N, T, 2).
            support: (N, T) bool.
        """
        for _ in range(self.inner_steps):
            gradients = grad(lambda w: episode_loss(head, w, target, support))(weights)
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


def episode_loss(
    head: nn.Module,
    weights: Weights,
    target: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    mask: torch.Tensor,
) -> torch.Tensor:
    """The interaction loss of targets with a head of these weights."""
    frames, verbs, partners = target
    logits, _ = functional_call(head, dict(weights), (frames,))
    return interaction_loss(logits, verbs, partners, mask, head.num_verbs)
