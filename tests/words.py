"""Words for tests: said of whoever is tracked, without a network."""

from __future__ import annotations

from mmsmot.models.semantics import Description
from mmsmot.structures import Interactions


class Words:
    """Stands for ``semantics``: everybody walks, and 1 follows 2.

    Args:
        score: Of the interaction.
    """

    needs_features = False

    def __init__(self, score: float = 0.9) -> None:
        self.score = score

    def begin(self) -> Words:
        return self

    def see(self, *_: object) -> None:
        pass

    def describe(self, memory: object, ids: list[int]) -> Description:
        one = Interactions([1], [2], ['follow.v.01'], scores=[self.score])
        captions = {i: f'Person {i} walks along the street.' for i in ids}
        return Description(captions, one, 'A street.')
