"""Interactions of a video as they are described, pair by pair."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from ...structures import Interactions

VerbKey = tuple[int, int, str, str]  # subject, object, verb, partner label


class InteractionRows:
    """The rows of each subject, object and verb; newer ones replace those before."""

    def __init__(self) -> None:
        self._rows: dict[VerbKey, list[tuple]] = {}

    def update(self, interactions: Interactions) -> None:
        """Take in what was described."""
        self._rows |= _by_verb(interactions)

    def updated_table(self, interactions: Interactions) -> Interactions:
        """All rows after an :meth:`update`, which is not done."""
        by_verb = self._rows | _by_verb(interactions)
        rows = [row for group in by_verb.values() for row in group]
        if not rows:
            return Interactions.empty()
        return Interactions(*map(np.array, zip(*rows, strict=True)))


def _by_verb(interactions: Interactions) -> dict[VerbKey, list[tuple]]:
    columns = (
        getattr(interactions, part.name).tolist() for part in fields(interactions)
    )
    rows: dict[VerbKey, list[tuple]] = {}
    for row in zip(*columns, strict=True):
        rows.setdefault((*row[:3], row[-1]), []).append(row)
    return rows
