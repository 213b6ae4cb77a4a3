"""Interaction head: ordered pairs of fused trajectories to verbs."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ...datasets.vocabulary import InteractionVocabulary
from ...registry import MODELS
from ...structures import Interactions
from ...utils.number_ranges import (
    COUNT,
    FRACTION,
    NON_NEGATIVE,
    NON_NEGATIVE_INT,
    NumberRange,
    require_choice,
    require_numbers,
)
from ..fusion.attention import CrossAttention, SelfAttention
from ..fusion.masked_pooling import masked_adaptive_pool
from .base import BaseInteractionHead


@MODELS.register_module()
class InteractionHead(BaseInteractionHead):
    """R_Int^{j,k} = MLP(CA(T~_j, T~_k)), subject j, object k (SMOTer paper, eq. 5).

    Each side goes through a self-attention of its own first, once for each trajectory
    (ours; in the paper and the released code the one of eq. 2 is all); then all pairs
    are one batch, cut into chunks. Multi-label: a sigmoid for each
    verb, focal binary cross entropy. Its verbs are part of the state dict, so that a
    checkpoint is never read with others.

    Args:
        channels: d.
        vocabulary: The verbs: a mode or list of
            :class:`~mmsmot.datasets.vocabulary.InteractionVocabulary`.
        pooled_tokens: The tokens of CA are averaged to so many before the MLP.
        hidden: Widths of the MLP's hidden layers.
        num_heads: Heads.
        ffn_channels: Width of the feed-forward parts.
        dropout: Dropout.
        threshold: Least score of a predicted interaction.
        gamma: Of the focal loss.
        normalizer: The loss is the sum over pairs and verbs, divided by ``'all'`` their
            number (as released) or by the ``'positives'``, which keeps a rare verb among
            hundreds from vanishing.
        prior: Score of every verb before training; the long tail of verbs that never
            occur starts where it will stay.
        chunk_size: Pairs at once when predicting.
        self_attention: Whether each side has a self-attention of its own first; ``False``
            is the paper and the released code.
        unused_logits: So many outputs of the classifier in front of the verbs' stand for
            none and are left out; 1 in the released code, whose verbs count from 1.
    """

    def __init__(
        self,
        *,
        channels: int = 256,
        vocabulary: str | Sequence[str] = 'clean335',
        pooled_tokens: int = 128,
        hidden: Sequence[int] = (2048, 2048),
        num_heads: int = 8,
        ffn_channels: int = 1024,
        dropout: float = 0.1,
        threshold: float = 0.4,
        gamma: float = 2.0,
        normalizer: str = 'all',
        prior: float = 0.01,
        chunk_size: int = 256,
        self_attention: bool = True,
        unused_logits: int = 0,
    ) -> None:
        super().__init__()
        owner = 'InteractionHead'
        require_numbers(
            owner, COUNT, pooled_tokens=pooled_tokens, chunk_size=chunk_size
        )
        require_numbers(owner, FRACTION, threshold=threshold)
        require_numbers(owner, NON_NEGATIVE, gamma=gamma)
        require_numbers(owner, NON_NEGATIVE_INT, unused_logits=unused_logits)
        require_numbers(owner, NumberRange(1e-9, 1 - 1e-9), prior=prior)
        require_choice(owner, ('all', 'positives'), normalizer=normalizer)
        self.vocabulary = InteractionVocabulary(vocabulary)
        self.pooled_tokens = pooled_tokens
        self.threshold = threshold
        self.gamma = gamma
        self.normalizer = normalizer
        self.chunk_size = chunk_size
        self.unused_logits = unused_logits
        layer = (channels, num_heads, ffn_channels, dropout)
        self.subject_attention = SelfAttention(*layer) if self_attention else None
        self.object_attention = SelfAttention(*layer) if self_attention else None
        self.attention = CrossAttention(*layer)
        widths = [pooled_tokens * channels, *hidden]
        layers = [
            part
            for low, high in zip(widths[:-1], widths[1:], strict=True)
            for part in (nn.Linear(low, high), nn.ReLU(), nn.Dropout(dropout))
        ]
        classifier = nn.Linear(widths[-1], unused_logits + len(self.vocabulary))
        nn.init.constant_(classifier.bias, float(np.log(prior / (1 - prior))))
        self.mlp = nn.Sequential(*layers, classifier)

    def get_extra_state(self) -> torch.Tensor:
        """The verbs' JSON as bytes, (n,) uint8."""
        text = json.dumps(list(self.vocabulary.verbs)).encode()
        return torch.frombuffer(bytearray(text), dtype=torch.uint8)

    def set_extra_state(self, state: torch.Tensor) -> None:
        """Compare a checkpoint's verbs with the config's.

        Raises:
            ValueError: They are others, or in another order.
        """
        try:
            checkpoint_verbs = [
                str(verb) for verb in json.loads(bytes(state.cpu().numpy()))
            ]
        except (ValueError, TypeError) as error:
            raise ValueError(
                'InteractionHead: the checkpoint holds no verbs where they should be'
            ) from error
        verbs = list(self.vocabulary.verbs)
        if checkpoint_verbs != verbs:
            raise ValueError(
                f'InteractionHead: the checkpoint has {_named(checkpoint_verbs, verbs)}, '
                f'the config {_named(verbs, checkpoint_verbs)}. Set the vocabulary of '
                'the interaction head (and of the datasets) to that of the checkpoint, or '
                'train again.'
            )

    def forward(
        self, fused: torch.Tensor, mask: torch.Tensor, pairs: torch.Tensor
    ) -> torch.Tensor:
        """Logits.

        Args:
            fused: (M, L, d).
            mask: (M, L) bool.
            pairs: (P, 2) int64 rows of ``fused``: subject and object.

        Returns:
            (P, verbs).
        """
        if not len(pairs):
            return fused.new_zeros(0, len(self.vocabulary))
        subject = objects = fused
        if self.subject_attention is not None and self.object_attention is not None:
            subject = self.subject_attention(fused, mask)
            objects = self.object_attention(fused, mask)
        queries = self.attention.queries(subject)
        keys, values = self.attention.keys_values(objects)
        chunk = len(pairs) if self.training else self.chunk_size
        logits = []
        for part in pairs.split(chunk):
            j, k = part.unbind(1)
            joined = self.attention(
                subject[j], (keys[k], values[k]), mask[k], queries[j]
            )
            pooled = masked_adaptive_pool(joined, mask[j], self.pooled_tokens)
            logits.append(self.mlp(pooled.flatten(1))[:, self.unused_logits :])
        return torch.cat(logits)

    def loss(
        self, logits: torch.Tensor, target: torch.Tensor
    ) -> tuple[torch.Tensor, int]:
        """Sum of the focal loss and what to divide it by.

        Args:
            logits: (P, verbs).
            target: (P, verbs) of 0 and 1.
        """
        logits, target = logits.float(), target.float()  # 16 bits cannot count
        bce = F.binary_cross_entropy_with_logits(logits, target, reduction='none')
        probability = (-bce).exp()  # p_t, of the target
        total = ((1 - probability) ** self.gamma * bce).sum()
        count = target.sum() if self.normalizer == 'positives' else logits.numel()
        return total, int(count)

    def targets(
        self, pairs: torch.Tensor, ids: Sequence[int], gt: Interactions
    ) -> torch.Tensor:
        """(P, verbs) of 0 and 1.

        Args:
            pairs: (P, 2) as in :meth:`forward`.
            ids: (M,) the GT id of each row.
            gt: The video's interactions.

        Raises:
            KeyError: A verb is not in the vocabulary.
        """
        verbs = gt.as_pairs()
        target = torch.zeros(len(pairs), len(self.vocabulary))
        for row, (j, k) in enumerate(pairs.tolist()):
            for verb in verbs.get((ids[j], ids[k]), ()):
                target[row, self.vocabulary.index(verb)] = 1
        return target.to(pairs.device)

    @torch.no_grad()
    def predict(
        self, logits: torch.Tensor, pairs: torch.Tensor, ids: Sequence[int]
    ) -> Interactions:
        """All interactions of at least ``threshold``.

        Args:
            logits: (P, verbs) of :meth:`forward`.
            pairs: (P, 2) as in :meth:`forward`.
            ids: (M,) ids of the trajectories.
        """
        scores = logits.sigmoid().cpu().double().numpy()
        rows, verbs = np.nonzero(scores >= self.threshold)
        ends = np.asarray(ids, np.int64)[pairs.cpu().numpy().reshape(-1, 2)[rows]]
        if not len(rows):
            return Interactions.empty()
        return Interactions(
            subject_ids=ends[:, 0],
            object_ids=ends[:, 1],
            verbs=np.array(self.vocabulary.verbs)[verbs],
            scores=scores[rows, verbs],
        )


def _named(verbs: Sequence[str], other_verbs: Sequence[str]) -> str:
    other_set = {*other_verbs}
    extra = [verb for verb in verbs if verb not in other_set]
    if extra:
        text = f'only there: {", ".join(extra[:3])}'
    elif {*verbs} == other_set:
        text = 'in another order'
    else:
        text = 'none that the other lacks'
    return f'{len(verbs)} verbs ({text})'
