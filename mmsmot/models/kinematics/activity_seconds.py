"""How long the people of a video did what."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from .crowd_caption import CrowdSummary
from .grammar import MIN_PRESENCE
from .motion import Motion

WAYS = ('left', 'right', 'nearer', 'away', 'still')


@dataclass
class ActivitySeconds:
    """Sums over all people of a video.

    Attributes:
        seconds: By ``'moving'`` and ``'still'``; of those that move also by the way
            (``'left'``, ``'right'``, else ``'nearer'``, ``'away'``) and by the gait.
    """

    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def add(self, motion: Motion) -> None:
        """Add what one person does, as far as it is sure."""
        for segment in motion.segments:
            # Of a short track that stays nobody knows whether it creeps.
            is_long = segment.moves or segment.duration >= MIN_PRESENCE
            if not segment.is_sure or not is_long:
                continue
            names = ['moving' if segment.moves else 'still']
            names += [segment.lateral or segment.depth, segment.gait]
            for name in filter(None, names):
                self.seconds[name] += segment.duration

    def summary(self, count: int) -> CrowdSummary:
        """What a caption tells of so many people at the same time."""
        seconds = {'moving': 0.0, 'walk': 0.0} | dict.fromkeys(WAYS, 0.0) | self.seconds
        total = seconds['still'] + seconds['moving'] or 1.0
        return CrowdSummary(
            count,
            {name: seconds[name] / total for name in WAYS},
            seconds['walk'] >= 0.5 * max(seconds['moving'], 1e-6),
        )
