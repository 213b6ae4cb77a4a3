"""Arrays with a row for each track."""

from __future__ import annotations

from typing import ClassVar

import numpy as np


class TrackTable:
    """Base of dataclasses whose columns are arrays with a row for each track.

    Attributes:
        COLUMNS: Names of the columns.
    """

    COLUMNS: ClassVar[tuple[str, ...]]

    def keep(self, rows: np.ndarray) -> None:
        """Keep the rows of a mask or an index array."""
        for name in self.COLUMNS:
            setattr(self, name, getattr(self, name)[rows])

    def add_rows(self, **columns: np.ndarray) -> None:
        """Add rows at the end; a value for each of ``COLUMNS``."""
        for name in self.COLUMNS:
            setattr(self, name, np.concatenate([getattr(self, name), columns[name]]))


def require_embedding_length(embeddings: np.ndarray, length: int) -> None:
    """Refuse embeddings (N, D) where those of the video's tracks are of another length.

    Raises:
        ValueError: D is not ``length``.
    """
    if embeddings.shape[1] != length:
        raise ValueError(
            f'embeddings of length {embeddings.shape[1]} after some of length {length}; '
            'one ReID part serves a whole video'
        )
