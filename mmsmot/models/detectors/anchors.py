"""Anchors (default boxes, priors) of a detector's export."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...registry import TASK_UTILS
from ...utils.fingerprint import text_fingerprint
from ...utils.number_ranges import COUNT, POSITIVE, require_numbers
from ...utils.stored_arrays import DAMAGED, read_stored_array

# Anchors may reach beyond the image, SSDLite-MobileNetV2's from -0.44 to 1.44; in pixels
# they would reach hundreds.
MAX_FRACTION = 4.0


class Anchors(ABC):
    """The boxes that a detector's predictions start from, one for each prediction."""

    @abstractmethod
    def __call__(self, input_size: tuple[int, int]) -> np.ndarray:
        """Anchors for a network input.

        Args:
            input_size: Height and width of the network input.

        Returns:
            (A, 4) float64 x1, y1, x2, y2 in fractions of the network input, in the order
            of the outputs' rows.
        """

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """A stable text; equal for equal anchors."""


@TASK_UTILS.register_module()
class AnchorFile(Anchors):
    """Anchors that come with an export.

    Args:
        path: A file that ``np.save`` wrote: (A, 4) y1, x1, y2, x2 in fractions of the
            network input, as TensorFlow's object detectors have them.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It holds something else.
    """

    def __init__(self, *, path: str | None) -> None:
        if path is None:
            raise FileNotFoundError(
                'AnchorFile has no file: name the .npy file of anchors with path in the '
                'config, or --cfg-options model.detector.decoder.anchors.path=FILE (in an '
                'estimator model.estimator...)'
            )
        self._anchors = _read_anchors(path)

    def __call__(self, input_size: tuple[int, int]) -> np.ndarray:
        return self._anchors

    @property
    def fingerprint(self) -> str:
        return f'AnchorFile({text_fingerprint(repr(self._anchors.tolist()))})'


@TASK_UTILS.register_module()
class GridAnchors(Anchors):
    """Anchors centred in the cells of a grid at each level (SSD, section 2.2).

    Cells go row by row, level by level; the anchors of a cell follow each other. The last
    cells of a level may reach beyond the network input.

    Args:
        strides: Pixels of a cell at each level.
        sizes: For each level the anchors of a cell: sides of squares in pixels, or
            (width, height).
        clip: Centres lie within the network input, and no side is longer than its own.

    >>> anchors = GridAnchors(strides=[32], sizes=[[(16, 64)]])
    >>> anchors((32, 64))
    array([[0.125, 0.   , 0.375, 1.   ],
           [0.625, 0.   , 0.875, 1.   ]])
    """

    def __init__(
        self,
        *,
        strides: Sequence[int],
        sizes: Sequence[Sequence[float | Sequence[float]]],
        clip: bool = True,
    ) -> None:
        if len(strides) != len(sizes) or not strides:
            raise ValueError(
                f'GridAnchors: a level has a stride and its sizes, got {len(strides)} '
                f'strides and {len(sizes)} lists of sizes'
            )
        for stride in strides:
            require_numbers('GridAnchors', COUNT, strides=stride)
        self.strides = tuple(strides)
        self.sizes = [_width_height(level_sizes) for level_sizes in sizes]
        self.clip = clip

    def __call__(self, input_size: tuple[int, int]) -> np.ndarray:
        height, width = input_size
        image_size = np.array([width, height])
        levels = []
        for stride, sizes in zip(self.strides, self.sizes, strict=True):
            rows, columns = np.mgrid[: -(-height // stride), : -(-width // stride)]
            cells = np.stack([columns.ravel(), rows.ravel()], axis=1)
            centres = np.repeat((cells + 0.5) * stride / image_size, len(sizes), axis=0)
            sides = np.tile(sizes / image_size, (len(cells), 1))
            if self.clip:
                centres, sides = centres.clip(0, 1), sides.clip(0, 1)
            levels.append(np.concatenate([centres - sides / 2, centres + sides / 2], 1))
        return np.concatenate(levels)

    @property
    def fingerprint(self) -> str:
        sizes = [level_sizes.tolist() for level_sizes in self.sizes]
        return f'GridAnchors({self.strides}, {sizes}, {self.clip})'


def _width_height(sizes: Sequence[float | Sequence[float]]) -> np.ndarray:
    """(K, 2) width and height of the anchors of a cell."""
    pairs = [size if isinstance(size, list | tuple) else (size, size) for size in sizes]
    for pair in pairs:
        if len(pair) != 2:
            raise ValueError(
                f'GridAnchors: a size is a number or (width, height), got {pair}'
            )
        for side in pair:
            require_numbers('GridAnchors', POSITIVE, sizes=side)
    return np.array(pairs, np.float64).reshape(-1, 2)


def _read_anchors(path: str) -> np.ndarray:
    """(A, 4) float64 x1, y1, x2, y2 from a file of y1, x1, y2, x2."""
    file = Path(path).expanduser()
    if not file.is_file():
        raise FileNotFoundError(
            f'AnchorFile: there is no file of anchors at {file.absolute()}'
        )
    try:
        array = read_stored_array(file)
    except DAMAGED as error:
        raise ValueError(
            f'{path} is not a .npy file of numbers, or is damaged: {error}'
        ) from error
    expected = 'anchors (A, 4) as y1, x1, y2, x2 in fractions of the network input'
    if array.dtype.kind != 'f' or array.ndim != 2 or array.shape[1:] != (4,):
        raise ValueError(
            f'{path}: expected {expected}, got an array {array.shape} of {array.dtype}'
        )
    anchors = array[:, [1, 0, 3, 2]].astype(np.float64)
    is_box = (anchors[:, :2] < anchors[:, 2:]).all(axis=1)
    is_box &= (np.abs(anchors) <= MAX_FRACTION).all(axis=1)
    if not is_box.all():
        row = int(is_box.argmin())
        raise ValueError(f'{path}: expected {expected}, but row {row} is {array[row]}')
    return anchors
