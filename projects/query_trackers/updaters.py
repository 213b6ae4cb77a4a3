"""Track queries of the next frame from the outputs of this one."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

from mmsmot.registry import MODELS
from mmsmot.utils.number_ranges import FRACTION, require_numbers

from .queries import FALSE_POSITIVE, GatherIndex, Outputs, Queries, batched_iou


class QueryUpdater(nn.Module):
    """Chooses the queries that go on as tracks, and makes them the next frame's.

    A query whose output is no number (an overflow of half precision) stays as it was:
    attention among queries would hand it to all others.
    """

    def forward(
        self,
        queries: Queries,
        outputs: Outputs,
        generator: np.random.Generator | None = None,
    ) -> Queries:
        """The track queries of the next frame.

        Args:
            queries: Of this frame; ``ids`` are those after assignment, in training of
                ground truth objects.
            outputs: What the decoder made of them.
            generator: Draws what training drops and adds; ``None`` at test.
        """
        raise NotImplementedError


@MODELS.register_module()
class NoUpdater(QueryUpdater):
    """No track queries: every frame is looked at for itself."""

    def forward(self, queries, outputs, generator=None) -> Queries:
        return queries.first(0)


@MODELS.register_module()
class PreviousOutput(QueryUpdater):
    """All queries go on, with their outputs as content and their boxes as references.

    TransTrack's: they have a decoder of their own, and no position embedding. Those of the
    track decoder itself do not go on.
    """

    def forward(self, queries, outputs, generator=None) -> Queries:
        # One without a number is no detection, so no track loses its query with it.
        index = GatherIndex.where(~queries.is_track & ~queries.pad & outputs.is_finite)
        tracks = queries.gather(index)
        # Padding is not attended to, but its weight of 0 times no number is no number.
        is_padding = index.pad[..., None]
        refs = index.of(outputs.boxes[-1]).detach().masked_fill(is_padding, 0.5)
        content = index.of(outputs.hs[-1]).masked_fill(is_padding, 0)
        return tracks.as_tracks(content, refs, None)


@MODELS.register_module()
class CopyUpdater(QueryUpdater):
    """The output is the content; the centre of the box is the reference (TrackFormer).

    In training a random number of tracks of each batch goes on, and some queries that
    found nothing go on as false ones, drawn by their overlap with a track.

    Args:
        false_positive_ratio: Of false tracks, at most, to tracks.
        drop_tracks: Whether training drops a random number of tracks.
    """

    def __init__(
        self, *, false_positive_ratio: float = 0.1, drop_tracks: bool = True
    ) -> None:
        super().__init__()
        require_numbers(
            'CopyUpdater', FRACTION, false_positive_ratio=false_positive_ratio
        )
        self.false_positive_ratio = false_positive_ratio
        self.drop_tracks = drop_tracks

    def forward(self, queries, outputs, generator=None) -> Queries:
        draw = None if generator is None else self._draw(queries, outputs, generator)
        index, tracks = active_tracks(queries, draw, FALSE_POSITIVE)
        content = index.of(outputs.hs[-1])
        refs = index.of(outputs.boxes[-1]).detach()[..., : queries.refs.shape[-1]]
        pos = None if queries.pos is None else torch.zeros_like(content)
        next_tracks = tracks.as_tracks(content, refs, pos)
        return next_tracks.where(index.of(outputs.is_finite), tracks)

    def _draw(
        self, queries: Queries, outputs: Outputs, generator: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        """Which rows go on as tracks, and which as false ones, (B, Q) bool each.

        One number for the whole batch, at most that of the frame with the fewest tracks.
        """
        is_active = queries.ids >= 0
        count = int(is_active.sum(1).min())
        if self.drop_tracks:
            count = int(generator.integers(count + 1))
            is_active = random_rows(is_active, count, generator)
        max_false = math.ceil(self.false_positive_ratio * count)
        selected = random_rows(
            is_active, int(generator.integers(max_false + 1)), generator
        )
        overlaps = batched_iou(outputs.boxes[-1], outputs.boxes[-1]).detach()
        # The greatest of (log weight + Gumbel noise) is a draw by weight.
        noise = torch.from_numpy(generator.gumbel(size=overlaps.shape)).to(overlaps)
        preference = overlaps.clamp(min=1e-9).log() + noise
        return is_active, best_inactive(preference, queries, selected)


def active_tracks(
    queries: Queries, draw: tuple[Tensor, Tensor] | None, false_id: int
) -> tuple[GatherIndex, Queries]:
    """Which rows go on as tracks, and their queries.

    Args:
        queries: Q a frame, with the ids after assignment.
        draw: In training the rows that go on, and the false ones, (B, Q) bool each;
            ``None``: all that have an id.
        false_id: Id of the false ones.
    """
    if draw is None:
        index = GatherIndex.where(queries.ids >= 0)
        return index, queries.gather(index)
    is_active, is_false = draw
    index = GatherIndex.where(is_active | is_false)
    ids = queries.ids.masked_fill(is_false, false_id)
    return index, queries.with_ids(ids).gather(index)


def best_inactive(preference: Tensor, queries: Queries, selected: Tensor) -> Tensor:
    """(B, Q) bool: for each selected track the preferred query without an object.

    Args:
        preference: (B, Q, Q), of a row for a track's column.
        queries: Q a frame.
        selected: (B, Q) bool, tracks that get one.
    """
    is_inactive = (queries.ids < 0) & ~queries.pad
    preference = preference.masked_fill(~is_inactive[..., None], -torch.inf)
    if not preference.shape[1]:
        return is_inactive
    best = preference.argmax(1)  # (B, Q)
    hits = torch.zeros_like(best).scatter_add_(1, best, selected.long())
    return (hits > 0) & is_inactive


def random_rows(mask: Tensor, count: int, generator: np.random.Generator) -> Tensor:
    """(B, Q) bool: ``count`` of the rows of each frame that a mask has, or all."""
    order = torch.from_numpy(generator.random(mask.shape)).to(mask.device)
    ranks = order.masked_fill(~mask, 2.0).argsort(1).argsort(1)
    return mask & (ranks < count)


def bernoulli(mask: Tensor, share: float, generator: np.random.Generator) -> Tensor:
    """Bools of the shape of a mask, of which this share is set on average."""
    draws = generator.random(mask.shape) < share
    return torch.from_numpy(draws).to(mask.device)
