"""Queries that look for objects which are not tracked yet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from mmsmot.registry import MODELS
from mmsmot.structures import Detections
from mmsmot.utils.number_ranges import COUNT, NON_NEGATIVE_INT, require_numbers

from .queries import PADDING, Queries, fractions, sine_embedding


class QueryInit(nn.Module):
    """Makes the new queries of B frames.

    Attributes:
        reads_proposals: Whether :meth:`forward` is given detections of the frames.
        initial_iou: Of new queries (:attr:`Queries.iou`).
    """

    reads_proposals = False
    initial_iou = 0.0

    def forward(
        self,
        model: nn.Module,
        num_frames: int,
        proposals: Sequence[Detections] | None = None,
        sizes: Tensor | None = None,
    ) -> Queries:
        """The new queries.

        Args:
            model: mmdet's ``DeformableDETR``.
            num_frames: B.
            proposals: Of each frame, in pixels, where they are read.
            sizes: (B, 2) width and height of the frames, for them.
        """
        raise NotImplementedError


@MODELS.register_module()
class LearnedQueries2D(QueryInit):
    """Learned content, position embedding and point, those of the detector (MOTR).

    It has no weights of its own: they are ``query_embedding`` and ``reference_points_fc``
    of the detector, ``num_queries`` of its config.

    Args:
        with_pos: Whether the decoder gets the position embedding. The released TransTrack
            takes it for the reference points alone.
    """

    def __init__(self, *, with_pos: bool = True) -> None:
        super().__init__()
        self.with_pos = with_pos

    def forward(self, model, num_frames, proposals=None, sizes=None) -> Queries:
        pos, content = model.query_embedding.weight.chunk(2, dim=1)
        refs = model.reference_points_fc(pos).sigmoid()
        pos, content, refs = (
            part[None].expand(num_frames, -1, -1) for part in (pos, content, refs)
        )
        return Queries.new(content, refs, pos if self.with_pos else None)


@MODELS.register_module()
class LearnedQueries4D(QueryInit):
    """Learned content and learned boxes (MOTRv2's anchors).

    Args:
        channels: d.
        num_queries: How many.
    """

    # MOTRv2's start at 1: a query that never had an object has not lost one (IoU of .5 or
    # less), so QIMv2 leaves its id as it is.
    initial_iou = 1.0

    def __init__(self, *, channels: int, num_queries: int = 10) -> None:
        super().__init__()
        require_numbers(
            type(self).__name__, COUNT, channels=channels, num_queries=num_queries
        )
        self.content = nn.Embedding(num_queries, channels)
        self.boxes = nn.Embedding(num_queries, 4)
        nn.init.uniform_(self.boxes.weight)

    def forward(self, model, num_frames, proposals=None, sizes=None) -> Queries:
        content, refs = (
            part.weight[None].expand(num_frames, -1, -1)
            for part in (self.content, self.boxes)
        )
        return Queries.new(content, refs.clamp(0, 1), iou=self.initial_iou)


@MODELS.register_module()
class ProposalQueries(LearnedQueries4D):
    """Those of :class:`LearnedQueries4D`, and one for each detection (MOTRv2).

    The detection's box is the reference; its content is a sine embedding of its score
    plus a learned vector.

    Args:
        channels: d.
        num_queries: Learned ones.
        max_proposals: The best of so many detections; 0 for none.
    """

    reads_proposals = True

    def __init__(
        self, *, channels: int, num_queries: int = 10, max_proposals: int = 100
    ) -> None:
        super().__init__(channels=channels, num_queries=num_queries)
        require_numbers(
            'ProposalQueries', NON_NEGATIVE_INT, max_proposals=max_proposals
        )
        self.max_proposals = max_proposals
        self.proposal = nn.Embedding(1, channels)

    def forward(self, model, num_frames, proposals=None, sizes=None) -> Queries:
        learned_queries = super().forward(model, num_frames)
        best = [
            frame[np.argsort(-frame.scores, kind='stable')[: self.max_proposals]]
            for frame in proposals
        ]
        longest = max(len(frame) for frame in best)
        if not longest:
            return learned_queries
        refs = learned_queries.refs.new_full((num_frames, longest, 4), 0.5)
        scores = refs.new_zeros((num_frames, longest, 1))
        is_padding = torch.ones_like(scores[..., 0], dtype=torch.bool)
        for row, (frame, size) in enumerate(zip(best, sizes.tolist(), strict=True)):
            refs[row, : len(frame)] = refs.new_tensor(fractions(frame.boxes, size))
            scores[row, : len(frame), 0] = refs.new_tensor(frame.scores)
            is_padding[row, : len(frame)] = False
        content = sine_embedding(scores, self.channels)
        content = content + self.proposal.weight
        queries = Queries.new(content, refs, iou=self.initial_iou)
        ids = queries.ids.masked_fill(is_padding, PADDING)
        return learned_queries.joined(queries.with_ids(ids))

    @property
    def channels(self) -> int:
        """d."""
        return self.proposal.embedding_dim
