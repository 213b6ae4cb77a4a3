"""Boxes: the checks and conversions that every structure shares.

A box is ``x1, y1, x2, y2`` in pixels, float64, with ``x2 > x1`` and ``y2 > y1`` by at
least 1e-9 and at most 1e9; it may reach beyond the image.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .runs import positions_in_runs

# Sides beyond these are no pixels: areas, aspect ratios and their squares would leave
# the range of numbers in filters and assignments.
MIN_SIDE, MAX_SIDE = 1e-9, 1e9
PAIRS = 1 << 20  # candidates of an overlap in one batch
# A table of so many pairs (50 boxes, 5,000 anchors) takes a third of a sweep's time.
TABLE_SIZE = 1 << 18


def as_boxes(boxes: np.ndarray, owner: str) -> np.ndarray:
    """Boxes as a (N, 4) float64 array, or a ``ValueError`` that names the bad row."""
    try:
        boxes = np.asarray(boxes, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(
            f'{owner}: boxes must be (N, 4) x1, y1, x2, y2: {error}'
        ) from error
    if boxes.size == 0:
        return boxes.reshape(0, 4)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(
            f'{owner}: boxes must be (N, 4) x1, y1, x2, y2, got {boxes.shape}'
        )
    return boxes


def valid_boxes(boxes: np.ndarray) -> np.ndarray:
    """(N,) mask of the boxes that are finite, with sides between 1e-9 and 1e9 pixels."""
    # A NaN or inf coordinate makes a comparison false or a difference not finite.
    sizes = boxes[:, 2:] - boxes[:, :2]
    return ((sizes >= MIN_SIDE) & (sizes <= MAX_SIDE)).all(axis=1)


def require_valid_boxes(boxes: np.ndarray, owner: str) -> None:
    """Raise ``ValueError`` naming the first box that is not a box."""
    valid = valid_boxes(boxes)
    if valid.all():
        return
    row = int(np.flatnonzero(~valid)[0])
    if not np.isfinite(boxes[row]).all():
        defect = 'not finite'
    elif (boxes[row, 2:] - boxes[row, :2] < MIN_SIDE).any():
        defect = 'empty or inverted'
    else:
        defect = 'larger than any image'
    raise ValueError(
        f'{owner}: box {row} is {defect}: {boxes[row].tolist()} '
        f'(x1, y1, x2, y2; {int((~valid).sum())} such boxes of {len(boxes)}). '
        'Drop such rows first (Detections.cleaned does, and counts them).'
    )


def boxes_in_image(boxes: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """(N,) mask of the boxes (N, 4) of which a part lies in their image.

    Args:
        boxes: (N, 4) x1, y1, x2, y2.
        sizes: (N, 2) widths and heights of their images, or (2,) of one.

    >>> boxes = np.array([[-4.0, 0, 0, 9], [-4, 0, 1, 9], [8, 0, 9, 9]])
    >>> boxes_in_image(boxes, np.array([8, 9])).tolist()
    [False, True, False]
    """
    # From the image's near edges to the box's far ones, and the other way round.
    reach = np.minimum(boxes[:, 2:], sizes - boxes[:, :2])
    return (reach > 0).all(axis=1)


def xyxy_to_xywh(boxes: np.ndarray) -> np.ndarray:
    """(N, 4) corners to left, top, width, height."""
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)


def xywh_to_xyxy(boxes: np.ndarray) -> np.ndarray:
    """(N, 4) left, top, width, height to corners."""
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)


def pairwise_iou(
    boxes: np.ndarray, other_boxes: np.ndarray, pixel_offset: float = 0.0
) -> np.ndarray:
    """Intersection over union of every pair.

    Args:
        boxes: (N, 4) x1, y1, x2, y2.
        other_boxes: (M, 4).
        pixel_offset: 1 to count pixels (w = x2 - x1 + 1) as cython_bbox does, which
            ByteTrack's numbers rest on; 0 for continuous boxes.

    Returns:
        (N, M) float64; 0 where boxes do not overlap.
    """
    # Coordinates as contiguous rows: strided columns would double the time of each op.
    ax1, ay1, ax2, ay2 = np.ascontiguousarray(boxes.T)[:, :, None]
    bx1, by1, bx2, by2 = np.ascontiguousarray(other_boxes.T)
    if pixel_offset:
        ax2, ay2 = ax2 + pixel_offset, ay2 + pixel_offset
        bx2, by2 = bx2 + pixel_offset, by2 + pixel_offset
    width = np.minimum(ax2, bx2)
    width -= np.maximum(ax1, bx1)
    height = np.minimum(ay2, by2)
    height -= np.maximum(ay1, by1)
    np.maximum(width, 0, out=width)
    np.maximum(height, 0, out=height)
    intersection = np.multiply(width, height, out=width)
    union = np.subtract(
        (ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1), intersection, out=height
    )
    return np.divide(intersection, union, out=union)


def paired_iou(
    boxes: np.ndarray, other_boxes: np.ndarray, pixel_offset: float = 0.0
) -> np.ndarray:
    """(N,) intersection over union of the boxes (N, 4) of the same row.

    Args:
        boxes: (N, 4) x1, y1, x2, y2.
        other_boxes: (N, 4).
        pixel_offset: 1 to count pixels, see :func:`pairwise_iou`.
    """
    low = np.maximum(boxes[:, :2], other_boxes[:, :2])
    size = np.minimum(boxes[:, 2:], other_boxes[:, 2:]) - low + pixel_offset
    width, height = np.maximum(size, 0).T
    intersection = width * height
    box_sizes = boxes[:, 2:] - boxes[:, :2] + pixel_offset
    other_sizes = other_boxes[:, 2:] - other_boxes[:, :2] + pixel_offset
    areas = box_sizes[:, 0] * box_sizes[:, 1] + other_sizes[:, 0] * other_sizes[:, 1]
    return intersection / (areas - intersection)


def overlapping_box_pairs(
    boxes: np.ndarray, other_boxes: np.ndarray, pixel_offset: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The pairs that overlap, of many boxes without a table of all pairs.

    A sweep along x or y, whichever tells more boxes apart: of the others, sorted by where
    they begin, only those can overlap a box that begin before its end, and behind its
    begin less their greatest length. Small and large ones are swept by themselves, so
    that a single large one does not make all of them candidates.

    Args:
        boxes: (N, 4).
        other_boxes: (M, 4).
        pixel_offset: See :func:`pairwise_iou`.

    Returns:
        (K,) rows of ``boxes``, (K,) rows of ``other_boxes``, sorted, and (K,) their IoU
        above 0, to the last digit as :func:`pairwise_iou` says it.
    """
    if len(boxes) * len(other_boxes) <= TABLE_SIZE:
        table = pairwise_iou(boxes, other_boxes, pixel_offset)
        i, j = np.nonzero(table > 0)
        return i, j, table[i, j]
    reach = np.array([0, 0, pixel_offset, pixel_offset])
    boxes, other_boxes = boxes + reach, other_boxes + reach
    longest = np.maximum(
        (other_boxes[:, 2:] - other_boxes[:, :2]).max(axis=1, initial=0), 1e-12
    )
    octave = np.floor(np.log2(longest))
    parts = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))]
    for size in np.unique(octave):
        part = np.flatnonzero(octave == size)
        for i, j in _swept(boxes, other_boxes[part]):
            iou = paired_iou(boxes[i], other_boxes[part[j]])
            overlap = iou > 0
            parts.append((i[overlap], part[j[overlap]], iou[overlap]))
    i, j, iou = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((j, i))
    return i[order], j[order], iou[order]


def _swept(
    boxes: np.ndarray, other_boxes: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs that may overlap along the better axis, in pieces of bounded size."""
    sweeps = []
    for axis in (0, 1):
        order = np.argsort(other_boxes[:, axis], kind='stable')
        begins = other_boxes[order, axis]
        longest = (other_boxes[:, axis + 2] - other_boxes[:, axis]).max()
        low = np.searchsorted(begins, boxes[:, axis] - longest, 'left')
        high = np.searchsorted(begins, boxes[:, axis + 2], 'right')
        sweeps.append((np.maximum(high - low, 0), low, order))
    counts, low, order = min(sweeps, key=lambda sweep: sweep[0].sum())
    piece = np.cumsum(counts) // PAIRS
    for rows in np.split(np.arange(len(boxes)), np.flatnonzero(np.diff(piece)) + 1):
        i = np.repeat(rows, counts[rows])
        yield i, order[low[i] + positions_in_runs(counts[rows])]


def warp_boxes(boxes: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """Boxes in an image that the camera's motion has moved.

    Centres are carried along and sizes grow with the scale, so that a box stays upright
    under a roll.

    Args:
        boxes: (..., 4) x1, y1, x2, y2.
        affine: (2, 3) from the last image to this one.
    """
    centre = (boxes[..., :2] + boxes[..., 2:]) / 2 @ affine[:, :2].T + affine[:, 2]
    scale = np.sqrt(abs(np.linalg.det(affine[:, :2])))
    half_size = (boxes[..., 2:] - boxes[..., :2]) * scale / 2
    return np.concatenate([centre - half_size, centre + half_size], axis=-1)
