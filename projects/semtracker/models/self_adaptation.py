"""Adaptation of the interaction head to a target's own first frames, without labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.func import functional_call

from mmsmot.registry import TASK_UTILS
from mmsmot.utils.number_ranges import COUNT, FRACTION, POSITIVE, require_numbers
from projects.semtracker.models.interaction_branch import InteractionBranch
from projects.semtracker.models.meta_learning import Episodes, MetaLearning, Weights

if TYPE_CHECKING:
    from projects.semtracker.models.target_semantics import TargetBuffer


@TASK_UTILS.register_module()
@dataclass(kw_only=True)
class SelfAdaptation:
    """Inner steps on what the head itself says of the first frames, where it is sure.

    The model is not changed: the adapted weights belong to the target and are forgotten
    with it. The adapted head does not start without its past, nor with one that the old
    weights made: the first frames are read once more with the adapted weights, and what
    these remember of them is the past of the next frame. What was said of the first
    frames stays as it was.

    Attributes:
        num_frames: The first frames that are adapted to.
        inner_steps: Steps, as of :class:`MetaLearning`.
        inner_lr: Their size.
        confidence: Least probability of a class that is taken for true.
    """

    num_frames: int = 8
    inner_steps: int = 2
    inner_lr: float = 0.1
    confidence: float = 0.7

    def __post_init__(self) -> None:
        owner = 'SelfAdaptation'
        require_numbers(
            owner, COUNT, num_frames=self.num_frames, inner_steps=self.inner_steps
        )
        require_numbers(owner, POSITIVE, inner_lr=self.inner_lr)
        require_numbers(owner, FRACTION, confidence=self.confidence)

    def parts(
        self, target: TargetBuffer, vectors: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        """Frames (T, d) up to the one after which the head adapts, and those after it.

        So the adapted head never judges what it adapted to, however frames are batched.
        """
        missing = self.num_frames - sum(map(len, target.first_frames))
        if target.head_weights is not None or len(vectors) <= missing:
            return (vectors,)
        return vectors[:missing], vectors[missing:]

    def update(
        self, branch: InteractionBranch, target: TargetBuffer, vectors: torch.Tensor
    ) -> None:
        """Take in more frames (T, d) that were judged; adapt when there are enough.

        The past is made anew with the adapted weights; see the class.
        """
        if target.head_weights is not None:
            return
        target.first_frames.append(vectors)
        if sum(map(len, target.first_frames)) < self.num_frames:
            return
        frames = torch.cat(target.first_frames)[None]
        target.first_frames = []
        target.head_weights = dict(self.adapted(branch, frames))
        _, target.past = functional_call(
            branch.head, target.head_weights, (frames, None)
        )

    def adapted(self, branch: InteractionBranch, frames: torch.Tensor) -> Weights:
        """The head's weights after the steps on N targets' first frames (N, T, d)."""
        head = branch.head
        weights: Weights = {n: w.detach() for n, w in head.named_parameters()}
        split = branch.split(head(frames)[0].detach())
        labels = []
        for logits in (split.verbs, split.partners):
            probability, label = logits.softmax(-1).max(-1)
            labels.append(label.masked_fill(probability < self.confidence, -1))
        verbs, partners = labels
        partners = partners.masked_fill(verbs <= 0, -1)
        mask = frames.new_ones(frames.shape[:2]).bool()

        steps = MetaLearning(
            inner_steps=self.inner_steps, inner_lr=self.inner_lr, second_order=False
        )
        return steps.adapted(head, weights, Episodes(frames, verbs, partners, mask))
