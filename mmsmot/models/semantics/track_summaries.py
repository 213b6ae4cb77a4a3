"""Summary tokens of ended tracks, for the video caption."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .uniform_reservoir import UniformReservoir

# Summary tokens in the prefix of a video caption; a caption names eight tracks at most,
# and in a long video few of them matter.
SIZE = 32


@dataclass(frozen=True, eq=False)
class TrackSummary:
    """A fused trajectory T~_j pooled to a few tokens.

    Attributes:
        mean: (d,) mean of its tokens.
        tokens: (K, d) track tokens of :class:`~mmsmot.models.fusion.InteractionTokens`;
            ``None`` without them.
        strength: Highest score of an interaction with it as subject or object.
    """

    mean: torch.Tensor
    tokens: torch.Tensor | None = None
    strength: float = 0.0


class TrackSummaries:
    """A bounded, evenly spaced sample of all ended tracks."""

    def __init__(self) -> None:
        self._reservoir: UniformReservoir[tuple[int, TrackSummary]] = UniformReservoir(
            SIZE
        )

    def offer(self, track_id: int, summary: TrackSummary) -> None:
        """Take one more ended track, where the reservoir admits it."""
        if self._reservoir.admits_next():
            self._reservoir.add((track_id, summary))

    def excluding(self, live_ids: list[int]) -> list[TrackSummary]:
        """Summaries of tracks that are not in the buffer any more.

        Args:
            live_ids: Ids of the tracks in the buffer.
        """
        live = {*live_ids}
        return [s for track_id, s in self._reservoir.sample() if track_id not in live]
