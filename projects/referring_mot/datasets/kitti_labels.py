"""KITTI's tracking labels, and Refer-KITTI's copy of them, as trajectories."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mmsmot.structures import CoordinateSpace, Trajectories
from mmsmot.structures.boxes import valid_boxes, xywh_to_xyxy
from mmsmot.utils.log_once import log_once
from mmsmot.utils.number_text import parse_number_texts
from mmsmot.utils.text_file import read_text

# Labels count from 1, in this order.
KITTI_CLASSES = (
    'car',
    'van',
    'truck',
    'pedestrian',
    'person_sitting',
    'cyclist',
    'tram',
    'misc',
)
ALIASES = {'person': 'person_sitting'}  # some of KITTI's own files say Person
DONT_CARE = 'dontcare'  # a region in which nothing is annotated, with id -1
FRAME, ID, TYPE, BOX = 0, 1, 2, slice(6, 10)
MIN_COLUMNS = 10  # what follows is the object in three dimensions, and a score


def read_label_02(
    path: str | Path, space: CoordinateSpace, frame_ids: np.ndarray | None = None
) -> Trajectories:
    """Read ``label_02/NNNN.txt`` of KITTI's tracking benchmark.

    A row is ``frame id type truncated occluded alpha left top right bottom ...``, frames
    and ids from 0; ``DontCare`` regions are left out. Frame k is frame k + 1 here.

    Args:
        path: The file.
        space: Of the video's images.
        frame_ids: (T,) frames that the video has; rows of others are left out, logged.

    Returns:
        The boxes, labels of :data:`KITTI_CLASSES` from 1, all to be considered.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: A line is no such row, or an id stands twice in a frame; names file
            and line.
    """
    frames, ids, labels, boxes = [], [], [], []
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        words = line.split()
        if not words:
            continue
        if len(words) < MIN_COLUMNS:
            raise ValueError(
                f'{path}:{number}: expected KITTI\'s columns "frame id type truncated '
                'occluded alpha left top right bottom ...", got '
                f'{len(words)} columns: {line[:80]!r}'
            )
        kind = words[TYPE].lower()
        kind = ALIASES.get(kind, kind)
        if kind == DONT_CARE:
            continue
        if kind not in KITTI_CLASSES:
            raise ValueError(
                f'{path}:{number}: unknown type {words[TYPE]!r:.40}; there are '
                f'{", ".join([*KITTI_CLASSES, *ALIASES])} and {DONT_CARE}'
            )
        values = _numbers([*words[:2], *words[BOX]], f'{path}:{number}')
        _require_whole(values[:2], f'{path}:{number}')
        frames.append(int(values[0]) + 1)
        ids.append(int(values[1]))
        labels.append(KITTI_CLASSES.index(kind) + 1)
        boxes.append(values[2:])
    columns = np.array(frames, np.int64), np.array(ids, np.int64)
    table = np.array(boxes, np.float64).reshape(-1, 4)
    return _trajectories(path, *columns, table, np.array(labels), space, frame_ids)


def read_labels_with_ids(
    folder: str | Path, space: CoordinateSpace, frame_ids: np.ndarray
) -> Trajectories:
    """Read ``labels_with_ids/image_02/NNNN/*.txt`` of Refer-KITTI.

    ``%06d.txt`` counts frames from 0. A row is ``class id x1 y1 width height``, the left
    top corner and the size as fractions of the image. A frame without a file has no
    object.

    Args:
        folder: Of the video.
        space: Of the video's images, with their size.
        frame_ids: (T,) frames that the video has; files of others are left out, logged.

    Returns:
        The boxes in pixels; labels are the file's class + 1.

    Raises:
        FileNotFoundError: There is no such folder.
        ValueError: A line is no such row, or an id stands twice in a frame; names file
            and line. The size of the images is not known.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(
            f'{folder}: no labels of Refer-KITTI (labels_with_ids/image_02/NNNN/*.txt)'
        )
    if space.width is None or space.height is None:
        raise ValueError(f'{folder}: its fractions need the size of the images')
    rows, frames = [], []
    for path in sorted(folder.glob('*.txt')):
        frame = path.stem
        if not (frame.isascii() and frame.isdigit()):
            raise ValueError(f'{path}: its name must be a frame number, as 000012.txt')
        for number, line in enumerate(read_text(path).splitlines(), start=1):
            words = line.split()
            if not words:
                continue
            if len(words) != 6:
                raise ValueError(
                    f'{path}:{number}: expected "class id x1 y1 width height", got '
                    f'{line[:80]!r}'
                )
            values = _numbers(words, f'{path}:{number}')
            _require_whole(values[:2], f'{path}:{number}')
            rows.append(values)
            frames.append(int(frame) + 1)
    table = np.array(rows, np.float64).reshape(-1, 6)
    size = [space.width, space.height, space.width, space.height]
    return _trajectories(
        folder,
        np.array(frames, np.int64),
        table[:, 1].astype(np.int64),
        xywh_to_xyxy(table[:, 2:] * size),
        table[:, 0].astype(np.int64) + 1,
        space,
        frame_ids,
    )


def _trajectories(
    path: str | Path,
    frames: np.ndarray,
    ids: np.ndarray,
    boxes: np.ndarray,
    labels: np.ndarray,
    space: CoordinateSpace,
    frame_ids: np.ndarray | None,
) -> Trajectories:
    """The table of what can be used; what cannot is logged with its number."""
    usable = valid_boxes(boxes) & (ids >= 0)
    if not usable.all():
        log_once(
            f'{path}: {int((~usable).sum())} rows are left out: an id below 0, or a box '
            'without width and height'
        )
    if frame_ids is not None:
        has_image = np.isin(frames, frame_ids)
        if not has_image[usable].all():
            log_once(
                f'{path}: {int((~has_image & usable).sum())} boxes are of frames that '
                'have no image; they are left out'
            )
        usable &= has_image
    try:
        return Trajectories(
            frames[usable],
            ids[usable],
            boxes[usable],
            labels=labels[usable],
            space=space,
        )
    except ValueError as error:
        raise ValueError(f'{path}: {error}') from error


def _numbers(words: list[str], place: str) -> list[float]:
    try:
        return parse_number_texts(' '.join(words))
    except ValueError as error:
        raise ValueError(f'{place}: expected numbers, got {words}') from error


def _require_whole(values: list[float], place: str) -> None:
    if not all(value.is_integer() for value in values):
        raise ValueError(f'{place}: frame, class and id must be whole, got {values}')
