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
