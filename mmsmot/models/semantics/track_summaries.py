"""What is left of tracks that were described and forgotten."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .uniform_reservoir import UniformReservoir

# Forgotten tracks that a video caption is told of; it names eight people at most, and a
# caption of a long video is about what went on, not about each passer-by.
SIZE = 32


@dataclass(frozen=True, eq=False)
class TrackSummary:
    """A fused trajectory in a few tokens.

    Attributes:
        mean: (d,) mean of its tokens.
        tokens: (K, d), what the video caption is told of a person; ``None`` where it is
            told of none.
        strength: Highest score of an interaction that it takes part in.
    """

    mean: torch.Tensor
    tokens: torch.Tensor | None = None
    strength: float = 0.0


class TrackSummaries:
    """A bounded, evenly spaced part of all tracks that ended, and their number.

    Attributes:
        count: How many were offered.
    """

    def __init__(self, size: int = SIZE) -> None:
        self.count = 0
        self._reservoir: UniformReservoir[tuple[int, TrackSummary]] = UniformReservoir(
            size
        )

    def offer(self, track_id: int, summary: TrackSummary) -> None:
        """Book one more ended track; keeps it where its turn comes."""
        self.count += 1
        if self._reservoir.wants():
            self._reservoir.add((track_id, summary))

    def forgotten(self, live_ids: list[int]) -> list[TrackSummary]:
        """Those whose tracks are not in the buffer any more.

        Args:
            live_ids: Ids of the tracks in the buffer.
        """
        live = {*live_ids}
        return [s for track_id, s in self._reservoir.chosen() if track_id not in live]
