"""Arrays that are computed once an image, cached on disk."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...structures import Frame
from ...utils.atomic import atomic_path
from ...utils.stored_arrays import DAMAGED, read_all_stored_arrays

Record = dict[str, np.ndarray]


class FrameCache:
    """A record of arrays for each image, computed when it is first asked for.

    A folder has a file an image, named by the hash of the image: a frame that was cropped
    or recoloured is another image. Files are written atomically; a damaged one is made
    anew. Safe to share between processes.

    Args:
        folder: The folder, of one network and its weights.
        compute: The records of some frames, whose images have one size: a batch is padded
            to its largest image, and the record of an image must not depend on the others
            of its batch.
        is_complete: Whether a record has all; a file of an earlier version may not.
    """

    def __init__(
        self,
        folder: str | os.PathLike,
        compute: Callable[[list[Frame]], list[Record]],
        is_complete: Callable[[Record], bool] = bool,
    ) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._compute = compute
        self._is_complete = is_complete

    def records(self, frames: Sequence[Frame]) -> list[Record]:
        """The records of B frames."""
        paths = [self.path(frame) for frame in frames]
        cached = [self._read(path) for path in paths]
        missing = [row for row, record in enumerate(cached) if record is None]
        computed = {}
        for row, record in self._compute_by_size(frames, missing):
            arrays: dict[str, Any] = record
            with atomic_path(paths[row]) as path, open(path, 'wb') as file:
                np.savez(file, **arrays)
            computed[row] = record
        return [
            computed[row] if record is None else record
            for row, record in enumerate(cached)
        ]

    def path(self, frame: Frame) -> Path:
        """The file of a frame."""
        image = np.ascontiguousarray(frame.image)
        digest = hashlib.sha1(repr(image.shape).encode())
        digest.update(image.data)
        return self.folder / f'{digest.hexdigest()}.npz'

    def _read(self, path: Path) -> Record | None:
        try:
            record = read_all_stored_arrays(path)
        except DAMAGED:
            return None  # not written yet, or cut short by a full disk
        return record if self._is_complete(record) else None

    def _compute_by_size(
        self, frames: Sequence[Frame], rows: list[int]
    ) -> Iterator[tuple[int, Record]]:
        """The records of some frames, in any order."""
        by_size = defaultdict(list)
        for row in rows:
            by_size[frames[row].image.shape].append(row)
        for batch_rows in by_size.values():
            records = self._compute([frames[row] for row in batch_rows])
            yield from zip(batch_rows, records, strict=True)
