"""The tracks of a video so far, as rows that take little room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np

from ..structures import CoordinateSpace, Frame, Tracks, Trajectories

# Frames whose tracks become rows of a table at once: with few tracks in a frame most of
# the room is taken by the object of each frame, not by its boxes.
CHUNK = 256
COLUMNS = [part.name for part in fields(Trajectories) if part.name != 'space']
WIDE_TYPES = {'i': np.int64, 'f': np.float64}
NARROW_TYPES = {'i': (np.int8, np.int16, np.int32), 'f': (np.float32,)}


class TrackRows:
    """Rows of a table of trajectories, made chunk by chunk, every number exact.

    A row of :class:`Trajectories` has 80 bytes; here it has about half, most of them its box
    (``tools/benchmarks/long_video.py``).

    Args:
        space: The image the boxes are measured in.
    """

    def __init__(self, space: CoordinateSpace) -> None:
        self.space = space
        self._frame_ids: list[int] = []
        self._tracks: list[Tracks] = []
        self._chunks: list[dict[str, np.ndarray]] = []

    def add(self, frames: Sequence[Frame], tracks: Sequence[Tracks]) -> None:
        """Take in B frames."""
        self._frame_ids += [frame.frame_id for frame in frames]
        # A table has no features, and they are many times as large as the rest.
        self._tracks += [replace(t, features=None) for t in tracks]
        if len(self._tracks) >= CHUNK:
            self._flush()

    def table(self) -> Trajectories:
        """All rows so far."""
        self._flush()
        if not self._chunks:
            return Trajectories.empty(self.space)
        columns = {
            name: np.concatenate(
                [chunk[name] for chunk in self._chunks],
                dtype=WIDE_TYPES[self._chunks[0][name].dtype.kind],
            )
            for name in COLUMNS
        }
        return Trajectories(**columns, space=self.space)

    def _flush(self) -> None:
        rows = Trajectories.from_tracks(self._frame_ids, self._tracks, self.space)
        self._frame_ids, self._tracks = [], []
        if len(rows):
            self._chunks.append({n: _narrowed(getattr(rows, n)) for n in COLUMNS})


def _narrowed(column: np.ndarray) -> np.ndarray:
    """The same numbers in the smallest type that holds them; all equal ones are stored once."""
    if (column == column[0]).all():
        return np.broadcast_to(column[:1].copy(), column.shape)
    for dtype in NARROW_TYPES[column.dtype.kind]:
        narrow = column.astype(dtype)
        if (narrow == column).all():
            return narrow
    return column
