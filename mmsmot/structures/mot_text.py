"""MOTChallenge text: ``frame,id,left,top,width,height,score,class,visibility``.

The format of MOT15 to MOT20 ``gt.txt``, ``det.txt`` and result files
(https://motchallenge.net): comma or blank separated, frames and ids from 1, id -1 in detections, boxes in pixels.
"""

from __future__ import annotations

import logging
import os

import numpy as np
from mmengine.logging import print_log

from ..utils.atomic import atomic_write
from ..utils.number_text import parse_number_texts
from ..utils.text_file import read_text
from .boxes import valid_boxes, xywh_to_xyxy, xyxy_to_xywh
from .columns import LAST_WHOLE
from .coordinate_space import ORIGINAL, CoordinateSpace
from .detections import Detections
from .frame import VideoInfo
from .frame_numbering import LAST_FRAME, frame_number_offset
from .trajectories import Trajectories

MIN_COLUMNS = 6
FRAME, ID, BOX, SCORE, CLASS, VISIBILITY = 0, 1, slice(2, 6), 6, 7, 8
MAX_SCORE = 1e9  # more is no score, and its sums leave the range of numbers
ROWS = 2**14  # written at once: as Python numbers they take six times the room


def read_mot_rows(path: str | os.PathLike) -> np.ndarray:
    """Read any MOTChallenge text.

    A byte-order mark, Windows line ends, blank lines, spaces around the commas and rows
    of different length (short ones are filled with -1, MOTChallenge's "not given") are
    all fine.

    Args:
        path: The file.

    Returns:
        (R, C >= 6) float64, rows in the file's order.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: A line is not a row of numbers, or the file is no text in UTF-8;
            names the file and the line.
    """
    try:
        text = read_text(path)
    except UnicodeDecodeError as error:
        raise ValueError(
            f'{path}: expected text in UTF-8, found byte 0x{error.object[error.start]:02x} '
            f'at position {error.start}. UTF-16 is converted by '
            '`iconv -f UTF-16 -t UTF-8`; MOTChallenge files are text.'
        ) from None
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip().strip(', \t'):
            continue
        try:
            row = parse_number_texts(line)
        except ValueError:
            raise ValueError(
                f'{path}:{number}: expected numbers '
                f'"frame,id,left,top,width,height,...", got {line.strip()[:80]!r}'
            ) from None
        if len(row) < MIN_COLUMNS:
            raise ValueError(
                f'{path}:{number}: expected at least {MIN_COLUMNS} columns '
                f'"frame,id,left,top,width,height", got {len(row)}: {line.strip()[:80]!r}'
            )
        rows.append(row)
    if not rows:
        return np.empty((0, MIN_COLUMNS))
    columns = max(map(len, rows))
    return np.array([row + [-1.0] * (columns - len(row)) for row in rows])


def read_trajectories(
    path: str | os.PathLike,
    space: CoordinateSpace = ORIGINAL,
    strict: bool = False,
    video: VideoInfo | None = None,
    first_frame: int | None = None,
) -> Trajectories:
    """Read a ground truth or a tracker's result.

    Frames of a file that counts from 0 are moved to count from 1, which is logged; see
    :func:`~.frame_numbering.frame_number_offset`. Repairs, each logged with its count: rows whose
    box or score is not finite, whose score is beyond 1e9, whose box has no area, or whose
    frame number (from 1), id (from 0, below 2^53) or class is not a whole number, are
    dropped; of rows with the same frame and id the first stays. A score of -1 ("not
    given") becomes 1. An eighth column with fractions is no class but MOT15's world
    coordinate: then labels and visibility are not given.

    Args:
        path: MOTChallenge text.
        space: The image its boxes are measured in.
        strict: Raise instead of repairing.
        video: The video of the file, whose frames help to infer the numbering.
        first_frame: The number of the first frame in the file, 0 or 1; ``None`` to infer
            it. Files of :func:`write_trajectories` count from 1.

    Raises:
        ValueError: A malformed line, or the numbering is ambiguous; with ``strict`` also
            any of the above.
    """
    rows = _usable(read_mot_rows(path), path, strict, video, first_frame)
    bad = ~_is_whole(rows[:, ID], 0)
    rows = _drop(
        rows, bad, 'whose id is no whole number from 0 to 2^53 - 1', path, strict
    )
    twice = _repeats(rows[:, [FRAME, ID]])
    rows = _drop(rows, twice, 'with a (frame, id) seen before', path, strict)
    extra = {}
    # MOT15 has world coordinates where later years have class and visibility.
    if rows.shape[1] > CLASS and not _has_fractions(rows[:, CLASS]):
        bad = ~_is_whole(rows[:, CLASS], -1)
        bad |= ~np.isfinite(rows[:, CLASS : VISIBILITY + 1]).all(axis=1)
        rows = _drop(rows, bad, 'without a proper class or visibility', path, strict)
        extra['labels'] = rows[:, CLASS]
        if rows.shape[1] > VISIBILITY:
            visibility = rows[:, VISIBILITY]
            extra['visibility'] = np.where(visibility == -1, 1.0, visibility)
    return Trajectories(
        frame_ids=rows[:, FRAME],
        ids=rows[:, ID],
        boxes=xywh_to_xyxy(rows[:, BOX]),
        scores=_scores(rows),
        space=space,
        **extra,
    )


def read_detections(
    path: str | os.PathLike,
    strict: bool = False,
    video: VideoInfo | None = None,
    first_frame: int | None = None,
) -> dict[int, Detections]:
    """Read a ``det.txt``: the detections of each frame that has some.

    Rows may stand in any order; inside a frame the file's order stays. Frames of a file
    that counts from 0 are moved to count from 1, which is logged; see
    :func:`~.frame_numbering.frame_number_offset`. Repairs, each logged with its count: rows whose
    box or score is not finite, whose score is beyond 1e9, whose box has no area, or whose
    frame number is no whole number from 1 on, are dropped; of rows with the same frame,
    box and score the first stays. A score of -1 ("not given") becomes 1.

    Args:
        path: MOTChallenge text.
        strict: Raise instead of repairing.
        video: The video of the file, whose frames help to infer the numbering.
        first_frame: The number of the first frame in the file, 0 or 1; ``None`` to infer
            it.

    Raises:
        ValueError: A malformed line, or the numbering is ambiguous; with ``strict`` also
            any of the above.
    """
    rows = _usable(read_mot_rows(path), path, strict, video, first_frame)
    twice = _repeats(np.delete(rows[:, : SCORE + 1], ID, axis=1))
    rows = _drop(rows, twice, 'with a (frame, box, score) seen before', path, strict)
    rows = rows[np.argsort(rows[:, FRAME], kind='stable')]
    boxes, scores = xywh_to_xyxy(rows[:, BOX]), _scores(rows)
    frame_ids, starts = np.unique(rows[:, FRAME].astype(np.int64), return_index=True)
    ends = np.append(starts, len(rows))[1:]
    return {
        int(f): Detections(boxes[a:b], scores[a:b])
        for f, a, b in zip(frame_ids, starts, ends, strict=True)
    }


def write_trajectories(trajectories: Trajectories, path: str | os.PathLike) -> None:
    """Write a MOTChallenge result file, atomically.

    Coordinates keep 3 decimals, scores 6; MOTChallenge's tools want ten columns, of
    which the last three (x, y, z) are -1.
    """
    table = np.column_stack(
        [
            trajectories.frame_ids,
            trajectories.ids,
            xyxy_to_xywh(trajectories.boxes),
            trajectories.scores,
        ]
    )
    line = '%d,%d,%.3f,%.3f,%.3f,%.3f,%.6f,-1,-1,-1'
    with atomic_write(path) as stream:
        for rows in np.split(table, range(ROWS, len(table), ROWS)):
            stream.writelines(line % tuple(row) + '\n' for row in rows.tolist())


def _usable(
    rows: np.ndarray,
    path: str | os.PathLike,
    strict: bool,
    video: VideoInfo | None,
    first_frame: int | None,
) -> np.ndarray:
    """The rows with a box, a score and a frame number, which counts from 1."""
    # Before rows are dropped: one without a box may be there to show the numbering.
    offset = frame_number_offset(
        rows[:, FRAME],
        path,
        frame_ids=None if video is None else video.frame_ids,
        images_from_zero=video is not None and video.images_from_zero,
        first_frame=first_frame,
    )
    if first_frame is not None:
        rows = rows + offset * np.eye(rows.shape[1])[FRAME]
    elif offset:
        rows = _from_one(rows, path, strict, video)
    bad = ~(
        valid_boxes(xywh_to_xyxy(rows[:, BOX]))
        # NaN compares false.
        & (np.abs(rows[:, SCORE : SCORE + 1]) <= MAX_SCORE).all(axis=1)
    )
    rows = _drop(rows, bad, 'without a proper box or score', path, strict)
    _require_pixels(rows[:, BOX], path)
    bad = ~_is_whole(rows[:, FRAME], 1, LAST_FRAME)
    reason = 'whose frame number is no whole number from 1 on'
    return _drop(rows, bad, reason, path, strict)


def _require_pixels(boxes: np.ndarray, path: str | os.PathLike) -> None:
    # YOLO's text has fractions of the image, whose boxes all lie in one pixel.
    if len(boxes) and (boxes[:, 2:] < 1).all() and (np.abs(boxes[:, :2]) <= 1).all():
        raise ValueError(
            f'{path}: every box lies inside the first pixel, first: {boxes[0].tolist()}. '
            'Boxes are left, top, width, height in pixels; fractions of the image are '
            'multiplied by its width and height first.'
        )


def _from_one(
    rows: np.ndarray, path: str | os.PathLike, strict: bool, video: VideoInfo | None
) -> np.ndarray:
    message = f'{path}: the rows count frames from 0; frame number = row number + 1'
    if strict:
        raise ValueError(message)
    as_images = video is not None and video.images_from_zero
    level = logging.INFO if as_images else logging.WARNING
    print_log(message, logger='current', level=level)
    return rows + np.eye(rows.shape[1])[FRAME]


def _is_whole(
    column: np.ndarray, minimum: int, maximum: int = LAST_WHOLE
) -> np.ndarray:
    return (column >= minimum) & (column <= maximum) & (np.floor(column) == column)


def _has_fractions(column: np.ndarray) -> bool:
    finite = column[np.isfinite(column)]
    return bool((np.floor(finite) != finite).any())


def _scores(rows: np.ndarray) -> np.ndarray:
    """(R,) scores, 1 where none is given."""
    if rows.shape[1] <= SCORE:
        return np.ones(len(rows))
    return np.where(rows[:, SCORE] == -1, 1.0, rows[:, SCORE])


def _repeats(rows: np.ndarray) -> np.ndarray:
    """(R,) mask of the rows that equal an earlier row."""
    _, first = np.unique(rows, axis=0, return_index=True)
    mask = np.ones(len(rows), bool)
    mask[first] = False
    return mask


def _drop(
    rows: np.ndarray,
    bad: np.ndarray,
    reason: str,
    path: str | os.PathLike,
    strict: bool,
) -> np.ndarray:
    if not bad.any():
        return rows
    first = rows[np.flatnonzero(bad)[0], :MIN_COLUMNS].tolist()
    message = f'{path}: {int(bad.sum())} of {len(rows)} rows {reason}, first: {first}'
    if strict:
        raise ValueError(message)
    print_log(f'{message}; dropped', logger='current', level=logging.WARNING)
    return rows[~bad]
