"""Arrays that are computed once an image, cached on disk."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from ...structures import Frame
from ...utils.atomic import atomic_path

Record = dict[str, np.ndarray]


class FrameCache:
    """A record of arrays for each image, computed when it is first asked for.

    A folder has a file an image, named by a hash: of the image's file where it is one as it
    lies on disk, which is then not decoded; else of the pixels, since a frame that was
    cropped or recoloured is another image. Files are written atomically; one that is cut
    short or lacks an array is made anew. Safe to share between processes.

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
            with atomic_path(paths[row]) as path:
                # A tensor has to lie in memory as it will in the file.
                save_file({n: np.array(a, order='C') for n, a in record.items()}, path)
            computed[row] = record
        return [
            computed[row] if record is None else record
            for row, record in enumerate(cached)
        ]

    def path(self, frame: Frame) -> Path:
        """The file of a frame."""
        identity = getattr(frame.load, 'identity', lambda: None)()
        if identity is None:
            image = np.ascontiguousarray(frame.image)
            digest = hashlib.sha1(repr(image.shape).encode())
            digest.update(image.data)
        else:  # other versions of the decoder may give other pixels
            digest = hashlib.sha1(f'file, OpenCV {cv2.__version__}'.encode())
            digest.update(identity)
        return self.folder / f'{digest.hexdigest()}.safetensors'

    def _read(self, path: Path) -> Record | None:
        try:
            record = load_file(path)
        except (OSError, SafetensorError):
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
